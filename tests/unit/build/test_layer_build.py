"""The layer's build: the same bytes every time, by uv or pip, and only what runs in Lambda."""

import importlib.util
import marshal
import os
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

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
        stderr=subprocess.PIPE,
        text=True,
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


def test_the_layer_carries_the_package_as_it_is(source: Path, layer: Path) -> None:
    def files(root: Path) -> dict[str, bytes]:
        paths = (path for path in root.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}

    assert files(layer / "python/actionrelay") == files(source / "src/actionrelay")


def test_the_layer_carries_nothing_else(layer: Path) -> None:
    unwanted = {
        "boto3",
        "botocore",
        "bin",
        "tests",
        "RECORD",
        "INSTALLER",
        "REQUESTED",
        ".lock",
    }
    assert [path for path in layer.rglob("*") if path.name in unwanted] == []


def test_every_module_has_its_bytecode_and_no_other(layer: Path) -> None:
    sources = set(layer.rglob("*.py"))
    assert sources
    expected = {path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc" for path in sources}
    assert {path for path in layer.rglob("*") if "__pycache__" in path.parent.name} == expected


def test_bytecode_is_loaded_without_a_look_at_the_source(layer: Path) -> None:
    # PEP 552: the magic number, the flags (1: by hash, and 2 would be: checked), the hash of the source.
    for source, bytecode in _modules(layer):
        assert bytecode[:8] == importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little"), source
        assert bytecode[8:16] == importlib.util.source_hash(source.read_bytes()), source


def test_bytecode_names_files_as_lambda_mounts_them(layer: Path) -> None:
    for source, bytecode in _modules(layer):
        code = marshal.loads(bytecode[16:])  # noqa: S302 - written by the build that is tested
        assert isinstance(code, CodeType)
        assert code.co_filename == f"/opt/python/{source.relative_to(layer / 'python')}"


def test_a_layer_without_lambda_s_python_fails(source: Path, tmp_path: Path) -> None:
    """Whatever other Python a machine has, none but the series writes bytecode."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("make", "sh", "cp", "mkdir", "rm", "find", "env"):
        (tools / name).symlink_to(shutil.which(name) or name)
    for name in ("python3", "python3.13"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    uv = tools / "uv"
    uv.write_text('#!/bin/sh\n[ "$1" = pip ]\n')
    uv.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        build(source, tmp_path, PATH=str(tools), UV=str(uv), PYENV_ROOT=str(tmp_path))
    assert "No Python 3.13 on this machine" in refused.value.stderr


def _modules(layer: Path) -> Iterator[tuple[Path, bytes]]:
    for source in layer.rglob("*.py"):
        yield source, (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").read_bytes()


def _extensions(layer: Path) -> dict[str, set[str]]:
    """The extension modules, each with what it is built for."""
    found: dict[str, set[str]] = {}
    for path in layer.rglob("*.so"):
        name, _, built_for = path.name.removesuffix(".so").partition(".cpython-313-")
        found.setdefault(name, set()).add(built_for)
    return found


def test_every_extension_is_there_for_both_architectures(layer: Path) -> None:
    extensions = _extensions(layer)
    assert extensions
    for name, built_for in extensions.items():
        assert built_for == {"x86_64-linux-gnu", "aarch64-linux-gnu"}, name


def test_extensions_are_what_their_names_say(layer: Path) -> None:
    machines = {"x86_64": 62, "aarch64": 183}  # e_machine, bytes 18 and 19 of the ELF header
    for path in layer.rglob("*.so"):
        [expected] = [machine for name, machine in machines.items() if name in path.name]
        assert int.from_bytes(path.read_bytes()[18:20], "little") == expected, path.name


@pytest.mark.parametrize("platform", ["aarch64-apple-darwin", "x86_64-apple-darwin"])
def test_a_host_of_another_system_adds_its_extensions(source: Path, layer: Path, tmp_path: Path, platform: str) -> None:
    """Built here, and not run: this is no machine of that kind."""
    built = build(source, tmp_path, HOST_PLATFORM=platform, UV=str(ROOT / ".tools/uv/bin/uv"))
    for name, built_for in _extensions(built).items():
        assert built_for == {"x86_64-linux-gnu", "aarch64-linux-gnu", "darwin"}, name
    added = {path.relative_to(built) for path in built.rglob("*")} - {
        path.relative_to(layer) for path in layer.rglob("*")
    }
    assert {path.suffix for path in added} == {".so"}


def _paths(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_the_layer_stays_small(layer: Path, tmp_path: Path) -> None:
    # A cold start fetches and unpacks it; 56 MB unpacked is the budget, of the 250 MB that Lambda takes.
    # Half of it is the extensions of the other architecture, and jsonschema-rs is 13 MB in each.
    archive = tmp_path / "layer.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in layer.rglob("*"):
            zipped.write(path, path.relative_to(layer))
    assert sum(path.stat().st_size for path in layer.rglob("*")) < 56_000_000
    assert archive.stat().st_size < 23_000_000
