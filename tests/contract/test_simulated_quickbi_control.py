"""The control API: another process can do to the mails and the service what a test does with methods."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.sandbox.world import Group, SteppedClock, World

if TYPE_CHECKING:
    from tests.contract.caller import Caller


class Remote:
    """JSON in, JSON out."""

    def __init__(self, caller: Caller) -> None:
        self._http = caller.http
        self._base = f"{caller.quickbi.endpoint}/-/"

    async def get(self, path: str) -> Any:
        return (await self._http.get(self._base + path)).raise_for_status().json()

    async def post(self, path: str, **given: Any) -> Any:
        return (await self._http.post(self._base + path, json=given)).raise_for_status().json()

    async def delete(self, path: str) -> Any:
        return (await self._http.delete(self._base + path)).raise_for_status().json()


@pytest.fixture
def remote(caller: Caller) -> Remote:
    return Remote(caller)


@pytest.mark.parametrize(
    ("control", "given", "check"),
    [
        pytest.param("fail-next", {"runs": 2}, lambda mail: mail.fail_next == 2, id="fail-next"),
        pytest.param(
            "fail-for",
            {"seconds": 3600},
            lambda mail: mail.failing_until == mail.seen_until + timedelta(hours=1),
            id="fail-for",
        ),
        pytest.param("hang-next", {}, lambda mail: mail.hang_next == 1, id="hang-next"),
        pytest.param("skip-next", {}, lambda mail: mail.skip_next == 1, id="skip-next"),
        pytest.param("pause", {}, lambda mail: mail.paused, id="pause"),
        pytest.param("revoke", {}, lambda mail: not mail.permitted, id="revoke"),
    ],
)
async def test_a_switch_is_thrown_from_outside(
    remote: Remote, world: World, control: str, given: dict[str, Any], check: Any
) -> None:
    """And the answer is the mail as it is now."""
    mail = world.add_mail("Sales")
    told = await remote.post(f"mails/{mail.mail_id}/{control}", **given)
    assert check(mail)
    assert told["mail_id"] == mail.mail_id


async def test_switches_are_taken_back_from_outside(remote: Remote, world: World) -> None:
    """`mend`, `resume`, `grant`."""
    mail = world.add_mail("Sales", paused=True, permitted=False, fail_next=3, hang_next=1, skip_next=1)
    for control in ("mend", "resume", "grant"):
        told = await remote.post(f"mails/{mail.mail_id}/{control}")
    assert (told["fail_next"], told["hang_next"], told["skip_next"]) == (0, 0, 0)
    assert (told["paused"], told["permitted"]) == (False, True)


async def test_a_run_is_started_released_and_revised_from_outside(remote: Remote, world: World) -> None:
    """Its task ID is a text: as a number it would lose digits in many a client."""
    mail = world.add_mail("Sales")
    started = await remote.post(f"mails/{mail.mail_id}/run", started_ago=1200, hangs=True)
    assert started["latest"]["status"] == "PROCESSING"
    assert started["latest"]["exec_at"] == (world.now - timedelta(minutes=20)).isoformat()
    released = await remote.post(f"mails/{mail.mail_id}/release", outcome="FAILED")
    assert released["latest"]["status"] == "FAILED"
    task_id = released["runs"][0]["task_id"]
    assert task_id == str(world.runs(mail.mail_id)[0].task_id)
    revised = await remote.post(f"mails/{mail.mail_id}/revise", status="SENT", task_id=task_id)
    assert revised["latest"]["status"] == "SENT"


async def test_mails_are_added_and_deleted_from_outside(
    remote: Remote, world: World, world_clock: SteppedClock
) -> None:
    """One with a plan, and many at once."""
    (added,) = (await remote.post("mails", name="Pulse", every=60, takes=5, failure_rate=1.0))["mails"]
    world_clock.advance(seconds=150)
    told = await remote.get(f"mails/{added['mail_id']}")
    assert [run["status"] for run in told["runs"]] == ["FAILED", "FAILED"]
    many = (await remote.post("mails", count=100, prefix="Branch"))["mails"]
    assert [many[0]["name"], many[-1]["name"]] == ["Branch 001", "Branch 100"]
    assert len((await remote.get("mails"))["mails"]) == 101
    await remote.delete(f"mails/{added['mail_id']}")
    assert world.find(added["mail_id"]) is None


async def test_a_storm_is_raised_from_outside(remote: Remote, world: World) -> None:
    """Over mails named one by one, or over the first of a group; what runs can be read afterwards."""
    mails = world.add_mails(5, group=Group.STORM)
    named = await remote.post("storm", mail_ids=[mails[4].mail_id])
    assert named["mail_ids"] == [mails[4].mail_id]
    grouped = await remote.post("storm", group="storm", count=3)
    assert grouped["mail_ids"] == [mail.mail_id for mail in mails[:3]]
    runs = (await remote.get("runs"))["runs"]
    assert {run["task_id"] for run in runs} == {*named["task_ids"], *grouped["task_ids"]}
    assert {run["status"] for run in runs} == {"FAILED"}


async def test_faults_are_added_seen_and_cleared_from_outside(remote: Remote, caller: Caller) -> None:
    """While the API itself is down, its controls are not."""
    added = await remote.post("faults", mode="down", lasting=60)
    assert [fault["mode"] for fault in added["faults"]] == ["down"]
    with pytest.raises(httpx.NetworkError):
        await caller.call("GetMailTaskList")
    await remote.post("faults", mode="slow", seconds=0.01, times=5, action="GetMailTaskList")
    left = await remote.delete("faults?mode=down")
    assert [(fault["mode"], fault["left"]) for fault in left["faults"]] == [("slow", 5)]
    assert (await caller.call("GetMailTaskList")).status_code == 200
    assert (await remote.delete("faults"))["faults"] == []


async def test_the_ledger_is_read_on_from_where_one_was(remote: Remote, caller: Caller, world: World) -> None:
    """Each call with its time, its mail, its run and its outcome; controls are not calls."""
    mail = world.add_mail("Sales")
    run = world.run_now(mail.mail_id)
    await caller.status(mail.mail_id, run.task_id)
    await caller.status("nobody")
    calls = (await remote.get("ledger"))["calls"]
    assert [(call["mail_id"], call["task_id"], call["outcome"]) for call in calls] == [
        (mail.mail_id, str(run.task_id), "OK"),
        ("nobody", "", "Mail.Not.Found"),
    ]
    assert calls[0]["arrived"] <= calls[1]["arrived"]
    await caller.call("GetMailTaskList")
    later = await remote.get(f"ledger?since={calls[-1]['seq']}")
    assert [call["action"] for call in later["calls"]] == ["GetMailTaskList"]
    assert later["violations"] == 0


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        pytest.param("mails/nobody/pause", b"", (404, "there is no mail nobody"), id="no such mail"),
        pytest.param("mails/{id}/explode", b"", (400, "there is no control"), id="no such control"),
        pytest.param("mails/{id}/fail-next", b"{", (400, "not JSON"), id="no JSON"),
        pytest.param("mails/{id}/fail-next", b"[]", (400, "not a JSON object"), id="no object"),
        pytest.param("mails/{id}/fail-next", b'{"runs": "x"}', (400, "runs must be"), id="no number"),
        pytest.param("mails/{id}/fail-for", b'{"seconds": true}', (400, "seconds must"), id="no seconds"),
        pytest.param("mails/{id}/run", b'{"hangs": 1}', (400, "hangs must be"), id="no flag"),
        pytest.param("storm", b'{"mail_ids": "x"}', (400, "mail_ids must be"), id="no list"),
        pytest.param("storm", b'{"group": "x"}', (400, "group is one of"), id="no such group"),
        pytest.param("mails", b"{}", (400, "name must be a text"), id="no name"),
        pytest.param("mails", b'{"count": 1000000}', (400, "at most"), id="too many"),
        pytest.param("faults", b'{"mode": "x"}', (400, "mode is one of"), id="no such fault"),
        pytest.param("nowhere", b"", (400, "there is no POST"), id="no such place"),
    ],
)
async def test_what_makes_no_sense_is_answered_with_a_sentence(
    caller: Caller, world: World, path: str, body: bytes, refusal: tuple[int, str]
) -> None:
    """And changes nothing."""
    mail = world.add_mail("Sales")
    target = f"{caller.quickbi.endpoint}/-/{path.format(id=mail.mail_id)}"
    status, words = refusal
    answer = await caller.http.post(target, content=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert (world.runs(mail.mail_id), mail.fail_next, len(world.mails())) == ([], 0, 1)


async def test_a_web_page_elsewhere_cannot_reach_the_controls(caller: Caller) -> None:
    """A host name that merely points to this machine is refused."""
    target = f"{caller.quickbi.endpoint}/-/mails"
    answer = await caller.http.get(target, headers={"host": "evil.example"})
    assert answer.status_code == 403
