"""Decides which mail to ask about next, and when. No input or output: callers pass in the time and the answers."""

from bot.monitoring.schedule.lateness import LateRun
from bot.monitoring.schedule.memory import MailMemory
from bot.monitoring.schedule.scheduler import Ask, Schedule, Sleep

__all__ = ["Ask", "LateRun", "MailMemory", "Schedule", "Sleep"]
