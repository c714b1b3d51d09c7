"""Subscriptions by rule over both databases: the channel's mails are those that match, whatever the order of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import ChannelId, Mail, MailId, NotifyReason, RunStatus, SubscriptionRule, TeamId
from bot.store.subscription_rules import GATHER
from tests.support.sample_values import ADA, BOB, FINANCE, NOON, REPORTS, at, run, subscription
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED = RunStatus.SENT, RunStatus.FAILED
RULE = "owner:Ada"


def mail(number: int, *, owner: str = "Ada", name: str = "") -> Mail:
    return Mail(
        mail_id=MailId(f"mail-{number}"), name=name or f"Store {number}", owner_name=owner, paused=False
    )


def rule(text: str = RULE, channel: ChannelId = REPORTS, *, minutes: float = 0) -> SubscriptionRule:
    return SubscriptionRule(
        team_id=TeamId("T0"), channel_id=channel, text=text, created_by=ADA, created_at=at(minutes)
    )


@pytest.fixture
async def listed(leader: StoreLeader) -> StoreLeader:
    """Two mails of Ada's and one of Bob's, and a rule for Ada's."""
    await leader.store.mails.save_mails([mail(1), mail(2), mail(3, owner="Bob")], seen_at=NOON)
    await leader.store.rules.add(rule())
    return leader


async def here(leader: StoreLeader, channel: ChannelId = REPORTS) -> dict[str, str | None]:
    """The numbers of the channel's mails, each with the rule."""
    states = await leader.store.subscriptions.of_channels([channel])
    return {each.subscription.mail_id.removeprefix("mail-"): each.subscription.rule for each in states}


async def watched(leader: StoreLeader) -> set[str]:
    found = await leader.store.watches.changed_since(0)
    return {each.mail_id.removeprefix("mail-") for each in found if each.is_watched}


async def test_what_matches_is_subscribed_and_watched(listed: StoreLeader) -> None:
    assert await here(listed) == {"1": RULE, "2": RULE}
    assert await watched(listed) == {"1", "2"}
    ((known, count),) = await listed.store.rules.of_channel(REPORTS)
    assert (known.text, known.created_by, count) == (RULE, ADA, 2)
    assert await listed.store.rules.add(rule(minutes=1)) == ()


async def test_a_mail_joins_and_leaves_as_the_list_changes(listed: StoreLeader) -> None:
    """One that is gone from the list stays: that it can no longer be seen is news."""
    await listed.store.mails.save_mails([mail(1), mail(3), mail(4)], seen_at=at(5))
    assert await here(listed) == {"1": RULE, "2": RULE, "3": RULE, "4": RULE}
    await listed.store.mails.save_mails([mail(1, owner="Bob"), mail(3), mail(4)], seen_at=at(10))
    assert await here(listed) == {"2": RULE, "3": RULE, "4": RULE}
    assert await watched(listed) == {"2", "3", "4"}


async def test_changes_are_told_together_once_a_day(listed: StoreLeader) -> None:
    await listed.store.mails.save_mails([mail(1), mail(2), mail(4)], seen_at=at(5))
    await listed.store.mails.save_mails([mail(1, owner="Bob"), mail(2), mail(4)], seen_at=at(10))
    gathered = 5 + GATHER / timedelta(minutes=1)
    assert await listed.nothing_owed(gathered - 1)
    told = await listed.send(gathered)
    (line,) = told.lines
    assert (line.reason, line.subject_id, line.detail) == (
        NotifyReason.RULE_CHANGED,
        RULE,
        "+Store 4\n-Store 1",
    )
    await listed.store.mails.save_mails([mail(1), mail(2), mail(4)], seen_at=at(gathered + 10))
    assert await listed.nothing_owed(gathered + 24 * 60 - 1)
    assert (await listed.send(gathered + 24 * 60)).lines[0].detail == "+Store 1"


async def test_what_was_unsubscribed_does_not_come_back(listed: StoreLeader) -> None:
    """Until a person subscribes to it."""
    await listed.store.subscriptions.unsubscribe(REPORTS, [MailId("mail-1")], by=BOB, now=at(1))
    await listed.store.mails.save_mails([mail(1, name="New name"), mail(2)], seen_at=at(5))
    await listed.store.rules.add(rule(minutes=6))
    assert await here(listed) == {"2": RULE}
    await listed.store.subscriptions.subscribe(subscription(mail_id=MailId("mail-1")), baseline=None)
    assert await here(listed) == {"1": None, "2": RULE}


async def test_ending_a_rule_leaves_what_people_named_and_what_another_rule_brings(
    listed: StoreLeader,
) -> None:
    await listed.store.subscriptions.subscribe(subscription(mail_id=MailId("mail-1")), baseline=None)
    await listed.store.rules.add(rule("name:2"))
    await listed.store.mails.save_mails([mail(1), mail(2), mail(4)], seen_at=at(5))
    assert await listed.store.rules.remove(REPORTS, RULE, by=BOB, now=at(6)) == 1
    assert await here(listed) == {"1": None, "2": "name:2"}
    assert await listed.store.rules.remove(REPORTS, RULE, by=BOB, now=at(7)) is None
    assert await watched(listed) == {"1", "2"}


async def test_a_mail_that_leaves_one_rule_stays_by_another(listed: StoreLeader) -> None:
    """Its incident goes on, whichever of the rules is the older."""
    first = MailId("mail-1")
    await listed.store.rules.add(rule("name:store", minutes=-1))
    await listed.saw(2, run(1, FAILED, mail_id=first), mail_id=first)
    await listed.send(3)
    await listed.store.mails.save_mails([mail(1, owner="Bob"), mail(2), mail(3, owner="Bob")], seen_at=at(5))
    assert (await here(listed))["1"] == "name:store"
    await listed.saw(8, run(2, SENT, minutes=7, mail_id=first), mail_id=first)
    assert await listed.redraw_all() == 1


async def test_leaving_all_ends_the_rules(listed: StoreLeader) -> None:
    await listed.store.subscriptions.unsubscribe(REPORTS, None, by=BOB, now=at(1))
    await listed.store.mails.save_mails([mail(1, name="New name"), mail(5)], seen_at=at(5))
    assert await here(listed) == {}
    assert await listed.store.rules.of_channel(REPORTS) == ()


async def test_what_joined_is_told_from_then_on(listed: StoreLeader) -> None:
    """A failure of long before is history; the next is told. One that is going on is told when it ends."""
    await subscribed(listed, FINANCE, mail_id=MailId("mail-3"))
    await listed.saw(2, run(1, FAILED, mail_id=MailId("mail-3")), mail_id=MailId("mail-3"))
    await listed.store.mails.save_mails([mail(1), mail(2), mail(3)], seen_at=at(60))
    old = run(1, FAILED, minutes=-600, mail_id=MailId("mail-1"))
    assert await listed.saw(61, old, mail_id=MailId("mail-1")) == (NotifyReason.BASELINE,)
    await listed.saw(70, run(2, FAILED, minutes=69, mail_id=MailId("mail-1")), mail_id=MailId("mail-1"))
    assert [each.incident.mail_id for each in (await listed.send(71)).items] == ["mail-1"]
    await listed.saw(80, run(2, SENT, minutes=79, mail_id=MailId("mail-3")), mail_id=MailId("mail-3"))
    recovered = await listed.send(81)
    assert [each.incident.mail_id for each in recovered.items] == ["mail-3"]


async def test_rules_move_with_their_channel(listed: StoreLeader) -> None:
    new = ChannelId("C0NEWNEWNEW")
    await listed.store.rules.add(rule(channel=new))
    await listed.store.gates.move_channel(REPORTS, new)
    assert [each.text for each, _ in await listed.store.rules.of_channel(new)] == [RULE]
    await listed.store.mails.save_mails([mail(1), mail(7)], seen_at=at(5))
    assert await here(listed, new) == {"1": RULE, "2": RULE, "7": RULE}


async def test_many_mails_join_with_a_few_statements(leader: StoreLeader) -> None:
    """Each has its own place in the order of changes, which the leader reads in pages."""
    many = [mail(number) for number in range(1_200)]
    await leader.store.mails.save_mails(many, seen_at=NOON)
    assert len(await leader.store.rules.add(rule("all"))) == 1_200
    seen: set[str] = set()
    change_no = 0
    while page := await leader.store.watches.changed_since(change_no):
        seen |= {each.mail_id for each in page}
        change_no = page[-1].change_no
    assert len(seen) == 1_200
    one = replace(mail(0), name="Renamed")
    await leader.store.mails.save_mails([one, *many[1:]], seen_at=at(5))
    assert len(await here(leader)) == 1_200
