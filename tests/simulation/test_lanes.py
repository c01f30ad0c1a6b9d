"""Lanes and callers in virtual time: sharing the rate keeps its promises, and each removed rule is noticed."""

from collections.abc import Callable

import pytest

from tests.simulation.lanes import RULES, SCENES


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_what_sharing_promises_holds(scene: Callable[[], bool]) -> None:
    assert scene()


@pytest.mark.parametrize("rule", RULES)
def test_each_removed_rule_of_sharing_is_noticed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = RULES[rule]
    gone.edit.apply(monkeypatch)

    assert not gone.scene()
