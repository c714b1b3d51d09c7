"""The page for developers: every walk names functions that exist, and no file twice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"
WALKS = [
    re.findall(r"^\d+\. `([^:`]+):(\w+)`", walk, re.MULTILINE)
    for walk in (BOT / "README.md").read_text(encoding="utf-8").split("<!-- walk -->")[1:]
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk[3][0])
def test_a_walk_names_what_is_there(walk: list[tuple[str, str]]) -> None:
    for file, function in walk:
        tree = ast.parse((BOT / file).read_text(encoding="utf-8"))
        named = {
            one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert function in named, file
    files = [file for file, _ in walk]
    assert len(files) >= 10
    assert len(set(files)) == len(files)
