"""Which mail to ask about next, and when: the one call a second goes where the news is. Pure."""

from bot.monitoring.schedule.scheduler import Schedule
from bot.monitoring.schedule.values import Ask, Due, LateRun, MailMemory, Sleep

__all__ = ["Ask", "Due", "LateRun", "MailMemory", "Schedule", "Sleep"]
