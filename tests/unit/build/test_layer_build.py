"""The layer's build: the same bytes every time, by uv or pip, and nothing but what runs in Lambda."""

import os
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tools.tree_hash import tree_hash

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.registry


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("source") / "core"
    shutil.copytree(ROOT / "layers/core", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def build(source: Path, folder: Path, **variables: str) -> Path:
    """Build the layer the way SAM does: in a scratch copy of its folder, into a folder of SAM's choice."""
    shutil.copytree(source, folder / "scratch")
    artifacts = folder / "layer with a space"
    subprocess.run(
        ["make", "--silent", "build-CoreLayer"],
        cwd=folder / "scratch",
        env={**os.environ, "ARTIFACTS_DIR": str(artifacts), **variables},
        check=True,
    )
    return artifacts


@pytest.fixture(scope="module")
def layer(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, tmp_path_factory.mktemp("layer"))


def test_two_builds_are_the_same(source: Path, layer: Path, tmp_path: Path) -> None:
    assert tree_hash(build(source, tmp_path)) == tree_hash(layer)


def test_pip_builds_what_uv_builds(source: Path, layer: Path, tmp_path: Path) -> None:
    pip = [shutil.which("python3", path="/usr/bin") or "python3", "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("the machine's own Python has no pip to compare with")
    assert tree_hash(build(source, tmp_path, UV="", PIP=shlex.join(pip))) == tree_hash(layer)


def test_the_layer_carries_the_package_as_it_stands(source: Path, layer: Path) -> None:
    def files(root: Path) -> dict[str, bytes]:
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    assert files(layer / "python/actionrelay") == files(source / "src/actionrelay")


def test_the_layer_carries_nothing_else(layer: Path) -> None:
    unwanted = {
        "boto3",
        "botocore",
        "bin",
        "tests",
        "__pycache__",
        "RECORD",
        "INSTALLER",
        "REQUESTED",
        ".lock",
    }
    assert [path for path in layer.rglob("*") if path.name in unwanted or path.suffix == ".pyc"] == []


def test_every_extension_module_is_for_the_template_s_architecture(layer: Path) -> None:
    extensions = [path.name for path in layer.rglob("*.so")]
    assert extensions
    assert [name for name in extensions if not name.endswith(".cpython-313-x86_64-linux-gnu.so")] == []


def test_the_layer_stays_small(layer: Path, tmp_path: Path) -> None:
    # A cold start fetches and unpacks it; 20 MB unpacked is the budget, of the 250 MB that Lambda takes.
    archive = tmp_path / "layer.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in layer.rglob("*"):
            zipped.write(path, path.relative_to(layer))
    assert sum(path.stat().st_size for path in layer.rglob("*")) < 20_000_000
    assert archive.stat().st_size < 6_000_000
