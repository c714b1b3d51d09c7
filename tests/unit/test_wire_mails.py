"""The pages of Quick BI's list of mails, whole or odd."""

from __future__ import annotations

import pytest

from bot.domain import (
    Mail,
    MailId,
    MailPage,
    ProtocolError,
)
from tests.support.answers import REQUEST_ID
from tests.unit.wire_answers import (
    good,
    read_mails,
    replay,
)


def mail(number: int, *, paused: bool = False) -> Mail:
    return Mail(mail_id=MailId(f"{number:032x}"), name=f"周报 {number}", owner_name="test", paused=paused)


@pytest.mark.parametrize(
    ("name", "page", "mails", "next_page"),
    [
        pytest.param("list_page", 1, [mail(1), mail(2, paused=True)], 2, id="more to come"),
        pytest.param("list_last_page", 2, [mail(3)], None, id="last page: 0"),
        pytest.param("list_last_page_null", 2, [mail(3)], None, id="last page: null"),
        pytest.param("list_page", 2, [mail(1), mail(2, paused=True)], None, id="Next does not advance"),
        pytest.param("list_page", 5, [mail(1), mail(2, paused=True)], None, id="Next goes back"),
    ],
)
def test_a_page_of_mails(name: str, page: int, mails: list[Mail], next_page: int | None) -> None:
    """The list ends where Next is nothing, or leads nowhere new."""
    assert read_mails(replay(name), page=page) == MailPage(
        mails=tuple(mails), total=3, next_page=next_page, request_id=REQUEST_ID
    )


def test_no_mails() -> None:
    """An account that may see no mail gets an empty page, and no next one."""
    told = read_mails(replay("list_empty"))
    assert (told.mails, told.total, told.next_page) == ((), 0, None)


def test_lines_without_an_id_are_left_out() -> None:
    """What can be asked about is listed, with what is known of it."""
    told = read_mails(replay("list_odd_entries"))
    assert told.mails == (Mail(mail_id=MailId("2342526"), name="", owner_name="", paused=True),)


def test_a_line_with_an_id_beyond_all_measure_is_left_out() -> None:
    """Nobody could ask about it, and no database would keep it."""
    lines = [{"MailId": "m" * length, "SubscribeName": "n"} for length in (128, 129)]
    assert [len(mail.mail_id) for mail in read_mails(good({"Data": lines})).mails] == [128]


@pytest.mark.parametrize(
    ("paging", "next_page", "total"),
    [
        pytest.param({"Next": "2", "TotalNum": "40"}, 2, 40, id="numbers as text"),
        pytest.param({"Next": 3}, 3, 1, id="no total: what is there"),
        pytest.param({"Next": -1, "TotalNum": 40}, None, 40, id="negative"),
        pytest.param({"Next": 2.0, "TotalNum": 40}, None, 40, id="float"),
        pytest.param({"Next": "more", "TotalNum": [40]}, None, 1, id="words"),
        pytest.param({}, None, 1, id="nothing said"),
        pytest.param({"Next": 2, "Data": []}, None, 0, id="an empty page is the last"),
        pytest.param({"Next": 2, "Data": None}, None, 0, id="no lines is the last"),
    ],
)
def test_paging(paging: dict[str, object], next_page: int | None, total: int) -> None:
    """Odd paging never makes a reader go round."""
    told = read_mails(good({"Data": [{"MailId": "m", "SubscribeName": "n"}]} | paging))
    assert (told.next_page, told.total) == (next_page, total)


@pytest.mark.parametrize(
    ("value", "paused"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("True", True),
        ("false", False),
        (1, True),
        (0, False),
        ("1", True),
        (None, False),
        ("perhaps", False),
        ([], False),
    ],
)
def test_paused(value: object, *, paused: bool) -> None:
    """True in any spelling; a mail whose state cannot be read is taken for one that runs."""
    told = read_mails(good({"Data": [{"MailId": "m", "Paused": value}]}))
    assert told.mails[0].paused is paused


def test_lines_of_another_shape() -> None:
    """A list that is none is not an empty one."""
    with pytest.raises(ProtocolError):
        read_mails(good({"Data": {"MailId": "m"}}))
