"""The looks in which every screen is looked at: light, dark, and on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browser import DESKTOP, PHONE

if TYPE_CHECKING:
    from tests.e2e.browser import SandboxPage


@dataclass(frozen=True, kw_only=True)
class Look:
    name: str
    size: tuple[int, int]
    dark: bool


LIGHT = Look(name="light", size=DESKTOP, dark=False)
LOOKS = [
    LIGHT,
    Look(name="dark", size=DESKTOP, dark=True),
    Look(name="phone", size=PHONE, dark=False),
]
every_look = pytest.mark.parametrize("look", [pytest.param(look, id=look.name) for look in LOOKS])


async def looked_at_in_every_look(page: SandboxPage, name: str) -> None:
    """The same screen light, dark and on a phone: cheaper than playing its story three times."""
    for look in LOOKS:
        await page.look(look.size, dark=look.dark)
        await looked_at(page, name, look)
    await page.look(LIGHT.size, dark=LIGHT.dark)


async def looked_at(page: SandboxPage, name: str, look: Look = LIGHT) -> None:
    """A picture is kept, nothing sticks out of the screen, and axe-core finds nothing."""
    await page.shot(f"{name}-{look.name}")
    violations = await page.violations()
    assert not violations, "\n".join(violations)
    width = await page.page.evaluate("document.documentElement.scrollWidth")
    assert width <= look.size[0], f"{width} pixels wide"
