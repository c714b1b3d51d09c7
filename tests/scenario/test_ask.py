"""People type /mail-status: the real process, real Bolt, over Socket Mode and over HTTP."""

from __future__ import annotations

import asyncio
import signal
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import MailId, MailRef, TeamId, UserId
from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.slack.model import Answered
from bot.sandbox.world import Status
from bot.slack.app import bolt_app
from bot.slack.commands import Verb
from bot.slack.kit.actions import Act, InChannel, under_status
from bot.slack.payloads import Home, typed
from bot.slack.transport.access import AccessPolicy
from bot.slack.transport.dispatcher import Dispatcher
from bot.slack.transport.users import Users
from bot.slack.views import status as messages
from tests.messages.judges import texts
from tests.scenario.steps import labels
from tests.support.rig import MANIFEST, rig
from tests.support.secrets import assert_no_secrets
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain import SubscriptionState
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Typed
    from bot.slack.transport.responders import Answer
    from tests.support.rig import Rig

STATES = {
    "Daily Sales": "was sent",
    "Weekly Ops": "failed",
    "Stock Levels": "is running",
    "Month-end Close": "is probably stuck",
    "New Joiners": "has not run yet",
    "Warehouse Handover": "3 runs, newest first",
    "Fleet Mileage": "a state that I do not know: “QUEUED”",
}
REFUSALS = {
    "Salaries": "This bot may not see",
    "Retired Report": "Quick BI cannot find Retired Report",
    "Re: ${subject}": "does not accept the subject",
    "Board Pack (admin)": "API call auth user",
    "Board Pack (stranger)": "not in your Quick BI organisation",
    "RAM Policy": "quickbi-public:GetMailTaskStatus",
    "Wrong Key": "does not know this bot's access key",
    "Sleeping Key": "access key is switched off",
    "Wrong Secret": "do not match",
    "Wrong Clock": "clock of this bot's machine is wrong",
    "Old Token": "temporary access has expired",
    "Attachment Quota": "Quick BI refused with",
    "Odd answer: html page": "in a way that I do not understand",
}


async def test_what_passes_by_itself_is_asked_again_from_its_answer(both_ways: Rig) -> None:
    """The button stands where asking again can help, and puts the new truth in the same place."""
    mail_id = both_ways.world.named("Daily Sales").mail_id
    both_ways.quickbi.faults.add(Mode.UNAVAILABLE, lasting=600)
    await both_ways.slack.people.type_command("ada", "reports", f"/mail-status {mail_id}")
    answer = await both_ways.until_text("Quick BI is not answering", seconds=20)
    assert labels(answer) == ["Check again"]
    both_ways.quickbi.faults.clear()
    await both_ways.slack.people.click("ada", Act.CHECK, channel="reports", ts=answer.ts)
    assert (await both_ways.until_text("Daily Sales was sent", seconds=20)).ts == answer.ts
    refused = await both_ways.ask("/mail-status Retired Report")
    assert labels(refused) == []


async def test_every_state_and_refusal_has_its_words(both_ways: Rig) -> None:
    """One mail after the other, by its ID: the state, or why there is none and what to do."""
    for name, words in (STATES | REFUSALS).items():
        mail = both_ways.world.named(name)
        await both_ways.slack.people.type_command("ada", "reports", f"/mail-status `{mail.mail_id}`")
        await both_ways.until_text(words, seconds=20)
    assert both_ways.bot
    assert_no_secrets(
        "\n".join(both_ways.bot.log),
        *both_ways.answers("ada"),
        secrets=(
            both_ways.quickbi.access_key_secret,
            both_ways.slack.bot_token,
            both_ways.slack.app_token,
            both_ways.slack.signing_secret,
        ),
    )


async def test_the_ack_does_not_wait_for_quick_bi(both_ways: Rig) -> None:
    """Slack waits three seconds, Quick BI takes five: every ack is there before, and the answer comes."""
    mail = both_ways.world.named("Weekly Ops")
    both_ways.quickbi.faults.add(Mode.SLOW, action="GetMailTaskStatus", seconds=5)
    outcomes = [
        await both_ways.slack.people.type_command("ada", "reports", f"/mail-status {mail.mail_id}")
        for _ in range(10)
    ]
    assert {outcome.answered for outcome in outcomes} == {Answered.ACKED}
    assert median(outcome.seconds for outcome in outcomes) < 0.05
    await both_ways.until_text("Weekly Ops failed", seconds=20)


async def test_an_ack_takes_less_than_five_milliseconds() -> None:
    """Of our own and Bolt's work, that is: the best of many, for what the machine and the wire add is not ours.

    Bolt alone looks for an ack every ten milliseconds, which no try would be quick enough to hide.
    """
    home = Home(team_id=TeamId("T0SANDBOX"), enterprise_id="", bot_user_id=UserId("U0BOT"), app_name="x")
    app, asked = bolt_app(home), asyncio.Event()

    async def slow(_: Typed, __: Answer) -> None:
        await asked.wait()

    gate = AccessPolicy(home, Users(AsyncWebClient(), fallback=UTC), NobodySubscribed())
    boundary = Dispatcher(gate, lambda _: Nowhere())
    app.command("/mail-status")(boundary.listener(typed, slow))
    seconds = []
    for _ in range(50):
        request = AsyncBoltRequest(body=COMMAND, mode="socket_mode")
        began = perf_counter()
        response = await app.async_dispatch(request)
        seconds.append(perf_counter() - began)
        assert response.status == 200
    assert boundary.busy == 50
    asked.set()
    await boundary.drain(1)
    assert min(seconds) < 0.005


class NobodySubscribed:
    async def of_person(self, user_id: UserId) -> tuple[SubscriptionState, ...]:
        assert user_id
        return ()


class Nowhere:
    """No way back: nothing is said here."""

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        raise AssertionError((message, replace, in_channel))


COMMAND = {
    "command": "/mail-status",
    "text": "Weekly Ops",
    "user_id": "U0ADA00001",
    "team_id": "T0SANDBOX",
    "channel_id": "C0REPORTS2",
    "response_url": "",
    "trigger_id": "1.2",
}


async def test_a_mail_is_found_by_its_name(both_ways: Rig) -> None:
    """The exact name answers, a close one too, and an unknown one says so."""
    assert "Daily Sales was sent" in (await both_ways.ask("/mail-status daily sales")).text
    assert "Weekly Ops failed" in (await both_ways.ask("/mail-status Wekly Ops")).text
    assert "I know no mail named" in (await both_ways.ask("/mail-status Unheard of thing")).text


@pytest.mark.parametrize("command", ["status", "run", "history"])
async def test_an_exact_name_is_that_mail_whatever_it_looks_like(stage: Rig, command: str) -> None:
    """Not an ID, not another mail with a task behind it; and never a usage error."""
    stage.settings["MAIL_RUN_USERS"] = "*"
    for name in ("Sales", "Sales 20241009", "KPI-Q3", "10086 Call Center", "Daily Sales (EU)"):
        stage.world.add_mail(name)
    await stage.start_bot()
    for name in ("Sales 20241009", "kpi-q3", "10086 Call Center", "Daily Sales (EU)"):
        answer = await stage.ask(f"/mail-{command} {name}")
        assert name.casefold() in answer.text.casefold()
        assert "has not run yet" in answer.text or command != "status"
        assert "Which mail" not in answer.text


async def test_a_close_name_with_other_numbers_is_asked_back_and_unknown_ids_are_asked(stage: Rig) -> None:
    """“Sales 20241009” is not silently “Sales”. What no name is like may be an ID that the list has not."""
    stage.world.add_mail("Sales")
    await stage.start_bot()
    for command in ("status", "subscribe"):
        assert "Which mail do you mean" in (await stage.ask(f"/mail-{command} Sales 20241009")).text
    assert "Quick BI has no mail" in (await stage.ask("/mail-status zq-17-xxy")).text


async def test_a_run_of_a_mail_that_shares_its_name_is_kept_over_the_choice(stage: Rig) -> None:
    """The button shows that run, not the latest; twins of one owner are told apart."""
    first, second = (stage.world.add_mail("Twin Report") for _ in range(2))
    run = stage.world.run_now(second.mail_id, takes=timedelta(0), outcome=Status.FAILED)
    stage.world.run_now(second.mail_id, takes=timedelta(0), outcome=Status.SENT)
    await stage.start_bot()
    asked = await stage.ask(f"/mail-status twin report {run.task_id}")
    assert {mail.mail_id[-6:] in asked.text for mail in (first, second)} == {True}
    buttons = next(block["elements"] for block in asked.blocks if block["type"] == "actions")
    index = next(at for at, each in enumerate(buttons) if each["value"] == f"{second.mail_id} {run.task_id}")
    await stage.slack.people.click("ada", f"mail_pick:mail-status:{index}", channel="reports", ts=asked.ts)
    await stage.until_text("Twin Report failed")


@pytest.mark.parametrize("prefix", ["staging-", "staging", "staging_"])
async def test_any_prefix_works_and_is_shown(tmp_path: Path, prefix: str) -> None:
    """A second app's commands: each is acked and answered, and what it tells to type is its own."""
    manifest = deepcopy(MANIFEST)
    for each in manifest["features"]["slash_commands"]:
        each["command"] = f"/{prefix}{each['command'].removeprefix('/')}"
    async with rig(tmp_path, calls_per_second=50, manifest=manifest) as stage:
        await stage.start_bot()
        assert "Daily Sales was sent" in (await stage.ask(f"/{prefix}mail-status Daily Sales")).text
        for verb in Verb:
            answer = await stage.ask(f"/{prefix}{verb} help")
            assert f"/{prefix}mail-" in answer.text
            assert "/mail-" not in f"{answer.text} {answer.blocks}"
        wrong = await stage.ask(f"/{prefix}mail-status {'d5a5' * 8} yesterday")
        assert f"For example: /{prefix}mail-status " in wrong.text
        wrong = await stage.ask(f"/{prefix}mail-subscribe Daily Sales due 25:00")
        assert f"For example: /{prefix}mail-subscribe " in wrong.text
        none = await stage.ask(f"/{prefix}mail-subscriptions")
        assert f"Type /{prefix}mail-subscribe " in none.text
        left = await stage.ask(f"/{prefix}mail-unsubscribe Daily Sales")
        assert f" /{prefix}mail-subscriptions shows" in left.text
        await stage.slack.people.open_home("ada")
        await stage.slack.changes.until(
            lambda: f"`/{prefix}mail-subscribe`" in str(stage.slack.home("ada")) or None
        )


async def test_what_makes_no_sense_is_explained(both_ways: Rig) -> None:
    """A usage error is answered with an example, and costs no call."""
    before = len(both_ways.quickbi.ledger)
    answer = await both_ways.ask("/mail-status d5a59a898b634d75be5584f8dc159c62 yesterday")
    assert "“yesterday” is not a task ID" in answer.text
    assert len(both_ways.quickbi.ledger) == before


async def test_a_pasted_error_is_explained(stage: Rig) -> None:
    """Beside the run that it is about, or alone where it names no mail; an unknown code is shown as it is."""
    await stage.start_bot()
    mail_id = stage.world.named("Weekly Ops").mail_id
    told = await stage.ask(f"/mail-status [MailId]:{mail_id}; [ErrorCode]:50005")
    assert "Weekly Ops failed" in told.text
    assert "Error 50005: Feishu does not let" in told.text
    assert "can see why" not in told.text
    assert "Feishu" in (await stage.ask("/mail-status 50005")).text
    assert "Feishu group" in (await stage.ask("/mail-status 请求远程服务失败")).text
    assert "98765: I don't know this code" in (await stage.ask("/mail-status [ErrorCode]:98765")).text
    gone = await stage.ask("/mail-status [MailId]:90001; [ErrorCode]:20002")
    assert "has no mail with the ID 90001" in gone.text
    assert "took over 11 minutes" in gone.text


async def test_check_again_replaces_the_answer_in_place(both_ways: Rig) -> None:
    """The button asks anew; the old message shows the new truth."""
    mail = both_ways.world.named("Weekly Ops")
    answer = await both_ways.ask(f"/mail-status {mail.mail_id}")
    both_ways.world.run_now(mail.mail_id)
    await asyncio.sleep(5.1)  # an observation of the last five seconds would be an answer
    await both_ways.slack.people.click("ada", "mail_check", channel="reports", ts=answer.ts)
    shown = await both_ways.until_text("Weekly Ops is running")
    assert shown.ts == answer.ts


async def test_a_mails_name_pings_nobody(both_ways: Rig) -> None:
    """`<!channel>` in a name is shown, not obeyed."""
    mail = next(mail for mail in both_ways.world.mails() if "<!channel>" in mail.name)
    answer = await both_ways.ask(f"/mail-status {mail.mail_id}")
    assert not any("<!channel>" in shown for shown in [answer.text, *texts(answer.blocks, "mrkdwn")])
    assert "&lt;!channel&gt;" in answer.text


async def test_a_person_of_another_organisation_is_refused(both_ways: Rig) -> None:
    """Their clicks arrive through shared channels; they are told kindly, learn nothing and cost no call."""
    mail = both_ways.world.named("Weekly Ops")
    message = messages.checking(
        MailRef(mail_id=MailId(mail.mail_id)), None, ready_in=1, last=None, now=datetime.now(UTC), zone=UTC
    )
    ref = MailRef(mail_id=MailId(mail.mail_id))
    controls = under_status(ref, "x", has_failed=True, here=InChannel(is_subscribed=False))
    blocks = [*message.payload()["blocks"], controls.to_dict()]
    posted = await both_ways.web_client().chat_postMessage(channel="C0PARTNER6", text="Shared", blocks=blocks)
    before = len(both_ways.quickbi.ledger.calls("GetMailTaskStatus"))
    await both_ways.slack.people.click("olga", "mail_check", channel="partners", ts=posted["ts"])
    await both_ways.until_text("people from other organisations cannot ask", user="olga", channel="partners")
    assert len(both_ways.quickbi.ledger.calls("GetMailTaskStatus")) == before


async def test_a_hundred_people_asking_twenty_mails_at_once(tmp_path: Path) -> None:
    """Nobody waits in silence for 2 s, nobody's answer costs a call of its own, no call is over the limit."""
    async with rig(tmp_path, settings={"QUICKBI_CHECK_INTERVAL": "100000"}) as stage:
        mails = [stage.world.named(f"Store {number:03d}") for number in range(1, 21)]
        bot = await stage.start_bot()
        people = ("ada", "bob", "mei")
        channels = [stage.slack.workspace.add_channel(f"team-{number}").name for number in range(34)]
        asking = [(people[n % 3], channels[n // 3], mails[n % 20]) for n in range(100)]
        stopwatch = Stopwatch(bot.process.pid)
        await asyncio.gather(
            *(
                stage.slack.people.type_command(user, channel, f"/mail-status {mail.mail_id}")
                for user, channel, mail in asking
            )
        )
        first = await asyncio.gather(
            *(stage.until_text("", user=user, channel=channel) for user, channel, _ in asking)
        )
        assert stopwatch.seconds < 2.0
        assert len(first) == 100
        for user, channel, mail in asking:
            live = await stage.until_text(f"{mail.name} ", user=user, channel=channel, seconds=40)
            assert "Checking" not in live.text or await stage.until_text(
                f"{mail.name} was", user=user, channel=channel, seconds=40
            )
        calls = stage.quickbi.ledger.calls("GetMailTaskStatus")
        assert [call.outcome for call in calls] == ["OK"] * 20
        assert len({call.mail_id for call in calls}) == 20


async def test_who_is_being_answered_when_the_bot_is_stopped_gets_an_answer(tmp_path: Path) -> None:
    """SIGTERM in the middle: the near answers arrive, the far ones are told to ask again, all within 10 s."""
    async with rig(tmp_path) as stage:
        bot = await stage.start_bot()
        channels = [stage.slack.workspace.add_channel(f"team-{number}").name for number in range(12)]
        for number, channel in enumerate(channels, 1):
            mail = stage.world.named(f"Store {number:03d}")
            await stage.slack.people.type_command("ada", channel, f"/mail-status {mail.mail_id}")
        stopwatch = Stopwatch(bot.process.pid)
        assert await stopwatch.over(bot.stop(how=signal.SIGTERM, seconds=60)) == 0
        assert stopwatch.seconds < 10
        last = [stage.answers("ada", channel)[-1].text for channel in channels]
        assert all("Checking" not in text for text in last)
        assert sum("was sent" in text for text in last) >= 5
        assert all("was sent" in text or "Please ask again" in text for text in last)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        pytest.param({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is missing", id="no bot token"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "oops-PLANTED"}, "SLACK_BOT_TOKEN must be a bot token", id="odd token"
        ),
        pytest.param({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN", id="no way for Slack to reach us"),
        pytest.param({"HTTP_PORT": "PLANTED"}, "HTTP_PORT", id="odd port"),
        pytest.param({"QUICKBI_TIMEZONE": "PLANTED"}, "QUICKBI_TIMEZONE", id="odd zone"),
        pytest.param({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": ""}, "belong", id="half a key pair"),
    ],
)
async def test_a_wrong_setting_is_one_clear_line(stage: Rig, broken: dict[str, str], says: str) -> None:
    """Exit code 2, the setting's name, never its value, no traceback."""
    bot = await stage.launch(**broken)
    assert await asyncio.wait_for(bot.process.wait(), 20) == 2
    assert bot.reading
    await bot.reading
    shown = "\n".join(bot.log)
    assert says in shown or says.replace("belong", "go together") in shown
    assert "PLANTED" not in shown
    assert "Traceback" not in shown


async def test_a_refused_token_is_one_clear_line(stage: Rig) -> None:
    """Slack's word for it, exit code 1, no traceback and no token."""
    bot = await stage.launch(SLACK_BOT_TOKEN="xoxb-PLANTED-token")
    assert await asyncio.wait_for(bot.process.wait(), 20) == 1
    assert bot.reading
    await bot.reading
    shown = "\n".join(bot.log)
    assert "SLACK_BOT_TOKEN" in shown
    assert "invalid_auth" in shown
    assert "PLANTED" not in shown
    assert "Traceback" not in shown
