"""`down`: stops a world."""

from pathlib import Path

from local.world.processes import stop
from local.world.state import WorldFolder


def down(state: Path) -> int:
    """Stop exactly the processes of the world in folder `state`; return how many it had. Its logs stay.

    Does nothing where there is no world.
    """
    folder = WorldFolder(state)
    if not folder.path.is_dir():
        return 0
    with folder.locked():
        processes = folder.processes()
        stop(processes, world=folder.path)
        folder.clear()
        return len(processes)
