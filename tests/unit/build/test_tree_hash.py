"""The hash that shows whether two builds are the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.tree_hash import tree_hash


def a_tree(root: Path) -> Path:
    (root / "package").mkdir(parents=True)
    (root / "package" / "module.py").write_text("answer = 42\n")
    (root / "package" / "module.py").chmod(0o644)
    return root


def test_same_names_modes_and_contents_give_the_same_hash(tmp_path: Path) -> None:
    assert tree_hash(a_tree(tmp_path / "one")) == tree_hash(a_tree(tmp_path / "two"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / "package" / "module.py").write_text("answer = 43\n"), id="content"),
        pytest.param(lambda root: (root / "package" / "module.py").rename(root / "module.py"), id="name"),
        pytest.param(lambda root: (root / "package" / "module.py").chmod(0o755), id="mode"),
        pytest.param(lambda root: (root / "package" / "empty").mkdir(), id="empty folder"),
        pytest.param(lambda root: (root / "link").symlink_to("package"), id="link"),
    ],
)
def test_any_difference_gives_another_hash(tmp_path: Path, change: Callable[[Path], object]) -> None:
    changed = a_tree(tmp_path / "changed")
    change(changed)
    assert tree_hash(changed) != tree_hash(a_tree(tmp_path / "original"))


def test_a_build_that_made_nothing_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        tree_hash(tmp_path / "absent")
