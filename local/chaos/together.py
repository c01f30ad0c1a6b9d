"""Several things at the same time, in threads that do not outlive an interrupted program."""

import threading
from collections.abc import Callable, Sequence


def together[Thing](works: Sequence[Callable[[], Thing]]) -> list[Thing]:
    """Do all of them at once; return what they return, in their order, or raise what the first that failed raised.

    The threads are daemons, as those of an executor are not: after Ctrl-C nobody waits for them.
    """
    returned: dict[int, Thing] = {}
    raised: list[BaseException] = []

    def work(number: int) -> None:
        try:
            returned[number] = works[number]()
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits
            raised.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return [returned[number] for number in range(len(works))]
