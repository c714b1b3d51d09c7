"""Which mail somebody's message is about: an ID, or a known name among other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain import Choice, Mail, MailId, MailRef, TaskId
from bot.mails.mentioned import mail_in
from bot.mails.name_search import NameIndex
from bot.mails.references import EXAMPLE_TASK, MailName

if TYPE_CHECKING:
    from bot.mails.directory import MailDirectory

ID = "d5a59a898b634d75be5584f8dc159c62"
NAMES = {
    "1": "Daily Sales",
    "2": "Sales",
    "3": "销售日报",
    "4": "Supplier Scorecard",
    "5": "R&D",
    ID: "Weekly Ops",
}


class Directory:
    """Knows these mails; guesses nothing."""

    def __init__(self) -> None:
        mails = [
            Mail(mail_id=MailId(mail_id), name=name, owner_name="", paused=False)
            for mail_id, name in NAMES.items()
        ]
        self._names = NameIndex(mails)
        self.get, self.named_in = self._names.get, self._names.named_in

    def knows(self, words: str) -> bool:
        return bool(self._names.exact(words))

    def meant(self, target: MailName) -> MailRef | Choice:
        exact = self._names.exact(target.words)
        found = MailRef(mail_id=exact[0].mail_id, task_id=target.task_id) if exact else None
        return found or Choice(words="", mails=())


def found(text: str) -> MailRef | Choice:
    directory: MailDirectory = Directory()  # type: ignore[assignment]
    return mail_in(text, directory)


@pytest.mark.parametrize(
    ("text", "mail_id"),
    [
        pytest.param("Daily Sales", "1", id="a name alone"),
        pytest.param("Hi, the supplier scorecard of today did not arrive. Anybody?", "4", id="among words"),
        pytest.param("Is *Daily Sales* late?\nI wait for it.", "1", id="in marks"),
        pytest.param("daily sales, not the one of yesterday", "1", id="the longer of two names"),
        pytest.param("大家好，销售日报没收到", "3", id="without blanks"),
        pytest.param("Where is R&amp;D?", "5", id="as Slack escapes it"),
        pytest.param(
            f"Failed!\n[TaskId]:{EXAMPLE_TASK}; [MailId]:4; [ErrorCode]:50005", "4", id="a short ID"
        ),
        pytest.param(f"Look: {ID} again", ID, id="an ID among words"),
        pytest.param(f"<https://bi.example/{ID}|{ID}> failed", ID, id="an ID in a link"),
        pytest.param(f"Failed!\n[TaskId]:{EXAMPLE_TASK}; [MailId]:{ID}; [ErrorCode]:50005", ID, id="a line"),
    ],
)
def test_a_mail_is_found(text: str, mail_id: str) -> None:
    """Whatever stands around it."""
    meant = found(text)
    assert isinstance(meant, MailRef)
    assert meant.mail_id == mail_id


def test_the_run_of_a_pasted_line_is_kept() -> None:
    """That is the one that people talk about."""
    meant = found(f"[TaskId]:{EXAMPLE_TASK}; [MailId]:{ID};")
    assert meant == MailRef(mail_id=MailId(ID), task_id=TaskId(int(EXAMPLE_TASK)))


def test_several_mails_are_asked_about() -> None:
    """By name."""
    meant = found("Daily Sales and the Supplier Scorecard are missing")
    assert isinstance(meant, Choice)
    assert [mail.name for mail in meant.mails] == ["Daily Sales", "Supplier Scorecard"]


@pytest.mark.parametrize("text", ["", "Lunch at twelve?", "Presales and salesmen", "x" * 4_000, "?!"])
def test_where_there_is_none_none_is_found(text: str) -> None:
    """A name within a longer word is none."""
    meant = found(text)
    assert isinstance(meant, Choice)
    assert not meant.mails
