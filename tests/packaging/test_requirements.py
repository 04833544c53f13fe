"""The requirements files, the constraints, the recipe of the container and what CI runs say the same."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.packaging.conftest import REPOSITORY

packaging = pytest.importorskip("packaging", reason="packaging is not installed: requirements-dev.txt")
from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402

FILES = (
    "requirements.txt",
    "requirements/dev.txt",
    "requirements/cluster.txt",
    "requirements/hub.txt",
    "requirements/rivals.txt",
    "requirements-torch.txt",
)
PYTHONS = ("3.11", "3.12", "3.13")
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def requirements(file: str, folder: Path = REPOSITORY) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (folder / file).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def brought_in(wanted: list[Requirement]) -> dict[str, list[Requirement]]:
    """Give all that these requirements bring in on any of the Pythons, with who asks for it, as installed here."""
    found: dict[str, list[Requirement]] = {}
    while wanted:
        one = wanted.pop()
        seen = found.setdefault(canonicalize_name(one.name), [])
        seen.append(one)
        if len(seen) == 1:
            wanted += needs_of(one)
    return found


def needs_of(one: Requirement) -> Iterator[Requirement]:
    for text in metadata.requires(one.name) or []:
        need = Requirement(text)
        settings = [{"python_version": version, "extra": extra} for version in PYTHONS for extra in ("", *one.extras)]
        if need.marker is None or any(need.marker.evaluate(setting) for setting in settings):
            yield need


def run_lines(word: str) -> list[str]:
    """Give what follows a word of the Dockerfile."""
    return re.findall(rf"^\s*{word} +(.+)$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_has_an_upper_bound(file):
    found = requirements(file)
    assert found
    for one in found:
        assert {"<", "<=", "=="} & {bound.operator for bound in one.specifier}, str(one)


def test_constraints_hold_every_package_that_the_requirements_bring_in_within_their_bounds():
    pinned = {canonicalize_name(one.name): next(iter(one.specifier)) for one in requirements("constraints.txt")}
    assert {bound.operator for bound in pinned.values()} == {"=="}
    wanted = brought_in(requirements("requirements.txt") + requirements("requirements/dev.txt"))
    assert len(wanted) > 80
    assert sorted(set(wanted) - set(pinned)) == []
    for name, asked in wanted.items():
        for one in asked:
            assert one.specifier.contains(pinned[name].version, prereleases=True), f"{one}, but {pinned[name]}"
    assert not {"torch", "tensorflow-cpu"} & set(pinned)


def test_what_is_asked_for_twice_is_asked_for_alike():
    for name, file in {
        "requirements-dev.txt": "requirements/dev.txt",
        "requirements-cluster.txt": "requirements/cluster.txt",
        "requirements-hub.txt": "requirements/hub.txt",
    }.items():
        assert (REPOSITORY / name).read_text(encoding="utf-8") == f"-r requirements.txt\n-r {file}\n"
    dev = {one.name: str(one) for one in requirements("requirements/dev.txt")}
    cluster = {one.name: str(one) for one in requirements("requirements/cluster.txt")}
    assert dev["distributed"] == cluster["distributed"]


def test_ci_runs_what_the_readme_says_with_the_constraints_on_the_pythons_of_the_metadata():
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert "pip install -r requirements-dev.txt && pytest\n" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert "\npytest\n" in script
    assert "-c constraints.txt" in script
    for path in re.findall(r"tests/[\w/.]+", script):
        assert (REPOSITORY / path).exists(), path
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    workflow = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert f"python: {json.dumps(PYTHONS)}" in workflow
    assert "run: .ci/run ${{ matrix.python }}" in workflow


def test_all_that_the_container_copies_is_there_and_not_ignored():
    allowed = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    sources = [word for line in run_lines("COPY") if "--from" not in line for word in shlex.split(line)[:-1]]
    assert {"constraints.txt", "assets/", "requirements/"} <= set(sources)
    for source in sources:
        assert (REPOSITORY / source).exists(), source
        assert source.rstrip("/") in allowed
    assert sorted(allowed) == sorted({source.rstrip("/") for source in sources})


@pytest.mark.parametrize("file", ["requirements.txt", "constraints.txt"])
def test_the_container_swaps_two_packages_for_their_small_builds(file, tmp_path):
    (command,) = [line for line in run_lines("RUN") if line.startswith("sed ")]
    (tmp_path / "wheel").mkdir()
    for name in ("requirements.txt", "constraints.txt"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    subprocess.run(command.replace("/wheel/", "wheel/"), shell=True, cwd=tmp_path, check=True)
    before, after = ({str(one) for one in requirements(file, at)} for at in (REPOSITORY, tmp_path / "wheel"))
    assert {Requirement(one).name for one in before - after} == {"tensorflow", "opencv-python"}
    assert {Requirement(one).name for one in after - before} == {"tensorflow-cpu", "opencv-python-headless"}
    assert len(after) == len(before)
    versions = {
        Requirement(one).name.removesuffix("-cpu").removesuffix("-headless"): Requirement(one).specifier
        for one in after
    }
    for one in before:
        assert versions[Requirement(one).name] == Requirement(one).specifier


def test_the_container_runs_as_a_user_of_its_own_on_a_python_that_ci_proved():
    images = [line.split()[0] for line in run_lines("FROM")]
    assert len(images) == 2 and set(images) == {"python:3.11-slim"}
    last = DOCKERFILE[DOCKERFILE.rindex("FROM") :]
    assert last.index("USER reader") < last.index("CMD [")
    assert run_lines("VOLUME") == ["/library"]
