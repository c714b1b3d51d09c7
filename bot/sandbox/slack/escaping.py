"""What Slack makes of the words that people type: mentions with IDs, and three characters as entities."""

import re

from bot.sandbox.slack.workspace import USER_GROUPS, Workspace

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_WHOLE_CHANNELS = ("here", "channel", "everyone")


def escaped(text: str, workspace: Workspace, *, with_labels: bool) -> str:
    """`with_labels`: `<@U012|ada>`, as in commands; without: `<@U012>`, as in messages."""
    mentions = _mentions(workspace, with_labels=with_labels)
    words = "|".join(re.escape(each) for each in sorted(mentions, key=len, reverse=True))
    parts = re.split(rf"(?<!\w)({words})(?!\w)", text, flags=re.IGNORECASE)
    return "".join(
        mentions[part.casefold()] if number % 2 else re.sub("[&<>]", lambda found: _ENTITIES[found[0]], part)
        for number, part in enumerate(parts)
    )


def _mentions(workspace: Workspace, *, with_labels: bool) -> dict[str, str]:
    """What can be mentioned, as it is typed -> as Slack tells it."""

    def told(target: str, label: str) -> str:
        return f"<{target}|{label}>" if with_labels else f"<{target}>"

    known = {f"@{name}": f"<!{name}>" for name in _WHOLE_CHANNELS}
    known |= {f"#{each.name}": f"<#{each.id}|{each.name}>" for each in workspace.channels() if not each.is_im}
    known |= {f"@{each.handle}": told(f"!subteam^{each.id}", f"@{each.handle}") for each in USER_GROUPS}
    for user in workspace.users():
        known |= {f"@{name}": told(f"@{user.id}", user.name) for name in (user.name, user.real_name)}
    return {typed.casefold(): as_told for typed, as_told in known.items()}
