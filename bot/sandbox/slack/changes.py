"""Tells watchers what changed in the workspace, in order. Never changes anything itself."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.sandbox.slack.model import Change, ChangeKind, Channel, Entry, Message, View

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
