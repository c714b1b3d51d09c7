"""What people really paste to name a mail, and what cannot be read in it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    MAX_TASK_ID,
    MailRef,
    TaskId,
    UsageError,
)
from bot.mails.references import MailName
from bot.slack.commands import (
    AskMail,
    Verb,
    parse,
)
from tests.unit.typed_samples import MAIL, OTHER, TASK, VENDOR_LINE, ref


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(MAIL, ref(), id="plain"),
        pytest.param(f"  {MAIL}  ", ref(), id="blanks around"),
        pytest.param(f"\u00a0{MAIL}\u00a0{TASK}", ref(task=TASK), id="non-breaking spaces"),
        pytest.param(f"\u3000{MAIL}\u3000", ref(), id="ideographic spaces"),
        pytest.param(f"\u200b{MAIL}\ufeff", ref(), id="invisible characters"),
        pytest.param(f"`{MAIL}`", ref(), id="back-ticks"),
        pytest.param(f"```{MAIL}```", ref(), id="code block"),
        pytest.param(f'"{MAIL}"', ref(), id="straight quotes"),
        pytest.param(f"“{MAIL}”", ref(), id="English quotes"),
        pytest.param(f"„{MAIL}“", ref(), id="German quotes"),
        pytest.param(f"«{MAIL}»", ref(), id="French quotes"),
        pytest.param(f"« {MAIL} »", ref(), id="French quotes with blanks"),
        pytest.param(f"「{MAIL}」", ref(), id="Japanese quotes"),
        pytest.param(f"『{MAIL}』", ref(), id="Chinese quotes"),
        pytest.param(f"‘{MAIL}’", ref(), id="single quotes"),
        pytest.param(f"<{MAIL}>", ref(), id="angle brackets"),
        pytest.param(f"&lt;{MAIL}&gt;", ref(), id="angle brackets as Slack escapes them"),
        pytest.param(f"[{MAIL}]", ref(), id="brackets"),
        pytest.param(f"({MAIL}).", ref(), id="parenthesis and full stop"),
        pytest.param(f"{MAIL},", ref(), id="trailing comma"),
        pytest.param(f"{MAIL}。", ref(), id="Chinese full stop"),
        pytest.param(f'"`<{MAIL}>`",', ref(), id="all of it"),
        pytest.param(f"`_*~{MAIL}~*_`", ref(), id="all of Slack's emphasis"),
        pytest.param(f"*{MAIL}*", ref(), id="bold"),
        pytest.param(f"_{MAIL}_", ref(), id="italic"),
        pytest.param(f"~{MAIL}~", ref(), id="struck out"),
        pytest.param(f"- {MAIL}", ref(), id="a list's dash"),
        pytest.param(f"• {MAIL}", ref(), id="a list's dot"),
        pytest.param(f"&gt; {MAIL}", ref(), id="a quotation"),
        pytest.param(f"\u2066{MAIL}\u2069", ref(), id="direction marks"),
        pytest.param(f"{MAIL}\ufe0f", ref(), id="a variation selector"),
        pytest.param(f"{MAIL[:9]}\u00ad{MAIL[9:]}", ref(), id="a soft hyphen inside"),
        pytest.param("2342526", ref("2342526"), id="a short number is a mail ID too"),
        pytest.param(f"{MAIL} ７２１８", ref(task=7218), id="a task ID in full width"),
        pytest.param(f"MailId: {MAIL}\nTaskId: {TASK}", ref(task=TASK), id="labels on lines"),
        pytest.param(f'{{\n "MailId":\n  "{MAIL}"\n}}', ref(), id="JSON on lines"),
        pytest.param("a", MailName(words="a"), id="one letter may be a name or an ID"),
        pytest.param("Sales2024", MailName(words="Sales2024"), id="one word with digits, too"),
        pytest.param(f"{MAIL} {TASK}", ref(task=TASK), id="mail and task"),
        pytest.param(f"`{MAIL}`, `{TASK}`", ref(task=TASK), id="mail and task, wrapped"),
        pytest.param(f"{MAIL} 1", ref(task=1), id="smallest task"),
        pytest.param(f"{MAIL} {MAX_TASK_ID}", ref(task=MAX_TASK_ID), id="largest task"),
        pytest.param(f"{MAIL},{TASK}", ref(task=TASK), id="glued by a comma"),
        pytest.param(f"{MAIL}，{TASK}", ref(task=TASK), id="glued by a Chinese comma"),
        pytest.param(f"{MAIL};{TASK}", ref(task=TASK), id="glued by a semicolon"),
        pytest.param(f"{MAIL}/{TASK}", ref(task=TASK), id="glued by a slash"),
        pytest.param(f"{MAIL}|{TASK}", ref(task=TASK), id="glued by a bar"),
        pytest.param(f"{MAIL},5", ref(task=5), id="glued to a small task"),
        pytest.param(f"2342526,{TASK}", ref("2342526", TASK), id="two glued numbers"),
        pytest.param(f"“{MAIL}”，“{TASK}”", ref(task=TASK), id="glued quotes"),
        pytest.param(f"{MAIL}|Daily Sales|Ada", ref(), id="a table's row"),
        pytest.param(f"| Daily Sales | {MAIL} |", ref(), id="a table's row, the ID behind the name"),
        pytest.param(f"{MAIL}|…", ref(), id="a row that was cut off"),
        pytest.param(f"{MAIL}#tab=1", ref(), id="a fragment"),
        pytest.param(f"https://bi.example.com/mail/{MAIL}", ref(), id="a path"),
        pytest.param(f"&lt;https://bi.example.com/mail/{MAIL}&gt;", ref(), id="a path in angle brackets"),
        pytest.param(f"<https://bi.example.com/mail/{MAIL}>", ref(), id="a path that Slack made a link"),
        pytest.param(
            f"<http://bi.example.com/mail/{MAIL}|bi.example.com/mail/{MAIL}>", ref(), id="a link with words"
        ),
        pytest.param(f"https://bi.example.com/mail/{MAIL}/{TASK}", ref(task=TASK), id="a path, with a task"),
        pytest.param(
            f"https://bi.example.com:30000/{OTHER}/mail/{MAIL}?from=20241009", ref(), id="a long path"
        ),
        pytest.param("http://localhost:30000/mail/2342526/", ref("2342526"), id="a path, a short ID"),
        pytest.param(f"https://bi.example.com/mail?id={MAIL}&amp;tab=12345", ref(), id="a query value"),
        pytest.param(f"https://bi.example.com/?mailId={MAIL}#tab=1", ref(), id="a labelled query value"),
        pytest.param(
            f"https://bi.example.com/mail/{MAIL}?taskId={TASK}", ref(task=TASK), id="a path, a labelled task"
        ),
        pytest.param(f"/mail-status {MAIL}", ref(), id="the command once more"),
        pytest.param(f"/staging-mail-run {MAIL}", ref(), id="some other command once more"),
        pytest.param(f"{TASK} {MAIL}", ref(task=TASK), id="the task first"),
        pytest.param(f"1. {MAIL}", ref(), id="a list's number"),
        pytest.param(f"the mail {MAIL} failed", ref(), id="an ID in a sentence"),
        pytest.param(f"mail {MAIL} task {TASK}", ref(task=TASK), id="words before each"),
        pytest.param(f"{MAIL} (task {TASK})", ref(task=TASK), id="a word before the task, in brackets"),
        pytest.param(f"*MailId*: {MAIL} *TaskId:* {TASK}", ref(task=TASK), id="bold labels"),
        pytest.param(f"MailId={MAIL} TaskId={TASK}", ref(task=TASK), id="labels"),
        pytest.param(f"{MAIL} TaskId={TASK}", ref(task=TASK), id="a label for the task alone"),
        pytest.param(f"TaskId={TASK}, {MAIL}", ref(task=TASK), id="that before the mail"),
        pytest.param(f"mail: {MAIL}", ref(), id="a short label"),
        pytest.param(f"mail={MAIL} task={TASK}", ref(task=TASK), id="short labels"),
        pytest.param(f"MailId {MAIL}", ref(), id="a label with a blank"),
        pytest.param(f"Mail ID {MAIL} Task ID {TASK}", ref(task=TASK), id="labels with blanks"),
        pytest.param(f"邮件ID：{MAIL} 任务ID：{TASK}", ref(task=TASK), id="Chinese labels"),
        pytest.param(f"MailId={MAIL}#tab=1", ref(), id="a label and a fragment"),
        pytest.param(f"MailId={MAIL} {TASK}", ref(task=TASK), id="a label for the mail alone"),
        pytest.param(f"mail:{MAIL}/{TASK}", ref(task=TASK), id="a label before a glued pair"),
        pytest.param(f"MailId={MAIL} please", ref(), id="a label and words behind it"),
        pytest.param("MailId=kpi-q3", ref("kpi-q3"), id="a labelled ID of an odd shape"),
        pytest.param(f'{{"mailId":"{MAIL}","taskId":0}}', ref(), id="JSON, task 0"),
        pytest.param(f'{{"mailId":"{MAIL}","taskId":null}}', ref(), id="JSON, no task"),
        pytest.param(f'{{"mailId":"{MAIL}","taskId":""}}', ref(), id="JSON, an empty task"),
        pytest.param(
            f'{{"data":{{"mailId":"{MAIL}","taskId":"{TASK}"}}}}', ref(task=TASK), id="JSON inside JSON"
        ),
        pytest.param(
            f"[ErrorMessage]:TaskId: wrong; [TaskId]:{TASK}; [MailId]:{MAIL}",
            ref(task=TASK),
            id="a task's label in free text",
        ),
        pytest.param(
            f"[ErrorMessage]:no MailId: 12345678; [TaskId]:{TASK}; [MailId]:{MAIL}",
            ref(task=TASK),
            id="a mail's label in free text",
        ),
        pytest.param(
            f"ErrorMessage: MailId: gone, TaskId: {TASK}, MailId: {MAIL}",
            ref(task=TASK),
            id="free text, no brackets",
        ),
        pytest.param(f"taskid: {TASK}, mailid: {MAIL}", ref(task=TASK), id="labels, other way round"),
        pytest.param(f"MailId={MAIL}", ref(), id="mail label alone"),
        pytest.param(f"mail id：{MAIL}", ref(), id="full-width colon"),
        pytest.param(f"mail_id='{MAIL}'", ref(), id="Python"),
        pytest.param(f'{{"mailId": "{MAIL}", "taskId": {TASK}}}', ref(task=TASK), id="JSON"),
        pytest.param(f"?MailId={MAIL}&TaskId={TASK}", ref(task=TASK), id="query string"),
        pytest.param(f"?MailId={MAIL}&amp;TaskId={TASK}", ref(task=TASK), id="query string, escaped"),
        pytest.param(VENDOR_LINE, ref(task=TASK), id="Quick BI's error line"),
        pytest.param(f"`{VENDOR_LINE}`", ref(task=TASK), id="Quick BI's error line in back-ticks"),
        pytest.param("Daily Sales", MailName(words="Daily Sales"), id="a name"),
        pytest.param("“Daily Sales”", MailName(words="Daily Sales"), id="a quoted name"),
        pytest.param("*Daily Sales*", MailName(words="Daily Sales"), id="a bold name"),
        pytest.param("mail id: Daily Sales", MailName(words="Daily Sales"), id="a labelled name"),
        pytest.param("MailId=“Daily Sales”", MailName(words="Daily Sales"), id="a labelled name in quotes"),
        pytest.param("MailId=a/b", MailName(words="a/b"), id="a labelled name that is no ID"),
        pytest.param(
            f"Daily Sales {TASK}", MailName(words="Daily Sales", task_id=TaskId(TASK)), id="a name and a task"
        ),
        pytest.param(
            f"“Daily Sales” TaskId={TASK}",
            MailName(words="Daily Sales", task_id=TaskId(TASK)),
            id="a name and a labelled task",
        ),
        pytest.param(
            "Daily Sales (EU)", MailName(words="Daily Sales (EU)"), id="a name that ends in brackets"
        ),
        pytest.param("【周报】销售", MailName(words="【周报】销售"), id="a name that begins with brackets"),
        pytest.param("(EU) Sales (UK)", MailName(words="(EU) Sales (UK)"), id="two pairs hold nothing"),
        pytest.param("(Daily Sales (EU))", MailName(words="Daily Sales (EU)"), id="one pair too many"),
        pytest.param("Sales *EU* now", MailName(words="Sales *EU* now"), id="stars in a name"),
        pytest.param("Sales**2024", MailName(words="Sales**2024"), id="stars in a word"),
        pytest.param("2024**", MailName(words="2024**"), id="stars behind a year"),
        pytest.param("Sales 20241009", MailName(words="Sales 20241009"), id="a name with a date"),
        pytest.param("销售20241009", MailName(words="销售20241009"), id="a Chinese name with a date"),
        pytest.param("Sales/20241009", MailName(words="Sales/20241009"), id="a date behind a slash"),
        pytest.param("Sales | 20241009", MailName(words="Sales | 20241009"), id="a date behind a bar"),
        pytest.param("10086 Call Center", MailName(words="10086 Call Center"), id="a name, a number first"),
        pytest.param("Task: done", MailName(words="Task: done"), id="a name with a colon"),
        pytest.param("Sales 2026", MailName(words="Sales 2026"), id="a name with a year"),
        pytest.param("日报", MailName(words="日报"), id="a Chinese name"),
        pytest.param("R&amp;D weekly", MailName(words="R&D weekly"), id="a name as Slack escapes it"),
    ],
)
def test_status_understands_what_people_paste(typed: str, expected: MailRef | MailName) -> None:
    """However an ID is wrapped, it is the same ID."""
    assert parse(Verb.STATUS, typed) == AskMail(target=expected)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param(f"{MAIL} latest", "is not a task ID", id="a word as task"),
        pytest.param(f"{MAIL} 0", "task IDs begin at 1", id="task 0"),
        pytest.param(f"{MAIL} -5", "is not a task ID", id="negative task"),
        pytest.param(f"{MAIL} 1.5", "is not a task ID", id="fraction"),
        pytest.param(f"{MAIL} {MAX_TASK_ID + 1}", "larger than any", id="beyond 64 bits"),
        pytest.param(f"{MAIL} {'9' * 60}", "is not a task ID", id="absurdly long number"),
        pytest.param(f"{MAIL} {TASK} {TASK}", "at most one task ID", id="three words"),
        pytest.param(f"{MAIL} {OTHER}", "That is 2 mails. One at a time", id="two mails"),
        pytest.param(f"{MAIL} {MAIL}", "is not a task ID", id="one mail twice"),
        pytest.param("d5a5****8b634d****5584f8dc159c62", "masked with stars", id="masked"),
        pytest.param("`d5a5****9c62`,", "masked with stars", id="masked and wrapped"),
        pytest.param("d5a5** 7218**", "masked with stars", id="mail and task masked"),
        pytest.param("MailId=d5a5**** TaskId=5", "masked with stars", id="masked behind a label"),
        pytest.param("a" * 129, "at most 128", id="too long"),
        pytest.param(f"TaskId={TASK}", "no mail ID", id="task without mail"),
        pytest.param(f"[TaskId]:{TASK}; [ErrorCode]:5", "no mail ID", id="Quick BI's line without the mail"),
        pytest.param("MailId=", "Nothing stands behind the label", id="an empty label"),
        pytest.param(
            f"MailId= TaskId={TASK}", "Nothing stands behind the label", id="an empty label, a task"
        ),
        pytest.param(f"MailId={MAIL} TaskId=x", "“x” is not a task ID", id="a labelled word as task"),
        pytest.param(f"MailId={MAIL} MailId={OTHER}", "One at a time", id="two labelled mails"),
        pytest.param("``", "missing", id="nothing between back-ticks"),
    ],
)
def test_status_says_what_was_wrong(typed: str, words: str) -> None:
    """A sentence about the very thing that was typed, and an example that works."""
    with pytest.raises(UsageError) as refused:
        parse(Verb.STATUS, typed)
    assert words in refused.value.problem
    command, _, arguments = refused.value.example.partition(" ")
    assert command == "/mail-status"
    assert isinstance(parse(Verb.STATUS, arguments), AskMail)


LABEL_PARTS = (
    "MailId",
    "TaskId",
    "mail",
    "task",
    "[",
    "]",
    ":",
    "=",
    " ",
    "“",
    "'",
    "|",
    "/",
    "*",
    MAIL,
    "5",
)


@given(st.sampled_from(Verb), st.lists(st.sampled_from(LABEL_PARTS), max_size=14))
def test_no_mix_of_labels_and_marks_breaks_the_parser(verb: Verb, typed: list[str]) -> None:
    """Half a line that was copied is a request or a usage error, too."""
    with contextlib.suppress(UsageError):
        parse(verb, "".join(typed))


@given(
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,126}[A-Za-z0-9])?", fullmatch=True),
    st.integers(10**14, MAX_TASK_ID),
)
def test_any_id_survives_wrapping(mail: str, task: int) -> None:
    """Whatever an ID looks like, labels and quotes around it change nothing."""
    for typed in (f"`{mail}` “{task}”", f"[TaskId]:{task}; [MailId]:{mail}; [ErrorCode]:1"):
        asked = parse(Verb.STATUS, typed)
        assert isinstance(asked, AskMail)
        meant = asked.target.as_id if isinstance(asked.target, MailName) else asked.target
        assert meant == ref(mail, task)
