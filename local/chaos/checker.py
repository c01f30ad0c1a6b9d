"""The checker: joins what the witnesses report and names every broken promise. Pure, and apart from the relay.

From the package it takes what is public about the audit trail, the hash and the table of steps, and no behaviour.
"""

from local.chaos import answers, outcomes, repeats, tallies, trails
from local.chaos.cases import Rule, Violation, cases
from local.chaos.flows import check_flows
from local.chaos.history import History

RULES: tuple[Rule, ...] = (
    outcomes.ends,
    repeats.runs_once,
    repeats.nothing_is_risked,
    outcomes.failure_is_true,
    outcomes.success_is_true,
    outcomes.unknown_is_true,
    outcomes.nothing_is_guessed,
    answers.no_outcome_is_overwritten,
    trails.trail_is_whole,
    trails.chain_verifies,
    trails.steps_are_legal,
    trails.trail_is_the_state,
    repeats.attempts_add_up,
    answers.one_content_per_id,
    answers.nothing_valid_is_refused,
    answers.delivery_is_true,
)


def check(history: History) -> tuple[Violation, ...]:
    """Return every violation, those of one execution together."""
    return (
        *(violation for case in cases(history) for rule in RULES for violation in rule(case)),
        *check_flows(history),
        *tallies.counters_are_right(history),
    )
