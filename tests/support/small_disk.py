"""A disk of its own, small enough to be filled."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SIZE = 2 * 1024 * 1024


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, of two megabytes."""
    mounted = shutil.which("mount") and os.geteuid() == 0
    reason = "only root can mount a small disk to fill"
    if not mounted and os.environ.get("CI"):
        pytest.fail(reason)
    if not mounted:
        pytest.skip(reason)
    folder.mkdir()
    options = f"size={_SIZE},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "mailbot-test", folder], check=True)  # noqa: S603, S607
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # noqa: S603, S607


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return ballast
