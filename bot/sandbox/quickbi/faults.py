"""Faults injected into the whole service, and malformed answers of single mails. Only decides; the server acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from bot.sandbox.quickbi.replies import (
    GATEWAY_PAGE,
    LOGIN_PAGE,
    Delivery,
    Reply,
    dropped,
    error_body,
    success,
    to_json,
    web_page,
)
from bot.sandbox.world import refusals
from bot.sandbox.world.behaviour import Malformed
from bot.sandbox.world.refusals import Refusal

ANY = "*"
"""Every operation."""


class Mode(StrEnum):
    """Kinds of trouble."""

    DOWN = "down"
    """Every connection is reset before anything is done."""
    LOSE_REPLY = "lose-reply"
    """What was asked is done; then the connection is reset instead of answering."""
    INTERNAL_ERROR = "internal-error"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    GARBAGE = "garbage"
    """A web page under HTTP 200."""
    BAD_GATEWAY = "bad-gateway"
    """A proxy's page under HTTP 502."""
    SLOW = "slow"
    """Answers after `seconds`."""
    KEY_REVOKED = "key-revoked"
    KEY_INACTIVE = "key-inactive"
    SECRET_CHANGED = "secret-changed"  # noqa: S105  the name of a fault
    TOKEN_EXPIRED = "token-expired"  # noqa: S105  the name of a fault
    NOT_PERMITTED = "not-permitted"
    """The RAM policy was taken away."""
    CLOCK_SKEW = "clock-skew"
    """The service's clock is `seconds` ahead of the real one (negative: behind)."""


_INSTEAD: dict[Mode, Refusal] = {
    Mode.INTERNAL_ERROR: refusals.INTERNAL_ERROR,
    Mode.UNAVAILABLE: refusals.UNAVAILABLE,
    Mode.THROTTLED: refusals.THROTTLING_USER,
    Mode.KEY_REVOKED: refusals.KEY_UNKNOWN,
    Mode.KEY_INACTIVE: refusals.KEY_INACTIVE,
    Mode.SECRET_CHANGED: refusals.SIGNATURE,
    Mode.TOKEN_EXPIRED: refusals.TOKEN_EXPIRED,
    Mode.NOT_PERMITTED: refusals.FORBIDDEN_RAM,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One switch: for `left` calls (None: any number), until `until` (monotonic; None: until cleared)."""

    mode: Mode
    action: str = ANY
    left: int | None = None
    until: float | None = None
    seconds: float = 0.0


class Faults:
    """Switches. Each lasts for some calls (`times`), for a while (`lasting` seconds), or until `clear()`."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._faults: list[Fault] = []

    def add(
        self,
        mode: Mode,
        *,
        action: str = ANY,
        times: int | None = None,
        lasting: float | None = None,
        seconds: float = 0.0,
    ) -> None:
        """`seconds`: how slow, or how far off the clock is."""
        until = None if lasting is None else self._monotonic() + lasting
        self._faults.append(Fault(mode=mode, action=action, left=times, until=until, seconds=seconds))

    def clear(self, mode: Mode | None = None) -> None:
        """Everything, or everything of one kind, works again."""
        self._faults = [fault for fault in self._faults if mode not in {None, fault.mode}]

    def active(self) -> tuple[Fault, ...]:
        now = self._monotonic()
        self._faults = [
            fault for fault in self._faults if fault.left != 0 and (fault.until is None or now < fault.until)
        ]
        return tuple(self._faults)

    def strike(self, action: str) -> tuple[Fault, ...]:
        """What hits this call; counts as one of its times."""
        struck = tuple(fault for fault in self.active() if fault.action in {ANY, action})
        self._faults = [_spent(fault) if fault in struck else fault for fault in self._faults]
        return struck

    def skew(self) -> timedelta:
        return timedelta(seconds=sum(f.seconds for f in self.active() if f.mode is Mode.CLOCK_SKEW))

    def refusal(self, fault: Fault) -> Refusal | None:
        """What is answered instead, if this kind of fault answers at all."""
        refusal = _INSTEAD.get(fault.mode)
        if refusal is None or fault.mode is not Mode.THROTTLED or fault.until is None:
            return refusal
        left = max(0.0, fault.until - self._monotonic())
        return replace(refusal, retry_after_ms=int(left * 1000) + 1)


def _spent(fault: Fault) -> Fault:
    return fault if fault.left is None else replace(fault, left=fault.left - 1)


Runs = list[dict[str, Any]]

_ODD_RESULTS: Mapping[Malformed, Callable[[Runs], Any]] = {
    Malformed.RESULT_NULL: lambda _runs: None,
    Malformed.RESULT_OBJECT: lambda runs: runs[0] if runs else {},
    Malformed.RESULT_TEXT: lambda _runs: "SENT",
    Malformed.WRONG_TYPES: lambda runs: [
        {"execTime": 1728466451000, "mailId": 7, "status": 1, "taskId": {"id": "x"}} for _ in runs
    ],
    Malformed.TASK_ID_TEXT: lambda runs: [{**run, "taskId": str(run["taskId"])} for run in runs],
    Malformed.TASK_ID_ZERO: lambda runs: [{**run, "taskId": 0} for run in runs],
    Malformed.EXTRA_FIELDS: lambda runs: [
        {**run, "retryCount": 2, "receivers": [{"name": "Ada"}], "traceId": None} for run in runs
    ],
    Malformed.EXEC_TIME_ODD: lambda runs: [{**run, "execTime": "yesterday evening"} for run in runs],
}


def malformed(shape: Malformed, runs: Runs, request_id: str, *, slow_seconds: float) -> Reply:
    """The reply in place of the correct one about `runs`."""
    if shape in _ODD_RESULTS:
        return success(_ODD_RESULTS[shape](runs), request_id, outcome=shape)
    good = success(runs, request_id, outcome=shape)
    bare = {"RequestId": request_id, "Success": False}
    redirect = web_page("", outcome=shape, status=HTTPStatus.FOUND)
    replies = {
        Malformed.CUT_SHORT: replace(good, delivery=Delivery.CUT_SHORT),
        Malformed.DROPPED: dropped(shape),
        Malformed.SLOW: replace(good, delay=slow_seconds),
        Malformed.HTML_PAGE: web_page(LOGIN_PAGE, outcome=shape),
        Malformed.BAD_GATEWAY: web_page(GATEWAY_PAGE, outcome=shape, status=HTTPStatus.BAD_GATEWAY),
        Malformed.REDIRECT: replace(redirect, headers={"Location": "/login"}),
        Malformed.EMPTY_BODY: replace(good, body=b""),
        Malformed.BROKEN_JSON: replace(good, body=good.body[: len(good.body) // 2]),
        Malformed.NOT_AN_OBJECT: replace(good, body=to_json(runs)),
        Malformed.NO_RESULT: replace(good, body=to_json({**bare, "Success": True})),
        Malformed.SUCCESS_FALSE_BARE: replace(good, body=to_json(bare)),
        Malformed.SUCCESS_FALSE: replace(
            good, body=to_json({**error_body(refusals.MAIL_FORBIDDEN, request_id), "Success": False})
        ),
    }
    return replies[shape]
