"""Answers that the API's page does not promise, made from a good one. Pure."""

from __future__ import annotations

from dataclasses import replace
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
