"""The package's layout: few entries, small modules, and each unit test file named after the module it tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOT = ROOT / "bot"
MOST_ENTRIES = 10
MOST_LINES = 300
# Data, not logic: columns, and the statements of a migration.
LONG_DATA = {Path("store/tables.py")}
_PACKAGE_FILES = {"__init__.py", "__main__.py"}


def modules() -> list[Path]:
    return sorted(path.relative_to(BOT) for path in BOT.rglob("*.py"))


def test_the_package_has_few_entries() -> None:
    entries = {
        path.name
        for path in BOT.iterdir()
        if path.name != "__pycache__" and path.suffix in {"", ".py"} and path.name not in _PACKAGE_FILES
    }
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


def test_no_module_is_long() -> None:
    long = {
        str(path): lines
        for path in modules()
        if path not in LONG_DATA
        and "migrations" not in path.parts
        and (lines := len((BOT / path).read_text().splitlines())) > MOST_LINES
    }
    assert not long


def test_each_unit_test_file_is_named_after_a_module() -> None:
    known = {path.stem for path in modules()} | {"layout"}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/unit").glob("test_*.py")}
    strange = {
        name for name in tests if not any(name == stem or name.startswith(f"{stem}_") for stem in known)
    }
    assert not strange


def test_no_extra_is_needed_to_start() -> None:
    """The README's first command installs none of them."""
    without = "import sys; sys.modules |= {'psycopg': None, 'alibabacloud_credentials': None}"
    started = "import bot.__main__, bot.app.run, bot.app.check, bot.sandbox.run"
    subprocess.run([sys.executable, "-c", f"{without}; {started}"], cwd=ROOT, check=True)  # noqa: S603
