"""A build is reused only if none of its inputs has changed."""

from pathlib import Path

import pytest

from local.world.build import UV, fingerprint, for_this_host


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("template.yaml", "samconfig.toml", "functions/query/app.py", "layers/core/src/actionrelay/models.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("original")
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    [
        "template.yaml",
        "samconfig.toml",
        "functions/query/app.py",
        "functions/query/new.py",
        "layers/core/requirements.txt",
        "layers/core/src/actionrelay/models.py",
    ],
)
def test_a_changed_or_new_source_makes_another_build(repository: Path, changed: str) -> None:
    before = fingerprint(repository)
    (repository / changed).write_text("changed")
    assert fingerprint(repository) != before


def test_a_removed_source_makes_another_build(repository: Path) -> None:
    before = fingerprint(repository)
    (repository / "functions/query/app.py").unlink()
    assert fingerprint(repository) != before


def test_a_source_that_moves_makes_another_build(repository: Path) -> None:
    before = fingerprint(repository)
    (repository / "functions/query/app.py").rename(repository / "functions/query/main.py")
    assert fingerprint(repository) != before


@pytest.mark.parametrize("ignored", ["functions/query/__pycache__/app.pyc", "tests/test_it.py", "README.md"])
def test_what_is_not_built_does_not_matter(repository: Path, ignored: str) -> None:
    before = fingerprint(repository)
    (repository / ignored).parent.mkdir(parents=True, exist_ok=True)
    (repository / ignored).write_text("new")
    assert fingerprint(repository) == before


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_runs_the_layer_that_lambda_gets(machine: str) -> None:
    assert for_this_host("Linux", machine) == {}


@pytest.mark.parametrize(("machine", "named"), [("arm64", "aarch64-apple-darwin"), ("x86_64", "x86_64-apple-darwin")])
def test_macos_has_its_own_extensions_added(machine: str, named: str) -> None:
    assert for_this_host("Darwin", machine) == {"HOST_PLATFORM": named, "UV": str(UV)}
