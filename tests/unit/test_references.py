"""From what was typed to the mail that is meant: the parser and the directory together, as the desks use them."""

from __future__ import annotations

import pytest

from bot.domain import Choice, MailId, MailRef, TaskId
from bot.slack.commands import AskMail, Verb, parse
from tests.unit.test_directory import directory_of, mail

LONG_ID = "d5a59a898b634d75be5584f8dc159c62"
TASK = 7218865303929605212
CAST = (
    mail("Sales", "sales-id"),
    mail("Sales 20241009", "dated"),
    mail("KPI-Q3", "kpi"),
    mail("10086 Call Center", "call"),
    mail("Weekly Ops", LONG_ID),
    mail("zq17", "named-as-an-id"),
    mail("Ada's mail", "zq18"),
    mail("Twins", "one"),
    mail("Twins", "two"),
)


async def _meant(typed: str) -> MailRef | Choice:
    directory = await directory_of(*CAST)
    asked = parse(Verb.STATUS, typed, knows=directory.knows)
    assert isinstance(asked, AskMail)
    return directory.meant(asked.target)


@pytest.mark.parametrize(
    ("typed", "mail_id", "task"),
    [
        pytest.param("sales 20241009", "dated", None, id="the exact name, not Sales and a task"),
        pytest.param("kpi-q3", "kpi", None, id="a name that could be an ID"),
        pytest.param("“10086 Call Center”", "call", None, id="a name that begins as an ID would"),
        pytest.param(f"Sales {TASK}", "sales-id", TASK, id="a name and a task"),
        pytest.param(f"Wekly Ops TaskId={TASK}", LONG_ID, TASK, id="a slip, and a task"),
        pytest.param("zq17", "named-as-an-id", None, id="a name that looks like an ID"),
        pytest.param("ZQ18", "zq18", None, id="a known ID, before close names"),
        pytest.param(LONG_ID.upper(), LONG_ID, None, id="an ID in capitals"),
        pytest.param("MailId=weekly ops", LONG_ID, None, id="a name behind the ID's label"),
        pytest.param("xx-17-yy", "xx-17-yy", None, id="an ID that the list has not"),
        pytest.param("f" * 31 + "0", "f" * 31 + "0", None, id="an ID of the usual shape that it has not"),
    ],
)
async def test_what_is_typed_means_one_mail(typed: str, mail_id: str, task: int | None) -> None:
    """Known names and IDs first, then close names, then an ID that only Quick BI may know."""
    expected = MailRef(mail_id=MailId(mail_id), task_id=None if task is None else TaskId(task))
    assert await _meant(typed) == expected


@pytest.mark.parametrize(
    ("typed", "mails", "task"),
    [
        pytest.param(f"twins {TASK}", {"one", "two"}, TASK, id="two of one name, and a task"),
        pytest.param("Sales 20241010", {"dated", "sales-id"}, None, id="another date"),
        pytest.param("KPI-Q4", {"kpi"}, None, id="another number"),
    ],
)
async def test_what_may_mean_another_is_asked_back(typed: str, mails: set[str], task: int | None) -> None:
    """Never another mail silently; the task is kept for whichever it is."""
    choice = await _meant(typed)
    assert isinstance(choice, Choice)
    assert {each.mail_id for each in choice.mails} >= mails
    assert choice.task_id == task
