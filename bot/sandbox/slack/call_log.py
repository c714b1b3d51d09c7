"""The append-only record of everything that the app did; chaos runs and tests check it."""

from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.slack.changes import Changes
from bot.sandbox.slack.model import ChangeKind, Entry, EntryKind


class CallLog:
    """Entries in the order in which Slack took them."""

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
