"""Faults injected into the whole service, and malformed answers of single mails. Only decides; the server acts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Callable

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


def malformed(shape: Malformed, runs: Runs, request_id: str, *, slow_seconds: float) -> Reply:
    """What stands for the answer that would have told `runs`."""
    good = success(runs, request_id, outcome=shape)
    match shape:
        case Malformed.CUT_SHORT:
            return replace(good, delivery=Delivery.CUT_SHORT)
        case Malformed.DROPPED:
            return dropped(shape)
        case Malformed.SLOW:
            return replace(good, delay=slow_seconds)
        case Malformed.HTML_PAGE | Malformed.BAD_GATEWAY | Malformed.REDIRECT:
            return _from_elsewhere(shape)
        case Malformed.EMPTY_BODY:
            return replace(good, body=b"")
        case Malformed.BROKEN_JSON:
            return replace(good, body=good.body[: len(good.body) // 2])
        case Malformed.NOT_AN_OBJECT:
            return replace(good, body=to_json(runs))
        case Malformed.NO_RESULT | Malformed.SUCCESS_FALSE | Malformed.SUCCESS_FALSE_BARE:
            return replace(good, body=to_json(_without_result(shape, request_id)))
        case _:
            return success(_odd_result(shape, runs), request_id, outcome=shape)


def _from_elsewhere(shape: Malformed) -> Reply:
    """Proxies and login pages on the way."""
    if shape is Malformed.BAD_GATEWAY:
        return web_page(GATEWAY_PAGE, outcome=shape, status=HTTPStatus.BAD_GATEWAY)
    if shape is Malformed.REDIRECT:
        page = web_page("", outcome=shape, status=HTTPStatus.FOUND)
        return replace(page, headers={"Location": "/login"})
    return web_page(LOGIN_PAGE, outcome=shape)


def _without_result(shape: Malformed, request_id: str) -> dict[str, Any]:
    if shape is Malformed.SUCCESS_FALSE:
        return {**error_body(refusals.MAIL_FORBIDDEN, request_id), "Success": False}
    return {"RequestId": request_id, "Success": shape is Malformed.NO_RESULT}


def _odd_result(shape: Malformed, runs: Runs) -> Any:
    match shape:
        case Malformed.RESULT_NULL:
            return None
        case Malformed.RESULT_OBJECT:
            return runs[0] if runs else {}
        case Malformed.RESULT_TEXT:
            return "SENT"
        case _:
            return [_odd_run(shape, run) for run in runs]


def _odd_run(shape: Malformed, run: dict[str, Any]) -> dict[str, Any]:
    match shape:
        case Malformed.WRONG_TYPES:
            return {"execTime": 1728466451000, "mailId": 7, "status": 1, "taskId": {"id": "x"}}
        case Malformed.TASK_ID_TEXT:
            return {**run, "taskId": str(run["taskId"])}
        case Malformed.TASK_ID_ZERO:
            return {**run, "taskId": 0}
        case Malformed.EXTRA_FIELDS:
            return {**run, "retryCount": 2, "receivers": [{"name": "Ada"}], "traceId": None}
        case Malformed.EXEC_TIME_ODD:
            return {**run, "execTime": "yesterday evening"}
        case _:
            raise AssertionError(shape)
