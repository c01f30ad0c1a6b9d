"""Several campaigns at the same time, each on a world of its own: waiting is most of the time that one takes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from local.chaos.campaign import Campaign, run
from local.chaos.checker import check
from local.chaos.history import History
from local.chaos.report import Result
from local.chaos.together import together
from local.chaos.worlds import own_worlds
from local.world.progress import Progress


def run_all(campaigns: Sequence[Campaign], state: Path, progress: Progress) -> list[Result]:
    """Run campaigns of different contracts, in worlds below folder `state`, and check what came of each.

    Raises WorldError when a world can't be brought up.
    """

    def one(campaign: Campaign) -> History:
        contract = campaign.contract
        return run(campaign, stacks[contract], state / contract, lambda text: progress.step(f"{contract}: {text}"))

    with own_worlds(state, [campaign.contract for campaign in campaigns], progress) as stacks:
        histories = together([partial(one, campaign) for campaign in campaigns])
        progress.done("all witnesses were heard")
    return [Result(history, check(history)) for history in histories]
