"""Tells watchers what changed in the workspace, in order, and records everything that the app did."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from bot.sandbox.slack.model import Change, ChangeKind, Channel, Entry, EntryKind, Message, View

_Found = TypeVar("_Found")

Watcher = Callable[[Change], None]


class Changes:
    """Every change goes to every watcher before the change's cause returns."""

    def __init__(self) -> None:
        self._seq = 0
        self._watchers: list[Watcher] = []

    def publish(self, kind: ChangeKind, subject: Message | View | Channel | Entry) -> None:
        """Number the change and hand it to all watchers."""
        self._seq += 1
        change = Change(seq=self._seq, kind=kind, subject=subject)
        for watcher in tuple(self._watchers):
            watcher(change)

    @contextmanager
    def subscribe(self, watcher: Watcher) -> Iterator[None]:
        """Call `watcher` for every change while the context is open; it must be quick and must not raise."""
        self._watchers.append(watcher)
        try:
            yield
        finally:
            self._watchers.remove(watcher)

    async def until(self, look: Callable[[], _Found | None], *, seconds: float = 5.0) -> _Found:
        """What `look` finds, now or after a change. Raises TimeoutError."""
        if found := look():
            return found
        happened = asyncio.Event()
        with self.subscribe(lambda _: happened.set()):
            async with asyncio.timeout(seconds):
                while not (found := look()):
                    await happened.wait()
                    happened.clear()
        return found

    async def wait_for(self, wanted: Callable[[Change], bool], *, seconds: float = 5.0) -> Change:
        """The next change that is `wanted`. Raises TimeoutError."""
        found: asyncio.Future[Change] = asyncio.get_running_loop().create_future()

        def look(change: Change) -> None:
            if not found.done() and wanted(change):
                found.set_result(change)

        with self.subscribe(look):
            return await asyncio.wait_for(found, seconds)


class CallLog:
    """Append-only, in the order in which Slack took the calls; chaos runs and tests check it."""

    def __init__(self, changes: Changes, clock: Callable[[], float]) -> None:
        self._changes = changes
        self._clock = clock
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def append(self, *, kind: EntryKind, name: str, outcome: str, **more: Any) -> Entry:
        """Record one entry and notify the watchers."""
        entry = Entry(
            seq=len(self._entries) + 1,
            at=self._clock(),
            kind=kind,
            name=name,
            outcome=outcome,
            **{"args": {}, **more},
        )
        self._entries.append(entry)
        self._changes.publish(ChangeKind.LOGGED, entry)
        return entry

    def since(self, seq: int) -> tuple[Entry, ...]:
        """Entries after number `seq` (0: all)."""
        return tuple(self._entries[seq:])

    def calls(self, name: str | None = None, *, outcome: str | None = None) -> tuple[Entry, ...]:
        """Web API calls and uses of `response_url`, of one method or all, with one outcome or any."""
        return tuple(
            entry
            for entry in self._entries
            if entry.kind in {EntryKind.API, EntryKind.RESPONSE_URL}
            and (name is None or entry.name == name)
            and (outcome is None or entry.outcome == outcome)
        )

    def sends_while_limited(self) -> int:
        """How often the app went on calling inside a window that a 429 had closed."""
        return sum(entry.while_limited for entry in self._entries)
