"""The sandbox's page: a channel to type into, and Quick BI's side beside it. Speaks to the simulations only."""

from bot.sandbox.page.server import PageServer
from bot.sandbox.page.stage import Bot, BotState

__all__ = ["Bot", "BotState", "PageServer"]
