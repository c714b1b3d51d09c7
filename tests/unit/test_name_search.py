"""Mails by their names: exactly, by parts, or nearly; quick, and no worse than comparing every letter."""

from __future__ import annotations

import random

import pytest
from rapidfuzz import fuzz, process

from bot.domain import Mail, MailId
from bot.mails.name_search import NameIndex

WORDS = ("Daily", "Weekly", "Sales", "Ops", "Stock", "Margin", "East", "West", "Board", "Orders", "销售日报")


def mail(mail_id: str, name: str, owner: str = "Ada") -> Mail:
    return Mail(mail_id=MailId(mail_id), name=name, owner_name=owner, paused=False)


INDEX = NameIndex(
    (
        mail("a1", "Daily Sales"),
        mail("a2", "Weekly Ops", "Lin Mei"),
        mail("a3", "Store 001"),
        mail("a4", "Store 002"),
        mail("a5", "销售日报（华东）", "王小明"),
        mail("a6", "Twins"),
        mail("a7", " twins ", "Bob"),
        mail("a8", "", "Nobody"),
        mail("a9", "Bob’s best"),
        mail("a10", "A4"),
    )
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("daily SALES", {"a1"}, id="in any case"),
        pytest.param(" Daily Sales ", {"a1"}, id="with blanks around it"),
        pytest.param("daily  sales", {"a1"}, id="with more blanks"),
        pytest.param("Daily\u200b Sales\ufe0f", {"a1"}, id="with what nobody sees"),
        pytest.param("销售日报(华东)", {"a5"}, id="in other widths"),
        pytest.param("Bob's best", {"a9"}, id="with a straight apostrophe"),
        pytest.param("a2", {"a2"}, id="an ID"),
        pytest.param("A2", {"a2"}, id="an ID that a phone began with a capital"),
        pytest.param("a4", {"a4", "a10"}, id="the ID of one and the name of another"),
        pytest.param("TWINS", {"a6", "a7"}, id="two of one name"),
        pytest.param("Daily", set(), id="a part is not the name"),
        pytest.param("", set(), id="no words name nothing, not even a mail without a name"),
    ],
)
def test_exact_names(words: str, expected: set[str]) -> None:
    """The whole name, whatever its case and the blanks around it."""
    assert {each.mail_id for each in INDEX.exact(words)} == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("sale", ["a1"], id="a part of a name"),
        pytest.param("mei", ["a2"], id="a part of an owner's"),
        pytest.param("001 store", ["a3"], id="words in any order"),
        pytest.param("ops LIN", ["a2"], id="one in the name, one in the owner's"),
        pytest.param("小明", ["a5"], id="Chinese"),
        pytest.param("daily ops", [], id="words of two mails"),
        pytest.param("zzz", [], id="nothing"),
    ],
)
def test_parts_of_names(words: str, expected: list[str]) -> None:
    """Each word must stand somewhere in the name or in the owner's."""
    assert [each.mail_id for each in INDEX.having(words)] == expected


def test_no_words_have_all_mails_by_name() -> None:
    """In the order of their names, whatever their case."""
    names = [each.name.strip().casefold() for each in INDEX.having("")]
    assert names == sorted(names)
    assert len(names) == 10


def test_the_likeliest_come_first() -> None:
    """That which has just this name, then those that begin so, then the others; each by name."""
    index = NameIndex(
        mail(name, name) for name in ("Daily Sales", "Sales", "Sales West", "A Sale", "Sales East")
    )
    found = [each.name for each in index.having("sales")]
    assert found == ["Sales", "Sales East", "Sales West", "Daily Sales"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("Daly Sales", "a1", id="a letter missing"),
        pytest.param("wekly opps", "a2", id="two letters wrong"),
        pytest.param("销售日报", "a5", id="the first half of a Chinese name"),
        pytest.param("Store 002 please, and soon", "a4", id="words too many"),
    ],
)
def test_close_names(words: str, expected: str) -> None:
    """The closest first."""
    assert INDEX.like(words, limit=3, at_least=60)[0][0].mail_id == expected


@pytest.mark.parametrize("words", ["", "%" * 5000, "@@@", "\U0001f9ff"])
def test_what_shares_nothing_with_any_name_is_close_to_none(words: str) -> None:
    """However long it is."""
    assert INDEX.like(words, limit=3, at_least=60) == []


def test_one_word_with_two_letters_swapped_finds_the_name_that_has_it() -> None:
    """Before a longer name that has a word which is only as many letters away."""
    index = NameIndex((mail("b1", "Daily Sales"), mail("b2", "Odd answer: success false")))
    assert [each.mail_id for each, _ in index.like("salse", limit=3, at_least=75)] == ["b1", "b2"]


def test_the_short_list_loses_nothing_that_matters() -> None:
    """Of thousands of names a misspelt one is found as surely as by comparing every name letter by letter."""
    chance = random.Random(5)
    names = [f"{' '.join(chance.sample(WORDS, chance.randint(2, 4)))} {number}" for number in range(3000)]
    index = NameIndex(mail(str(number), name) for number, name in enumerate(names))
    lower = [name.casefold() for name in names]
    for _ in range(60):
        sought = _misspelt(chance.choice(names), chance)
        best = process.extractOne(sought.casefold(), lower, scorer=fuzz.WRatio)
        found = index.like(sought, limit=10, at_least=60)
        assert found
        assert found[0][1] == pytest.approx(best[1])


def _misspelt(name: str, chance: random.Random) -> str:
    """Two letters swapped and one left out."""
    at, swap = chance.randrange(len(name)), chance.randrange(len(name) - 2)
    name = name[:swap] + name[swap + 1] + name[swap] + name[swap + 2 :]
    return name[:at] + name[at + 1 :]


EMOJI = NameIndex(
    (
        mail("e1", "📈 Daily Sales"),
        mail("e2", "📉 Weekly Losses"),
        mail("e3", "👩\u200d💻 Dev report"),
        mail("e4", ":our-logo: Board"),
        mail("e5", "Report 10:30:45"),
    )
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("📈 Daily Sales", ["e1"], id="as it is"),
        pytest.param(":chart_with_upwards_trend: Daily Sales", ["e1"], id="as Slack sends it"),
        pytest.param(":chart_with_downwards_trend: Daily Sales", [], id="another emoji"),
        pytest.param(":female-technologist: Dev report", ["e3"], id="a code that only Slack has"),
        pytest.param("👩\u200d💻 Dev report", ["e3"], id="several joined to one"),
        pytest.param(":our-logo: Board", ["e4"], id="a custom emoji"),
        pytest.param("Report 10:31:45", [], id="a time is no emoji"),
    ],
)
def test_emoji_in_names(words: str, expected: list[str]) -> None:
    """Slack replaces them by codes before we see them."""
    assert [each.mail_id for each in EMOJI.exact(words)] == expected


@pytest.mark.parametrize("words", [":chart_with_upwards_trend:", ":female-technologist:", ":our-logo:"])
def test_a_search_for_an_emoji_finds_the_names_that_have_it(words: str) -> None:
    """Or any, where nobody but Slack knows which one it is."""
    assert EMOJI.having(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("华东", ["a5"], id="a part of a name"),
        pytest.param("sales daily", ["a1"], id="in another order"),
        pytest.param("store", ["a3", "a4"], id="a part of two"),
        pytest.param("store 1", [], id="a number is no part of another"),
        pytest.param("a", [], id="a letter is in many"),
        pytest.param("lin", [], id="an owner's name is no mail's"),
    ],
)
def test_names_that_have_the_words_as_they_are(words: str, expected: list[str]) -> None:
    """One such name is meant, however much more it says."""
    assert [each.mail_id for each in INDEX.containing(words)] == expected
