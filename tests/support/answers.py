"""Quick BI's answers, replayed from files: whole ones, odd ones and broken ones."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[1] / "samples" / "quickbi"

MAIL = "d5a59a898b634d75be5584f8dc159c62"
REQUEST_ID = "38C0FEC8-1111-415C-A9F1-0000422BDB65"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def recorded(name: str) -> Recorded:
    """The answer in `samples/quickbi/NAME.json`, whose body is JSON, a text, or bytes in base64."""
    sample = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return Recorded(
        status=sample["status"],
        headers=sample.get("headers", {"content-type": "application/json;charset=utf-8"}),
        body=_body(sample),
    )


def _body(sample: dict[str, Any]) -> bytes:
    if "base64" in sample:
        return base64.b64decode(sample["base64"])
    text: str = sample["text"] if "text" in sample else json.dumps(sample["json"])
    return text.encode()
