"""Reads the files that the bot is run with, for the tests that compare them with the bot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / ".deploy"
BUILD_STAGE, FINAL_STAGE = 1, 2
_METRIC = re.compile(r"\b(?:mailbot|process)_\w+")
_SUFFIXES = re.compile(r"_(?:bucket|sum|count)$")


def tool(name: str, package: str) -> str:
    """Its path. Where it is missing a laptop skips the test, and CI fails it."""
    if path := shutil.which(name):
        return path
    reason = f"{name} is not installed (Debian's package {package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def queries() -> list[str]:
    """Every query of the dashboard."""
    panels = json.loads((DEPLOY / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def metrics_used() -> set[str]:
    """By an alert or on the dashboard."""
    expressions = [*queries(), *(rule["expr"] for rule in alerts())]
    return {_SUFFIXES.sub("", name) for expression in expressions for name in _METRIC.findall(expression)}


def metrics_served(shown: str) -> set[str]:
    """By a page of `/metrics`, which describes also what has no sample yet."""
    return set(re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE))


def instructions(stage: int) -> list[tuple[str, str]]:
    """Of one stage of the Containerfile: each instruction and what follows it."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")
    lines = re.split(r"^FROM .*$", text, flags=re.MULTILINE)[stage].splitlines()
    parts = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in parts]


def install_as_in_the_container(folder: Path) -> Path:
    """Take the steps of the Containerfile's first stage in this folder, as an engine would. Returns the environment.

    The dependencies are left out: the tests' own are used.
    """
    source, environment, programs = folder / "src", folder / "mailbot", folder / "programs"
    places = {"/wheel": str(folder / "wheel"), "/opt/mailbot": str(environment)}
    source.mkdir()
    programs.mkdir()
    for name, command in {"pip": f"{sys.executable} -m pip", "python": sys.executable}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    own_packages = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    variables = os.environ | own_packages | {"PATH": f"{programs}:{os.environ['PATH']}"}
    for word, rest in instructions(BUILD_STAGE):
        if word == "COPY":
            *origins, place = rest.split()
            _sh(f"cp -r {' '.join(origins)} {source / place}", folder=DEPLOY.parent, variables=variables)
        elif word == "RUN":
            command = re.sub("|".join(places), lambda found: places[found[0]], rest)
            _sh(command, folder=source, variables=variables)
    return environment


def _sh(command: str, *, folder: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 (the Containerfile's own words)
        ["/bin/sh", "-ec", command], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
