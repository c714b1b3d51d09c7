"""The IDs of Slack, of Quick BI and of our own, each a type, so that no two can be swapped."""

from typing import NewType

MailId = NewType("MailId", str)
TaskId = NewType("TaskId", int)
TeamId = NewType("TeamId", str)
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
IncidentId = NewType("IncidentId", str)
PostId = NewType("PostId", str)

MAX_MAIL_ID_LENGTH = 128
MAX_TASK_ID = 2**63 - 1
