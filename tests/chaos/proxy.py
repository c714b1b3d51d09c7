"""A TCP proxy in front of the database that cuts, stalls, swallows and refuses its connections."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_CHUNK = 65_536
_COMMIT = b"COMMIT"


@dataclass(kw_only=True, eq=False)
class _Link:
    """One client's connection, with its own to the database. `is_waiting`: the client waits for an answer."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    is_swallowed: bool = False
    is_waiting: bool = False


@dataclass(kw_only=True)
class Proxy:
    host: str
    port: int
    own_port: int = 0
    refuses: bool = False
    may_commit: Callable[[], bool] = lambda: True  # asked at each commit; if not, its connection is reset
    swallows_all: bool = False  # new connections, too: the database's machine is gone
    _links: set[_Link] = field(default_factory=set)
    _is_lost: bool = False  # what there was; nothing new has been opened since
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._flowing.set()

    @property
    def is_through(self) -> bool:
        """Has the client a connection that carries anything, and given up those that do not?"""
        is_held_up = any(link.is_swallowed and link.is_waiting for link in self._links)
        is_cut_off = self.refuses or self.swallows_all or self._is_lost
        return self._flowing.is_set() and not is_cut_off and not is_held_up

    def cut(self) -> None:
        """Reset every connection; new ones are served."""
        self._is_lost = True
        for link in tuple(self._links):
            for writer in link.writers:
                writer.transport.abort()

    def swallow(self) -> None:
        """Lose without a word whatever the present connections carry from now on; new ones are served."""
        self._is_lost = True
        for link in self._links:
            link.is_swallowed = True

    async def stall(self, seconds: float) -> None:
        """Carry nothing for so long, then everything."""
        self._flowing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._flowing.set()

    async def be_away(self, seconds: float) -> None:
        """Reset every connection and let none in for so long."""
        self.refuses = True
        self.cut()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.refuses = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection(self.host, self.port)
        link = _Link(writers=(writer, upstream_writer), is_swallowed=self.swallows_all)
        self._links.add(link)
        self._is_lost = False
        pumps = (
            asyncio.create_task(self._pump(reader, upstream_writer, link)),
            asyncio.create_task(self._pump(upstream_reader, writer, link)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in link.writers:
                each.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, link: _Link) -> None:
        asks = target is link.writers[1]
        with suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                if asks or not link.is_swallowed:
                    link.is_waiting = asks
                if _COMMIT in data and not self.may_commit():
                    return
                await self._flowing.wait()
                if not link.is_swallowed:
                    target.write(data)
                    await target.drain()
        if asks:
            link.is_waiting = False  # the client has given up
        if link.is_swallowed:  # the other side hears nothing of the end, either
            await self._over.wait()


@asynccontextmanager
async def proxy(host: str, port: int) -> AsyncIterator[Proxy]:
    between = Proxy(host=host, port=port)
    server = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    between.own_port = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        server.close()
        between.cut()
        between._over.set()
