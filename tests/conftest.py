"""What every test may use, and the order in which they are run."""

from __future__ import annotations

import os
from itertools import chain, cycle, groupby

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
    return max(cores, min(3 * cores, 8))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Half of the workers begin with tests that mostly wait, the others with the browser's, which compute.

    The rest are dealt one by one: xdist gives each worker an equal part of the order, one after the other.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    waiting = [item for item in items if item.get_closest_marker("waits")]
    browsing = [item for item in items if item.nodeid.startswith("tests/e2e/") and item not in waiting]
    for item, share in zip(waiting, cycle(shares[::2]), strict=False):
        share.append(item)
    files = groupby(browsing, lambda item: item.path)  # the tests of a file share a bot
    for (_, together), share in zip(files, cycle(shares[1::2] or shares), strict=False):
        share.extend(together)
    begun = {*waiting, *browsing}
    for item in items:
        if item not in begun:
            min(shares, key=len).append(item)
    shares.sort(key=len)
    items[:] = chain.from_iterable(shares)


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Are the kept messages to be written anew?"""
    return bool(request.config.getoption("--rewrite-messages"))
