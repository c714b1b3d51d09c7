"""Answers as they go over the wire: bodies, headers, and how much of them arrives."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from bot.sandbox.world.refusals import Refusal

JSON_TYPE = "application/json;charset=utf-8"
HTML_TYPE = "text/html;charset=utf-8"
HOST_ID = "quickbi-public.cn-hangzhou.aliyuncs.com"
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class Delivery(Enum):
    """How much of an answer reaches the client."""

    WHOLE = "whole"
    CUT_SHORT = "cut short"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """`outcome` is for the ledger: `OK`, a refusal's code, or what is wrong with the answer."""

    outcome: str
    body: bytes = b""
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE
    delivery: Delivery = Delivery.WHOLE
    delay: float = 0.0
    over_limit: bool = False


def success(result: Any, request_id: str, *, outcome: str = "OK") -> Reply:
    return Reply(outcome=outcome, body=envelope(result, request_id))


def envelope(result: Any, request_id: str) -> bytes:
    return to_json({"RequestId": request_id, "Result": result, "Success": True})


def refused(refusal: Refusal, request_id: str) -> Reply:
    """The gateway's error body; the operations' own errors look the same."""
    headers = {} if refusal.retry_after_ms is None else {"x-acs-retry-after": str(refusal.retry_after_ms)}
    return Reply(
        outcome=refusal.code,
        body=to_json(error_body(refusal, request_id)),
        status=refusal.status,
        headers=headers,
    )


def error_body(refusal: Refusal, request_id: str) -> dict[str, Any]:
    question = urlencode({"q": refusal.code, "product": "quickbi-public", "requestId": request_id})
    body: dict[str, Any] = {
        "RequestId": request_id,
        "HostId": HOST_ID,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": f"https://api.alibabacloud.com/troubleshoot?{question}",
    }
    if refusal.denied_action:
        body["AccessDeniedDetail"] = _denied(refusal.denied_action)
    return body


def web_page(page: str, *, outcome: str, status: int = HTTPStatus.OK) -> Reply:
    return Reply(outcome=outcome, body=page.encode(), status=status, content_type=HTML_TYPE)


def dropped(outcome: str) -> Reply:
    return Reply(outcome=outcome, status=0, delivery=Delivery.DROPPED)


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _denied(action: str) -> dict[str, str]:
    return {
        "AuthAction": action,
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": "1234567890123456",
        "AuthPrincipalDisplayName": "222233334444555566",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
