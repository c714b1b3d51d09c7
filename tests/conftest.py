"""What every test may use, and the order in which they are run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes tells who else is using the machine, not what the code is like.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For `tests/contract/test_fuzz.py` alone, which takes over an hour with it.
settings.register_profile("nightly", settings.get_profile("unhurried"), max_examples=90_000)
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-messages",
        action="store_true",
        help="keep the messages as they are now as the expected ones",
    )


def pytest_xdist_auto_num_workers() -> int:
    """Most of the tests wait for a bot, a browser or a database more than they compute."""
    cores = os.cpu_count() or 1
    return max(cores, min(2 * cores, 8))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that mostly wait come first, all on one worker, while the others compute."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Are the kept messages to be written anew?"""
    return bool(request.config.getoption("--rewrite-messages"))
