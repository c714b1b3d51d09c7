"""CPU of one signed status call over HTTPS: ours, a bare httpx call, and the vendor's async SDK.

    python -m tests.benchmarks.client [--calls 200] [--rounds 9] [--json]

All three ask the same server, a process of its own on loopback, in turns within each round; only this
process's CPU counts. Ours and bare httpx keep a connection. Ours also signs, and makes values of the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx
from alibabacloud_quickbi_public20220101.client import Client as VendorClient
from alibabacloud_quickbi_public20220101.models import GetMailTaskStatusRequest
from alibabacloud_tea_openapi.utils_models import Config
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot.domain import MailId
from bot.quickbi.client import QuickBIClient
from bot.quickbi.credentials import Credentials, StaticCredentials
from tests.contract.raw_server import http, raw_server, saying
from tests.support.answers import MAIL, recorded
from tests.support.certificate import Certificate, make_certificate

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

KEY_ID, SECRET = "benchmark-id", "benchmark-secret"
VENDOR_SHARE = 10  # one call of the vendor's SDK for so many of ours: it takes so much longer


@dataclass(frozen=True, kw_only=True, slots=True)
class Contestant:
    """`call` makes one status call and fails if it was not answered."""

    name: str
    call: Callable[[], Awaitable[object]]
    calls: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Medians over the rounds, in milliseconds a call; `ratio` to a bare httpx call."""

    name: str
    cpu_ms: float
    wall_ms: float
    ratio: float
    calls: int


async def serve(certificate: Certificate) -> None:
    """The server's process: says where it is, then answers until its standard input ends."""
    sent = saying(http(recorded("status_sent").body))
    async with raw_server(sent, tls=certificate.server()) as server:
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def server_process(certificate: Certificate) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.client",
        "--serve",
        str(certificate.path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            url = (await process.stdout.readline()).decode().strip()
        yield url
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def ours(url: str, trusted: ssl.SSLContext) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    credentials = StaticCredentials(Credentials(access_key_id=KEY_ID, access_key_secret=SECRET))
    async with QuickBIClient(
        endpoint=url,
        credentials=credentials,
        timezone=ZoneInfo("Asia/Shanghai"),
        transport=httpx.AsyncHTTPTransport(verify=trusted),
    ) as client:

        async def call() -> None:
            assert (await client.get_task_status(MailId(MAIL))).latest is not None

        yield call


@asynccontextmanager
async def bare(url: str, trusted: ssl.SSLContext) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(verify=trusted)) as client:

        async def call() -> None:
            response = await client.post(f"{url}/?MailId={MAIL}")
            assert response.json()["Success"]

        yield call


def vendor(url: str, certificate: Certificate) -> Callable[[], Awaitable[object]]:
    client = VendorClient(
        Config(
            endpoint=url.removeprefix("https://"),
            protocol="https",
            region_id="cn-hangzhou",
            access_key_id=KEY_ID,
            access_key_secret=SECRET,
            ca=str(certificate.path),
        )
    )

    async def call() -> None:
        answer = await client.get_mail_task_status_async(GetMailTaskStatusRequest(mail_id=MAIL))
        assert answer.body.success

    return call


async def per_call(contestant: Contestant) -> tuple[float, float]:
    """Milliseconds of CPU and of waiting for one call, on average of this round."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(contestant.calls):
        await contestant.call()
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return spent[0] * 1000 / contestant.calls, spent[1] * 1000 / contestant.calls


async def measure(certificate: Certificate, *, calls: int, rounds: int, quiet: bool) -> list[Result]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(server_process(certificate))
        trusted = certificate.client()
        contestants = [
            Contestant(name="ours", call=await stack.enter_async_context(ours(url, trusted)), calls=calls),
            Contestant(
                name="bare httpx", call=await stack.enter_async_context(bare(url, trusted)), calls=calls
            ),
            Contestant(
                name="vendor's SDK", call=vendor(url, certificate), calls=max(1, calls // VENDOR_SHARE)
            ),
        ]
        for contestant in contestants:  # connections, imports and caches are not what is measured
            await contestant.call()
        taken: dict[str, list[tuple[float, float]]] = {one.name: [] for one in contestants}
        for _ in track(range(rounds), "measuring", console=Console(stderr=True, quiet=quiet)):
            for contestant in contestants:
                taken[contestant.name].append(await per_call(contestant))
    return summary(contestants, taken, rounds=rounds)


def summary(
    contestants: list[Contestant], taken: dict[str, list[tuple[float, float]]], *, rounds: int
) -> list[Result]:
    cpu = {name: median(spent for spent, _ in each) for name, each in taken.items()}
    return [
        Result(
            name=one.name,
            cpu_ms=cpu[one.name],
            wall_ms=median(waited for _, waited in taken[one.name]),
            ratio=cpu[one.name] / cpu["bare httpx"],
            calls=one.calls * rounds,
        )
        for one in contestants
    ]


def as_json(results: list[Result]) -> str:
    return json.dumps(
        {
            one.name: {
                "cpu_ms": round(one.cpu_ms, 3),
                "wall_ms": round(one.wall_ms, 3),
                "ratio_to_bare_httpx": round(one.ratio, 2),
                "calls": one.calls,
            }
            for one in results
        }
    )


def as_table(results: list[Result]) -> Table:
    table = Table("client", "CPU ms a call", "wall ms a call", "CPU, times bare httpx", "calls")
    for one in results:
        table.add_row(one.name, f"{one.cpu_ms:.3f}", f"{one.wall_ms:.3f}", f"{one.ratio:.2f}", str(one.calls))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=200, help="calls a round (the SDK: a tenth)")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(Certificate(options.serve)))
        return
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        results = asyncio.run(
            measure(certificate, calls=options.calls, rounds=options.rounds, quiet=options.json)
        )
    if options.json:
        print(as_json(results))
    else:
        Console().print(as_table(results))


if __name__ == "__main__":
    main()
