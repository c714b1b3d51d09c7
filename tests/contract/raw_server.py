"""A server on loopback that records requests byte for byte and answers with whatever bytes it was given."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(kw_only=True, slots=True)
class RawServer:
    """`requests` holds the head of each request as it arrived, `connections` how many were opened."""

    answer: Answer
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def request_line(self) -> str:
        return self.requests[-1].partition(b"\r\n")[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.requests[-1].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                await self.answer(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def saying(raw: bytes, *, then_close: bool = False) -> Answer:
    """The same bytes to every request."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        if then_close:
            await writer.drain()
            writer.close()

    return answer


def http(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole HTTP answer. `headers` are further lines, each with its line end."""
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def raw_server(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Serves on a free port until the block is left; then every connection of its own is closed."""
    server = RawServer(answer=answer)
    conversations: set[asyncio.Task[None]] = set()

    def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.create_task(server.serve(reader, writer)))

    listening = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await listening.wait_closed()
