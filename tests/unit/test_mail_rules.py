"""Rules that choose mails: how they are typed, what they match, and what is no rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Mail, MailId, UsageError
from bot.mails.mail_rules import Field, MailRule, RuleUnreadable, Term, read_rule
from bot.slack.commands import Subscribe, SubscribeRule, Unsubscribe, UnsubscribeRule, Verb, parse


def mail(name: str, owner: str = "") -> Mail:
    return Mail(mail_id=MailId("1"), name=name, owner_name=owner, paused=False)


DAILY, TEST, CHINESE = mail("Daily Sales", "Ada Brandt"), mail("Daily Sales test"), mail("销售日报", "王伟")


@pytest.mark.parametrize(
    ("typed", "matched"),
    [
        pytest.param("all", {DAILY, TEST, CHINESE}, id="all"),
        pytest.param("*", {DAILY, TEST, CHINESE}, id="a star"),
        pytest.param("name:sales", {DAILY, TEST}, id="part of a name, whatever its case"),
        pytest.param("name:日报", {CHINESE}, id="Chinese"),
        pytest.param("owner:王伟", {CHINESE}, id="an owner"),
        pytest.param("owner：王伟", {CHINESE}, id="a full-width colon"),
        pytest.param('name:"Daily Sales"', {DAILY, TEST}, id="words in quotes"),
        pytest.param("name:“Daily Sales”", {DAILY, TEST}, id="curly quotes"),
        pytest.param("name:*sales", {DAILY}, id="a star stands for the rest"),
        pytest.param("name:daily*", {DAILY, TEST}, id="a star at the end"),
        pytest.param("name:sales -name:test", {DAILY}, id="but not"),
        pytest.param("name:sales —name:test", {DAILY}, id="a dash of a phone"),
        pytest.param("all -owner:王伟", {DAILY, TEST}, id="all but"),
        pytest.param("-owner:王伟", {DAILY, TEST}, id="all is meant"),
        pytest.param("owner:ada name:sales", {DAILY}, id="both"),
        pytest.param("owner:ada owner:王伟", {DAILY, CHINESE}, id="one of two owners"),
        pytest.param("NAME: sales", {DAILY, TEST}, id="a blank behind the colon"),
        pytest.param("name:[sales]*", set(), id="brackets are no pattern"),
    ],
)
def test_what_a_rule_matches(typed: str, matched: set[Mail]) -> None:
    rule = read_rule(typed)
    assert rule is not None
    assert {each for each in (DAILY, TEST, CHINESE) if rule.matches(each)} == matched
    assert read_rule(rule.text) == MailRule(
        tuple(sorted(rule.terms, key=lambda t: (t.is_excluded, t.field, t.words)))
    )


@pytest.mark.parametrize(
    "typed",
    ["Daily Sales", "all sales", "allsales", "owner", "d5a59a898b634d75be5584f8dc159c62", "Sales name:x"],
)
def test_what_is_no_rule(typed: str) -> None:
    assert read_rule(typed) is None


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        pytest.param("owner:王伟 please", "“please”", id="a word that is no term"),
        pytest.param("name:Daily Sales", "“Sales”", id="words without quotes"),
        pytest.param('name:""', "What should the name be", id="nothing"),
        pytest.param("name:*", "What should the name be", id="a star alone"),
        pytest.param(f"name:{'x' * 300}", "too long", id="long"),
    ],
)
def test_what_cannot_be_read(typed: str, problem: str) -> None:
    """And the command answers with an example that works."""
    with pytest.raises(RuleUnreadable, match=problem):
        read_rule(typed)
    with pytest.raises(UsageError) as refused:
        parse(Verb.SUBSCRIBE, typed)
    assert isinstance(parse(Verb.SUBSCRIBE, refused.value.example.partition(" ")[2]), SubscribeRule)


def test_a_mail_of_that_name_is_that_mail() -> None:
    """Whatever else the words look like; and leaving “all” means all of the channel's mails."""
    named = {"all", "name:x"}
    for words in named:
        assert isinstance(parse(Verb.SUBSCRIBE, words, knows=named.__contains__), Subscribe)
    assert isinstance(parse(Verb.UNSUBSCRIBE, "name:x", knows=named.__contains__), Unsubscribe)
    assert parse(Verb.UNSUBSCRIBE, "all") == Unsubscribe(targets=None)
    assert isinstance(parse(Verb.UNSUBSCRIBE, "name:x"), UnsubscribeRule)


TERMS = st.builds(
    Term,
    st.sampled_from(Field),
    st.text("abä 日*-:[]", min_size=1, max_size=8)
    .map(str.strip)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: bool(text.replace("*", "").strip())),
    st.booleans(),
)


@given(st.lists(TERMS, min_size=1, max_size=4, unique=True))
def test_a_rule_reads_as_it_is_written(terms: list[Term]) -> None:
    rule = MailRule(tuple(terms))
    again = read_rule(rule.text)
    assert again is not None
    assert set(again.terms) == set(terms)
    assert again.text == rule.text
