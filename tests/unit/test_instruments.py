"""What is counted and measured, and that no label grows with what people or vendors say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.app.instruments import Instruments, standard_collectors
from bot.domain import ChannelId, CredentialsProblem, CredentialsRejected, QuickBIUnavailable, UserId
from bot.slack.payloads import Person, Submitted, Typed

ADA = Person(user_id=UserId("U1"), team_id="T1")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def instruments(registry: CollectorRegistry) -> Instruments:
    return Instruments(registry)


def typed(command: str) -> Typed:
    return Typed(person=ADA, channel_id=ChannelId("C1"), command=command, text="", trigger_id="")


@pytest.mark.parametrize(
    ("outcome", "label"),
    [
        ("answered", "answered"),
        ("refused", "refused"),
        ("UsageError", "UsageError"),
        ("MailNotFound", "MailNotFound"),
        ("KeyError", "failed"),
    ],
)
def test_commands_are_counted_by_what_came_of_them(
    registry: CollectorRegistry, instruments: Instruments, outcome: str, label: str
) -> None:
    """An error that nobody expects is `failed`: an alert waits for it."""
    instruments.handled(typed("/staging-mail-status"), outcome, 0.3)
    labels = {"verb": "mail-status", "outcome": label}
    assert registry.get_sample_value("mailbot_commands_total", labels) == 1
    assert registry.get_sample_value("mailbot_answer_seconds_sum", {"verb": "mail-status"}) == 0.3


def test_what_is_no_command_of_ours_has_one_name(
    registry: CollectorRegistry, instruments: Instruments
) -> None:
    """Another command; any form."""
    instruments.handled(typed("/whatever"), "answered", 0.1)
    form = Submitted(person=ADA, callback_id="x", private_metadata="", view_id="V", fields={})
    instruments.handled(form, "answered", 0.1)
    shown = generate_latest(registry).decode()
    assert 'mailbot_commands_total{outcome="answered",verb="other"} 1.0' in shown
    assert 'mailbot_commands_total{outcome="answered",verb="form"} 1.0' in shown


def test_calls_are_counted_by_operation_outcome_and_code(
    registry: CollectorRegistry, instruments: Instruments
) -> None:
    """A code that is in no table is `other`, however many of them the vendor invents."""
    wrong = CredentialsRejected("x", problem=CredentialsProblem.SECRET_WRONG, code="SignatureDoesNotMatch")
    instruments.called("GetMailTaskStatus", None, 0.2)
    instruments.called("GetMailTaskStatus", wrong, 0.2)
    for number in range(3):
        unheard_of = QuickBIUnavailable("x", outcome_unknown=True, code=f"Invented.{number}")
        instruments.called("GetMailTaskStatus", unheard_of, 0.2)
    shown = generate_latest(registry).decode()
    for labels, count in [
        ('code="",operation="GetMailTaskStatus",outcome="ok"', 1),
        ('code="SignatureDoesNotMatch",operation="GetMailTaskStatus",outcome="CredentialsRejected"', 1),
        ('code="other",operation="GetMailTaskStatus",outcome="QuickBIUnavailable"', 3),
    ]:
        assert f"mailbot_quickbi_calls_total{{{labels}}} {count}.0" in shown
    assert 'mailbot_quickbi_call_seconds_count{operation="GetMailTaskStatus"} 5.0' in shown


def test_acks_and_delays_are_histograms(registry: CollectorRegistry, instruments: Instruments) -> None:
    """In seconds."""
    instruments.acked(0.004)
    instruments.found_failure(timedelta(minutes=1, seconds=30))
    shown = generate_latest(registry).decode()
    assert 'mailbot_ack_seconds_bucket{le="0.005"} 1.0' in shown
    assert 'mailbot_detection_delay_seconds_bucket{le="60.0"} 0.0' in shown
    assert 'mailbot_detection_delay_seconds_bucket{le="120.0"} 1.0' in shown


def test_the_version_and_the_process_are_shown(registry: CollectorRegistry, instruments: Instruments) -> None:
    """As every exporter does."""
    del instruments
    standard_collectors(registry)
    shown = generate_latest(registry).decode()
    assert 'mailbot_build_info{version="' in shown
    assert "process_resident_memory_bytes " in shown
    assert "process_open_fds " in shown
