"""Deliveries to the app: one envelope, its ack within three seconds, an event's repeats. Knows no transport."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from bot.sandbox.slack.model import Answered, EntryKind, Json, Outcome
from bot.sandbox.slack.site import Site


class EnvelopeType(StrEnum):
    """Slack's three kinds of deliveries."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One delivery; the repeats of an event share its ID."""

    id: str
    type: EnvelopeType
    payload: Json
    retry_attempt: int = 0
    retry_reason: str = ""

    @property
    def accepts_response_payload(self) -> bool:
        """May the ack carry an answer?"""
        return self.type is not EnvelopeType.EVENT

    def as_json(self) -> dict[str, object]:
        """As it travels over a socket."""
        told: dict[str, object] = {
            "envelope_id": self.id,
            "type": self.type.value,
            "payload": self.payload,
            "accepts_response_payload": self.accepts_response_payload,
        }
        if self.type is EnvelopeType.EVENT:
            told |= {"retry_attempt": self.retry_attempt, "retry_reason": self.retry_reason}
        return told


@dataclass(frozen=True, kw_only=True, slots=True)
class Ack:
    """How the app answered an envelope."""

    answered: Answered
    seconds: float = 0.0
    body: Json | None = None
    code: str = ""
    """Slack's word for what went wrong: `operation_timeout`, `dispatch_failed`, `http_service_error`…"""

    def outcome(self, **more: Any) -> Outcome:
        """What the person's action led to; `more` are other fields of Outcome."""
        return Outcome(answered=self.answered, seconds=self.seconds, body=self.body, **more)


class Transport(Protocol):
    """Socket Mode, or signed requests."""

    async def send(self, envelope: Envelope) -> Ack:
        """Deliver once and wait for the ack."""


class Deliveries:
    """Sends envelopes, keeps a record of them, and repeats events that were not acked."""

    def __init__(
        self, site: Site, transport: Callable[[], Transport], retry_delays: tuple[float, ...]
    ) -> None:
        self._site = site
        self._transport = transport
        self._retry_delays = retry_delays
        self.sent: list[Envelope] = []

    async def deliver(self, kind: EnvelopeType, payload: Json) -> Ack:
        """Deliver a command or an interaction: once, or as often as a fault demands; the first ack counts."""
        return await self._send(Envelope(id=_new_id(), type=kind, payload=payload))

    def announce(self, body: Mapping[str, object], wrap: Callable[[Mapping[str, object]], Json]) -> None:
        """Send an event in the background, if the manifest subscribes to its type, or to that of this place."""
        kind = f"{body['type']}.{body['channel_type']}" if body["type"] == "message" else body["type"]
        if kind in self._site.manifest.events:
            envelope = Envelope(id=_new_id(), type=EnvelopeType.EVENT, payload=wrap(body))
            self._site.spawn(self._send_until_acked(envelope))

    async def deliver_event(self, payload: Json) -> Ack:
        """Send an event and wait for its first answer; repeats go on in the background."""
        envelope = Envelope(id=_new_id(), type=EnvelopeType.EVENT, payload=payload)
        ack = await self._send(envelope)
        if ack.answered is not Answered.ACKED:
            self._site.spawn(self._repeat(envelope, ack))
        return ack

    async def redeliver(self, envelope_id: str) -> Ack:
        """Send an old envelope once more. Raises LookupError."""
        for envelope in reversed(self.sent):
            if envelope.id == envelope_id:
                again = replace(envelope, retry_attempt=envelope.retry_attempt + 1, retry_reason="timeout")
                return await self._send(again)
        raise LookupError(f"no envelope {envelope_id}")

    async def _send_until_acked(self, envelope: Envelope) -> None:
        ack = await self._send(envelope)
        if ack.answered is not Answered.ACKED:
            await self._repeat(envelope, ack)

    async def _repeat(self, envelope: Envelope, ack: Ack) -> None:
        """Up to three times more, https://docs.slack.dev/apis/events-api/#retries."""
        for attempt, delay in enumerate(self._retry_delays, start=1):
            await asyncio.sleep(delay)
            reason = "http_timeout" if ack.answered is Answered.TIMED_OUT else "connection_failed"
            ack = await self._send(replace(envelope, retry_attempt=attempt, retry_reason=reason))
            if ack.answered is Answered.ACKED:
                return

    async def _send(self, envelope: Envelope) -> Ack:
        self.sent.append(envelope)
        faults = self._site.faults
        if faults.duplicate_deliveries > 0:
            faults.duplicate_deliveries -= 1
            self._site.spawn(self._send_copy(envelope))
        began = time.monotonic()
        ack = await self._transport().send(envelope)
        ack = replace(ack, seconds=time.monotonic() - began)
        self._record(envelope, ack)
        return ack

    async def _send_copy(self, envelope: Envelope) -> None:
        copy = replace(envelope, retry_attempt=1, retry_reason="http_timeout")
        self._record(copy, await self._transport().send(copy))

    def _record(self, envelope: Envelope, ack: Ack) -> None:
        self._site.ledger.append(
            kind=EntryKind.ACK,
            name=envelope.type.value,
            outcome="ok" if ack.answered is Answered.ACKED else ack.code,
            args={"envelope_id": envelope.id, "seconds": ack.seconds, "body": ack.body},
        )


def _new_id() -> str:
    return f"{secrets.token_hex(4)}-{secrets.token_hex(6)}"
