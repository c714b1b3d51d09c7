"""What every test may use."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes tells who else is using the machine, not what the code is like.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-messages",
        action="store_true",
        help="keep the messages as they are now as the expected ones",
    )


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Are the kept messages to be written anew?"""
    return bool(request.config.getoption("--rewrite-messages"))
