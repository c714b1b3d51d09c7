"""Faults injected into Slack's answers. Only decides; the server's endpoints ask and act."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ANY = "*"
"""Every method."""


class Fault(StrEnum):
    """Kinds of trouble for a Web API call or a use of a `response_url` (method `response_url`)."""

    RATE_LIMITED = "rate_limited"
    LOSE_REPLY = "lose_reply"
    SERVER_ERROR = "server_error"
    REFUSE = "refuse"
    SLACK_ERROR = "slack_error"
    SLOW = "slow"


@dataclass(kw_only=True, slots=True)
class Trouble:
    """One fault: for `left` calls (None: any number), until `until` (None: until cleared)."""

    fault: Fault
    method: str
    left: int | None = None
    until: float | None = None
    channel_id: str | None = None
    """Where it applies; None: everywhere."""
    seconds: float = 0.0
    code: str = ""
    status: int = 0

    def hits(self, fault: Fault, method: str, channel_id: str | None) -> bool:
        return self.fault is fault and self.method in {ANY, method} and self.channel_id in {None, channel_id}


class Faults:
    """Switches. Each lasts for some calls (`times`), for a while (`lasting` seconds), or until `clear()`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._troubles: list[Trouble] = []
        self.token_error: str | None = None
        """`token_revoked`, `account_inactive`, `invalid_auth`…: what every call with the bot token gets."""
        self.mute_sockets = False
        """Half-open sockets: nothing is sent, acks are ignored, pings stay unanswered."""
        self.duplicate_deliveries = 0
        """How many of the next deliveries are sent twice (same envelope, both to be acked)."""

    def rate_limit(
        self, method: str, *, seconds: float, times: int = 1, channel_id: str | None = None
    ) -> None:
        """Answer 429 `times` times; each closes the method (in that channel or everywhere) for `seconds`."""
        self._add(Fault.RATE_LIMITED, method, seconds=seconds, times=times, channel_id=channel_id)

    def lose_reply(self, method: str, *, times: int | None = 1, lasting: float | None = None) -> None:
        """Do what was asked, then reset the connection instead of answering."""
        self._add(Fault.LOSE_REPLY, method, times=times, lasting=lasting)

    def server_error(
        self, method: str = ANY, *, status: int = 503, times: int | None = None, lasting: float | None = None
    ) -> None:
        """Answer HTTP `status` with an HTML page and do nothing."""
        self._add(Fault.SERVER_ERROR, method, times=times, lasting=lasting, status=status)

    def refuse_connections(
        self, method: str = ANY, *, times: int | None = None, lasting: float | None = None
    ) -> None:
        """Reset the connection before anything is done."""
        self._add(Fault.REFUSE, method, times=times, lasting=lasting)

    def slack_error(
        self,
        method: str,
        code: str,
        *,
        times: int | None = 1,
        lasting: float | None = None,
        channel_id: str | None = None,
    ) -> None:
        """Answer `ok: false` with this code (`internal_error`, `fatal_error`, `restricted_action`…)."""
        self._add(Fault.SLACK_ERROR, method, times=times, lasting=lasting, code=code, channel_id=channel_id)

    def slow(
        self, method: str = ANY, *, seconds: float, times: int | None = None, lasting: float | None = None
    ) -> None:
        """Do what was asked at once, answer after `seconds`."""
        self._add(Fault.SLOW, method, seconds=seconds, times=times, lasting=lasting)

    def revoke_token(self, code: str = "token_revoked") -> None:
        """From now on the bot token is refused with this code."""
        self.token_error = code

    def mute(self, *, on: bool = True) -> None:
        """Make all sockets half-open, or whole again."""
        self.mute_sockets = on

    def duplicate(self, *, times: int = 1) -> None:
        """Send the next deliveries twice."""
        self.duplicate_deliveries = times

    def clear(self, fault: Fault | None = None) -> None:
        """Everything works again, or only what was of this kind."""
        self._troubles = [
            trouble for trouble in self._troubles if fault is not None and trouble.fault is not fault
        ]
        if fault is None:
            self.token_error = None
            self.mute_sockets = False
            self.duplicate_deliveries = 0

    def active(self) -> tuple[str, ...]:
        """Names of what is wrong just now, for people to read."""
        self._forget_spent()
        named = [f"{trouble.fault} {trouble.method}" for trouble in self._troubles]
        named += [self.token_error] if self.token_error else []
        named += ["sockets muted"] if self.mute_sockets else []
        return tuple(named)

    def strike(self, fault: Fault, method: str, channel_id: str | None = None) -> Trouble | None:
        """The trouble of this kind that hits this call, if any; counts as one of its times."""
        self._forget_spent()
        for trouble in self._troubles:
            if trouble.hits(fault, method, channel_id):
                if trouble.left is not None:
                    trouble.left -= 1
                return trouble
        return None

    def _add(
        self,
        fault: Fault,
        method: str,
        *,
        times: int | None = None,
        lasting: float | None = None,
        **more: Any,
    ) -> None:
        until = None if lasting is None else self._clock() + lasting
        self._troubles.append(Trouble(fault=fault, method=method, left=times, until=until, **more))

    def _forget_spent(self) -> None:
        now = self._clock()
        self._troubles = [
            trouble
            for trouble in self._troubles
            if (trouble.left is None or trouble.left > 0) and (trouble.until is None or now < trouble.until)
        ]
