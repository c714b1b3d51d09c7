"""The looks in which every screen is looked at: light, dark, and on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.browser import DESKTOP, PHONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.browser import SandboxPage


@dataclass(frozen=True, kw_only=True)
class Look:
    """`contrast`, `others`: which of axe-core's rules can find here what they did not find in the first look."""

    name: str
    size: tuple[int, int]
    dark: bool
    contrast: bool = True
    others: bool = True


LIGHT = Look(name="light", size=DESKTOP, dark=False)
LOOKS = [
    LIGHT,
    Look(name="dark", size=DESKTOP, dark=True, others=False),
    Look(name="phone", size=PHONE, dark=False, contrast=False),
]


async def in_every_look(page: SandboxPage) -> AsyncIterator[Look]:
    """The same tab light, dark and on a phone: cheaper than playing its story three times."""
    for look in LOOKS:
        await page.look(look.size, dark=look.dark)
        yield look
    await page.look(LIGHT.size, dark=LIGHT.dark)


async def looked_at_in_every_look(page: SandboxPage, name: str) -> None:
    """The same screen light, dark and on a phone."""
    async for look in in_every_look(page):
        await looked_at(page, name, look)


async def looked_at(page: SandboxPage, name: str, look: Look = LIGHT) -> None:
    """A picture is kept, nothing sticks out of the screen, and axe-core finds nothing."""
    await pictured(page, name, look)
    violations = await page.violations(contrast=look.contrast, others=look.others)
    assert not violations, "\n".join(violations)


async def pictured_in_every_look(page: SandboxPage, name: str) -> None:
    """The bot's own words: drawn as those that axe-core judges in every look, so one look is judged here."""
    async for look in in_every_look(page):
        await pictured(page, name, look)
    violations = await page.violations(sides=False)
    assert not violations, "\n".join(violations)


async def pictured(page: SandboxPage, name: str, look: Look) -> None:
    """A picture is kept, and nothing sticks out of the screen."""
    await page.shot(f"{name}-{look.name}")
    width = await page.page.evaluate("document.documentElement.scrollWidth")
    assert width <= look.size[0], f"{width} pixels wide"
