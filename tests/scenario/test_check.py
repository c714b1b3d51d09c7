"""`python -m bot check`: whatever is wrong with an installation has its line, and the line says what to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.app.check import cannot_post, scopes
from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.world import Refusal, World, refusals
from tests.support.rig import free_port, rig
from tests.support.secrets import assert_no_secrets
from tests.support.stubborn_slack import stubborn_slack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.rig import BotProcess, Rig

WELL, NOTE, WRONG = "✓ ok", "! note", "✗ wrong"
BOT_TOKEN, SCOPES, DELIVERY = "Slack: bot token", "Slack: scopes", "Slack: how it reaches us"
OPERATORS, CLOCK, API = "Slack: operator channel", "Quick BI: clock", "Quick BI: credentials and API"
DATABASE = "Database"
EVERYTHING = (BOT_TOKEN, SCOPES, OPERATORS, DELIVERY, CLOCK, API, DATABASE)
BEHIND = {BOT_TOKEN: (SCOPES, OPERATORS), CLOCK: (API,)}  # not looked at where that part is wrong


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was printed: for each part its sign and its words."""

    code: int
    lines: dict[str, tuple[str, str]]

    def wrong(self) -> list[str]:
        return [what for what, (sign, _) in self.lines.items() if sign == WRONG]


async def check(stage: Rig, **settings: str) -> Report:
    """Run it, and read its table. No secret may be in it, and nothing beside it."""
    return await read_report(stage, await stage.launch("check", **settings))


async def read_report(stage: Rig, running: BotProcess) -> Report:
    assert running.process.stdout
    assert running.reading
    async with asyncio.timeout(60):
        shown = (await running.process.stdout.read()).decode()
        code = await running.process.wait()
        await running.reading
    assert running.log == [], "\n".join(running.log)
    secrets = (stage.slack.bot_token, stage.slack.app_token, stage.quickbi.access_key_secret, "PLANTED")
    assert_no_secrets(shown, secrets=secrets)
    lines = {}
    for line in shown.splitlines():
        what = next(each for each in EVERYTHING if each in line)
        sign, _, words = line.partition(what)
        lines[what] = sign.strip(), words.strip()
    return Report(code=code, lines=lines)


async def test_all_is_well(stage: Rig) -> None:
    """Every part has its line; exit code 0. Started as the README says."""
    operators = stage.slack.workspace.channel("reports").id
    report = await read_report(stage, await stage.launch_python("check", OPERATOR_CHANNEL=operators))
    assert tuple(report.lines) == EVERYTHING
    assert {what: sign for what, (sign, _) in report.lines.items() if sign != WELL} == {DATABASE: NOTE}
    assert report.lines[OPERATORS][1] == "#reports"
    assert report.code == 0


async def test_a_check_creates_no_database(stage: Rig) -> None:
    """Wherever it is run from; it says where the bot would create one."""
    report = await read_report(stage, await stage.launch_python("check"))
    says = f"sqlite; {stage.folder / 'mailbot.db'} is not there yet: the bot creates it when it starts."
    assert report.lines[DATABASE] == (NOTE, says)
    assert list(stage.folder.iterdir()) == []


async def test_where_only_ascii_can_be_printed_it_is(stage: Rig) -> None:
    """A pipe on Windows, or a POSIX locale: words instead of signs."""
    running = await stage.launch_python("check", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert running.process.stdout
    shown = await running.process.stdout.read()
    assert await running.stop() == 0, running.log
    assert shown.startswith(b"ok")


async def test_scopes_that_slack_did_not_tell_are_not_called_missing() -> None:
    """A proxy may remove the header that names them."""

    class Slack(AsyncWebClient):
        async def auth_test(self, **_: object) -> AsyncSlackResponse:
            return AsyncSlackResponse(
                client=self,
                http_verb="POST",
                api_url="auth.test",
                req_args={},
                data={"ok": True},
                headers={},
                status_code=200,
            )

    assert await scopes(Slack()) == (None, "Slack did not say which scopes the token has.")


def withhold(*scopes: str) -> Callable[[Rig], None]:
    return lambda stage: stage.slack.withhold_scopes(scopes)


def quickbi(mode: Mode, *, action: str = "*", seconds: float = 0.0) -> Callable[[Rig], None]:
    return lambda stage: stage.quickbi.faults.add(mode, action=action, seconds=seconds)


def nothing(_: Rig) -> None:
    """The setting is the trouble."""


@pytest.mark.parametrize(
    ("provoke", "settings", "part", "words"),
    [
        pytest.param(
            lambda stage: stage.slack.faults.revoke_token(),
            {},
            BOT_TOKEN,
            "token_revoked. The token was revoked. Install the app again.",
            id="bot token revoked",
        ),
        pytest.param(
            nothing,
            {"SLACK_BOT_TOKEN": "xoxb-PLANTED"},
            BOT_TOKEN,
            "invalid_auth. The token is wrong. Copy it again",
            id="bot token wrong",
        ),
        pytest.param(
            lambda stage: stage.slack.faults.server_error("auth.test", status=503),
            {},
            BOT_TOKEN,
            "Slack says HTTP 503",
            id="Slack in trouble",
        ),
        pytest.param(
            lambda stage: stage.slack.faults.refuse_connections("auth.test"),
            {},
            BOT_TOKEN,
            "Is the network, a proxy or the URL wrong? The address is http://127.0.0.1:",
            id="Slack out of reach",
        ),
        pytest.param(
            withhold("im:write"),
            {},
            SCOPES,
            "Missing: im:write. Add them under “OAuth & Permissions”, then install again.",
            id="scope missing",
        ),
        pytest.param(
            nothing,
            {"SLACK_APP_TOKEN": "xapp-PLANTED"},
            DELIVERY,
            "invalid_auth. The token is wrong.",
            id="app token wrong",
        ),
        pytest.param(
            nothing,
            {"OPERATOR_CHANNEL": "C0NOWHERE1"},
            OPERATORS,
            "channel_not_found. No such channel, or it is private and the bot is not in it: invite it.",
            id="no such channel",
        ),
        pytest.param(
            withhold("chat:write.public"),
            {"OPERATOR_CHANNEL": "C0SALES003"},
            OPERATORS,
            "#sales takes only its members' messages: the scope chat:write.public is missing. Invite the bot",
            id="a public channel that the bot may not post in",
        ),
        pytest.param(
            nothing,
            {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "PLANTED"},
            API,
            "SignatureDoesNotMatch: This bot's access key and its secret do not match.",
            id="secret wrong",
        ),
        pytest.param(
            nothing,
            {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAInobody"},
            API,
            "Set ALIBABA_CLOUD_ACCESS_KEY_ID to a key that exists.",
            id="key unknown",
        ),
        pytest.param(
            quickbi(Mode.KEY_INACTIVE),
            {},
            API,
            "Switch it on in Alibaba Cloud's RAM console",
            id="key inactive",
        ),
        pytest.param(
            quickbi(Mode.NOT_PERMITTED, action="GetMailTaskStatus"),
            {},
            API,
            "RAM action quickbi-public:GetMailTaskStatus",
            id="no RAM permission",
        ),
        pytest.param(
            quickbi(Mode.CLOCK_SKEW, seconds=3600),
            {},
            CLOCK,
            "This machine's clock is 1 h behind Quick BI's: every request is refused. Let it keep time with NTP.",
            id="clock off",
        ),
        pytest.param(
            quickbi(Mode.DOWN), {}, CLOCK, "Quick BI does not answer at http://127.0.0.1:", id="Quick BI down"
        ),
        pytest.param(
            quickbi(Mode.GARBAGE), {}, API, "is not Quick BI. Is the address wrong", id="a login page"
        ),
        pytest.param(
            nothing,
            {"DATABASE_URL": "sqlite:///no/such/folder/mailbot.db"},
            DATABASE,
            "no/such/folder is not there. Create it, or name another.",
            id="database unwritable",
        ),
        pytest.param(
            nothing,
            {"DATABASE_URL": f"postgresql://me:PLANTED@127.0.0.1:{free_port()}/db"},
            DATABASE,
            "DATABASE_URL: the database cannot be used",
            id="no PostgreSQL there",
        ),
    ],
)
async def test_what_is_wrong_says_what_to_do(
    stage: Rig, provoke: Callable[[Rig], None], settings: dict[str, str], part: str, words: str
) -> None:
    """Its line is marked, the exit code is 1, and every part that does not depend on it is still looked at."""
    provoke(stage)
    report = await check(stage, **settings)
    sign, says = report.lines[part]
    assert sign == WRONG
    assert words in says
    assert "Tell whoever runs this bot" not in says
    assert report.wrong() == [part] or part != BOT_TOKEN
    assert tuple(report.lines) == tuple(each for each in EVERYTHING if each not in BEHIND.get(part, ()))
    assert report.code == 1


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"auth_test": '{"ok": tru'}, id="broken JSON"),
        pytest.param({"auth_test": "<html>Log in</html>", "kind": "text/html"}, id="a login page"),
        pytest.param({"auth_test": "hello", "kind": "text/plain"}, id="text"),
    ],
)
async def test_what_is_not_slack_is_told(stage: Rig, how: dict[str, str]) -> None:
    """A proxy or a wrong address, and no mistake of ours."""
    async with stubborn_slack(**how) as slack:
        report = await check(stage, SLACK_API_URL=f"{slack.url}api/")
    assert report.code == 1
    assert report.lines[BOT_TOKEN][0] == WRONG
    assert "What answers at SLACK_API_URL is not Slack" in report.lines[BOT_TOKEN][1]
    assert report.lines[API][0] == WELL


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        pytest.param({"is_archived": True, "is_member": True}, "is archived", id="archived"),
        pytest.param({"is_read_only": True, "is_member": True}, "takes no new messages", id="read only"),
        pytest.param({"is_frozen": True, "is_member": True}, "takes no new messages", id="frozen"),
        pytest.param({"is_thread_only": True, "is_member": True}, "takes no new messages", id="threads only"),
        pytest.param({"is_private": True}, "is private. Invite the bot there.", id="private"),
        pytest.param({"is_private": True, "is_member": True}, "", id="private, and invited"),
        pytest.param({"is_mpim": True, "is_private": True}, "that no bot can join", id="a group message"),
        pytest.param({"is_im": True}, "", id="a direct message"),
        pytest.param({}, "", id="public"),
    ],
)
def test_why_the_operators_would_hear_nothing(channel: dict[str, bool], words: str) -> None:
    """By what Slack tells of the channel, for a message posted to try it would be noise."""
    why_not = cannot_post(channel, frozenset({"chat:write.public"}))
    assert (words in why_not) if words else why_not == ""


async def test_a_running_bots_sqlite_file_is_checked_beside_it(stage: Rig) -> None:
    """Whoever looks for a fault need not stop the bot first."""
    await stage.start_bot()
    report = await check(stage)
    assert report.lines[DATABASE][0] == WELL
    assert report.lines[DATABASE][1].startswith("sqlite; a bot is running on it, and it can be written")
    assert report.code == 0


@pytest.mark.parametrize(
    ("provoke", "part", "words"),
    [
        pytest.param(
            withhold("groups:history"), SCOPES, "Without groups:history a notice", id="no optional scope"
        ),
        pytest.param(nothing, OPERATORS, "OPERATOR_CHANNEL is not set", id="no operator channel"),
        pytest.param(
            quickbi(Mode.CLOCK_SKEW, seconds=-150),
            CLOCK,
            "2 min ahead of Quick BI's.",
            id="clock a little off",
        ),
        pytest.param(
            quickbi(Mode.THROTTLED, action="GetMailTaskStatus"), API, "uses up the limit", id="throttled"
        ),
    ],
)
async def test_what_could_be_better_is_a_note(
    stage: Rig, provoke: Callable[[Rig], None], part: str, words: str
) -> None:
    """It works as it is: exit code 0."""
    provoke(stage)
    report = await check(stage)
    assert report.lines[part][0] == NOTE
    assert words in report.lines[part][1]
    assert report.wrong() == []
    assert report.code == 0


async def test_http_mode_names_the_address_that_slack_must_reach(tmp_path: Path) -> None:
    """Only Slack itself can try it, so it is a note with what to do."""
    async with rig(tmp_path, http=True, calls_per_second=50) as stage:
        report = await check(stage, HTTP_PORT="3999")
    sign, says = report.lines[DELIVERY]
    assert sign == NOTE
    assert "127.0.0.1:3999/slack/events" in says
    assert report.code == 0


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(refusals.MAIL_DELETED, id="deleted"),
        pytest.param(refusals.MAIL_SUBJECT, id="odd subject"),
    ],
)
async def test_what_is_wrong_with_one_mail_is_no_fault_of_the_installation(
    tmp_path: Path, refusal: Refusal
) -> None:
    """The API was accepted, and that is what was asked."""
    world = World()
    world.add_mail("The only one", on_status=refusal)
    async with rig(tmp_path, world=world, calls_per_second=50) as stage:
        report = await check(stage)
    assert report.lines[API] == (WELL, "Accepted; 1 mail can be seen")


async def test_an_account_that_sees_no_mail_is_told_so(tmp_path: Path) -> None:
    """A new installation: it works, and somebody has to share a mail."""
    async with rig(tmp_path, world=World(), calls_per_second=50) as stage:
        report = await check(stage)
    sign, says = report.lines[API]
    assert sign == NOTE
    assert "this account sees no mail" in says
    assert report.code == 0
