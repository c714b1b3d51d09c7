"""What every test may use."""

from __future__ import annotations

import pytest


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
