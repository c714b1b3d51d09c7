"""What people read when somebody looks after what is failing, takes it over or gives it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from bot.domain import Incident, UserId
from bot.domain.responders import Response, ResponseOutcome
from bot.slack.kit.blocks import Message, message
from bot.slack.views.incident_text import responder_words

_YOURS = "If you look after it now, choose *{}* from the ⋮ menu."


def responded(response: Response, by: UserId, title: str, *, before: Iterable[UserId]) -> Message:
    """For the thread. `title` is marked up; `before` were on it until now."""
    match response:
        case Response.GIVE_BACK:
            return message(f"↩️ <@{by}> gave {title} back: nobody is on it now")
        case Response.TAKE_OVER if others := [f"<@{each}>" for each in dict.fromkeys(before)]:
            return message(f"🙋 <@{by}> took {title} over from {' and '.join(others)}")
        case _:
            return message(f"🙋 <@{by}> is looking after {title}")


def unchanged(
    response: Response, outcome: ResponseOutcome, incident: Incident | None, title: str, *, zone: tzinfo
) -> Message:
    """For who clicked. `incident` is as it is, None where the answer is about several."""
    match outcome:
        case ResponseOutcome.TAKEN:
            only = "Nobody else can give it back. " if response is Response.GIVE_BACK else ""
            if incident is None:
                return message(f"🙋 Others are already on {title}\n{only}{_YOURS.format('Take over all')}")
            return message(f"{responder_words(incident, zone)}\n{only}{_YOURS.format('Take over')}")
        case ResponseOutcome.ALREADY if response is Response.GIVE_BACK:
            return message(f"Nobody is on {title}, so there was nothing to give back.")
        case ResponseOutcome.ALREADY:
            return message(f"🙋 You are already on {title}.")
        case _:
            return message(f"✅ {title} recovered in the meantime, so there is nothing left to look after.")
