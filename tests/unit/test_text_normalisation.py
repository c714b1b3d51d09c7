"""Texts as people see them, and when two of them are the same to people."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from bot.mails.text_normalisation import displayed, folded, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("  Daily\t Sales\r\n", "Daily Sales", id="blanks"),
        pytest.param("a\u3000b\u00a0c\u2003d", "a b c d", id="blanks of other scripts"),
        pytest.param("Da\u00adily\u200b Sa\u2060les\ufeff", "Daily Sales", id="what has no width"),
        pytest.param("\u202eSales\u2069", "Sales", id="directions"),
        pytest.param("❤️ Sales\U000e0101", "❤ Sales", id="variation selectors"),
        pytest.param("Sa\0les\x7f", "Sales", id="control characters"),
        pytest.param("日报 é", "日报 é", id="letters stay"),
    ],
)
def test_what_nobody_sees_is_gone(text: str, seen: str) -> None:
    """Letters stay as they are; blanks become one."""
    assert visible(text) == seen


def test_no_format_character_is_seen() -> None:
    """Of all that Unicode has, not of those that somebody thought of."""
    unseen = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
    assert len(unseen) > 100
    assert visible("a" + "".join(unseen) + "b") == "ab"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Daily  SALES ", "daily sales", id="case and blanks"),
        pytest.param("Straße", "STRASSE", id="case of other languages"),
        pytest.param("销售（华东）", "销售(华东)", id="widths"),
        pytest.param("Bob’s “best”", 'bob\'s "best"', id="curls"),
        pytest.param("Cafe\u0301", "café", id="accents put together"),
        pytest.param("Sales – EU", "Sales - EU", id="dashes"),
        pytest.param("📈 Daily Sales", ":chart_with_upwards_trend: Daily Sales", id="an emoji"),
        pytest.param("⚠️ Stock", ":warning: Stock", id="an emoji that Slack calls otherwise"),
        pytest.param("📅 Plan", ":date: Plan", id="a code that Unicode gives to another emoji"),
        pytest.param("✉️ Letters", ":email: Letters", id="a code that only Slack gives to it"),
        pytest.param("👩\u200d💻 Dev", ":female-technologist: Dev", id="several signs that are one emoji"),
        pytest.param("ℹ️ Notes", ":information_source: Notes", id="an emoji that looks like a letter"),
        pytest.param("👎 Complaints", ":-1: Complaints", id="a code without letters"),
        pytest.param("👍🏽 Ops", ":+1::skin-tone-4: Ops", id="a skin tone"),
        pytest.param("🇨🇳 China", ":flag-cn: China", id="a flag"),
        pytest.param("🇨🇳 China", ":cn: China", id="a flag, by its short code"),
        pytest.param("1️⃣ First", ":one: First", id="a keycap"),
    ],
)
def test_what_looks_alike_is_alike(one: str, other: str) -> None:
    """Two people who type the same name type it differently."""
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("👩\u200d💻 Dev  report", "👩\u200d💻 Dev report", id="an emoji of several"),
        pytest.param("گزارش\u200cها", "گزارش\u200cها", id="Persian"),
        pytest.param("❤\ufe0f Sales", "❤\ufe0f Sales", id="an emoji's form"),
        pytest.param("\u202eSales\u2069\n", "Sales", id="directions and lines"),
        pytest.param("\ufe0f", "", id="a selector alone"),
        pytest.param("\u200d \u200c", "", id="joiners alone"),
        pytest.param("\u3164\u2800", "", id="fillers alone"),
        pytest.param("\ue000", "", id="private characters alone"),
    ],
)
def test_what_people_read_keeps_the_form_of_its_characters(text: str, shown: str) -> None:
    """And a name that shows nothing is none."""
    assert displayed(text) == shown


def test_joiners_do_not_count_in_comparisons() -> None:
    """Few keyboards have them."""
    assert folded("گزارش\u200cها") == folded("گزارشها")
