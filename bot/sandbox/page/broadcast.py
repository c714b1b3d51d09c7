"""Sends every change to all open browsers, through one queue each."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from bot.sandbox.page.faults import Trouble
from bot.sandbox.page.mails import mails_json
from bot.sandbox.page.stage import Stage
from bot.sandbox.page.state import bot_json, call_json, change_json, snapshot, troubles_json
from bot.sandbox.slack import Change, ChangeKind

TICK = 0.5
"""Seconds between two looks at Quick BI's side, where runs begin and end by themselves."""
_LONGEST_QUEUE = 5_000

Queue = asyncio.Queue[str | None]


class Broadcast:
    """Sends a new browser the full state, then every change. One that cannot keep up has to reconnect."""

    def __init__(self, stage: Stage, troubles: tuple[Trouble, ...]) -> None:
        self._stage = stage
        self._troubles = troubles
        self._queues: set[Queue] = set()
        self._mails: dict[str, dict[str, Any]] = {}
        self._trouble_state: list[dict[str, Any]] = []
        self._bot: dict[str, str] = {}
        self._seen_call = 0
        stage.bot.watch(self._on_line, self._tell_bot)

    @contextmanager
    def subscribe(self) -> Iterator[Queue]:
        """A queue that begins with the full state; None in it means that the browser must reconnect."""
        self._look()
        queue: Queue = asyncio.Queue(_LONGEST_QUEUE)
        queue.put_nowait(_message("snapshot", snapshot=snapshot(self._stage, self._troubles)))
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    async def run(self) -> None:
        """Broadcast changes until cancelled."""
        with self._stage.slack.changes.subscribe(self._on_change):
            while True:
                await asyncio.sleep(TICK)
                if self._queues:
                    self._look()

    def _look(self) -> None:
        """What changed without anybody saying so: mails, switches that ran out, sockets, calls."""
        self._tell_mails()
        self._tell_troubles()
        self._tell_bot()
        self._tell_calls()

    def _tell_mails(self) -> None:
        now = {mail["mail_id"]: mail for mail in mails_json(self._stage.quickbi.world)}
        changed = [mail for mail_id, mail in now.items() if self._mails.get(mail_id) != mail]
        gone = [mail_id for mail_id in self._mails if mail_id not in now]
        self._mails = now
        if changed or gone:
            self._tell("mails", changed=changed, gone=gone)

    def _tell_troubles(self) -> None:
        now = troubles_json(self._troubles)
        if now != self._trouble_state:
            self._trouble_state = now
            self._tell("troubles", troubles=now)

    def _tell_bot(self) -> None:
        now = bot_json(self._stage)
        if now != self._bot:
            self._bot = now
            self._tell("bot", bot=now)

    def _tell_calls(self) -> None:
        for call in self._stage.quickbi.ledger.since(self._seen_call):
            self._seen_call = call.seq
            self._tell("call", call=call_json(call))

    def _on_change(self, change: Change) -> None:
        self._put(json.dumps(change_json(change)))
        if change.kind is ChangeKind.LOGGED:
            self._tell_bot()

    def _on_line(self, line: str) -> None:
        self._tell("line", line=line)

    def _tell(self, kind: str, **more: Any) -> None:
        self._put(_message(kind, **more))

    def _put(self, text: str) -> None:
        for queue in tuple(self._queues):
            try:
                queue.put_nowait(text)
            except asyncio.QueueFull:
                self._send_away(queue)

    def _send_away(self, queue: Queue) -> None:
        """It connects again and is shown everything as it is then."""
        self._queues.discard(queue)
        with suppress(asyncio.QueueEmpty):
            queue.get_nowait()
        queue.put_nowait(None)


def _message(kind: str, **more: Any) -> str:
    return json.dumps({"type": kind, **more})


def reply(number: object, *, result: Any = None, error: str | None = None) -> str:
    """The answer to what one browser asked."""
    outcome: Mapping[str, Any] = {"result": result} if error is None else {"error": error}
    return json.dumps({"type": "reply", "id": number, **outcome})
