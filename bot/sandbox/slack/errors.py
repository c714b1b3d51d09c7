"""Slack's refusals: the codes of `{"ok": false, "error": …}`."""

from typing import Any


class SlackError(Exception):
    """A call was refused with `code`; `more` joins the answer."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def bad_blocks(code: str, problems: list[str]) -> SlackError:
    """`invalid_blocks` or `invalid_arguments`, with a pointer to each mistake as Slack gives it."""
    return SlackError(
        code, errors=problems, response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]}
    )
