"""What must hold of a mail's incidents whatever Quick BI answers, refuses or leaves out, in whatever order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import IncidentId, KnownRun, NotifyReason, RunStatus, TaskRun
from bot.domain.incident_rules import judge, judge_denied, judge_late, judge_readable
from bot.domain.run_context import RunContext, is_older_than_the_watch
from tests.support.sample_values import MAIL, at, run

if TYPE_CHECKING:
    from bot.domain import Incident
    from bot.domain.incident_rules import Decision

FAILED = RunStatus.FAILED
SUBSCRIBED = 0.5  # minutes after noon: run 0 was the newest then, and shown
statuses = st.sampled_from(RunStatus)
looks = st.tuples(st.integers(-2, 5), statuses)
refusals = st.sampled_from(["late", "denied", "readable"])


class Story:
    """One watched mail, as the books keep it: its runs as last seen, its incidents, and how often each ended."""

    def __init__(self, baseline: RunStatus) -> None:
        shown = run(0, baseline)
        self.runs = {shown.key: KnownRun(run=shown, first_seen_at=at(SUBSCRIBED), is_baseline=True)}
        self.incidents: dict[IncidentId, Incident] = {}
        self.ends: Counter[IncidentId] = Counter()
        self.number = 0

    @property
    def firing(self) -> Incident | None:
        firing = [each for each in self.incidents.values() if each.is_firing]
        assert len(firing) <= 1, "a mail has at most one incident that fires"
        return firing[0] if firing else None

    def new_id(self) -> IncidentId:
        self.number += 1
        return IncidentId(f"i{self.number}")

    def situation(self, this: TaskRun) -> RunContext:
        past = self.runs.get(this.key)
        over = [each.run for each in self.runs.values() if each.run.key != this.key and each.run.is_over]
        return RunContext(
            incident=self.firing,
            counted=self.incidents.get(past.counted_in) if past and past.counted_in else None,
            past=past,
            newest_over=max(over, key=lambda each: each.exec_at or at(0), default=None),
            watched_since=at(SUBSCRIBED),
            baseline_at=at(0),
        )

    def look(self, task: int, status: RunStatus) -> None:
        this = run(task, status)
        situation = self.situation(this)
        verdict = judge(this, situation, now=at(10), new_id=self.new_id())
        self.check(this, situation, verdict)
        self.keep(verdict)
        past = situation.past
        if past is not None and past.run.is_over and not this.is_over:
            return
        counted_in = past.counted_in if past and status is FAILED else None
        if verdict.counts and verdict.incident:
            counted_in = verdict.incident.incident_id
        self.runs[this.key] = KnownRun(
            run=this,
            first_seen_at=past.first_seen_at if past else at(10),
            is_baseline=past.is_baseline if past else is_older_than_the_watch(this, situation),
            counted_in=counted_in,
        )

    def check(self, this: TaskRun, situation: RunContext, verdict: Decision) -> None:
        """Each run's turning FAILED is told and counted, once; unless it is older than the subscription."""
        past = situation.past
        turned_failed = this.status is FAILED and (past is None or past.run.status is not FAILED)
        is_old = is_older_than_the_watch(this, situation)
        assert verdict.counts is (turned_failed and not is_old)
        assert not verdict.counts or verdict.reason.is_told
        assert not (turned_failed and is_old) or verdict.reason is NotifyReason.BASELINE
        assert not is_old or this.exec_at is None or this.exec_at < at(0), "nothing newer than what was shown"

    def trouble(self, what: str) -> None:
        if what == "late":
            verdict = judge_late(
                self.firing,
                mail_id=MAIL,
                expected_at=at(self.number),
                newest=None,
                last_sent_at=None,
                now=at(20),
                new_id=self.new_id(),
            )
        elif what == "denied":
            verdict = judge_denied(
                self.firing,
                mail_id=MAIL,
                denied_at=at(self.number),
                last_sent_at=None,
                now=at(self.number + 1),
                new_id=self.new_id(),
            )
        else:
            verdict = judge_readable(self.firing, now=at(20))
        self.keep(verdict)

    def keep(self, verdict: Decision) -> None:
        incident = verdict.incident
        if incident is None or not verdict.reason.is_shown:
            return
        before = self.incidents.get(incident.incident_id)
        assert before is None or incident.version > before.version, "readers see a change as one"
        if not incident.is_firing and (before is None or before.is_firing):
            self.ends[incident.incident_id] += 1
            assert verdict.reason.is_told, "its end is told"
        assert before is None or before.is_firing or not incident.is_firing, "what is over stays over"
        self.incidents[incident.incident_id] = incident


@given(statuses, st.lists(looks | refusals, max_size=30))
def test_no_failure_is_lost_and_no_end_is_told_twice(
    baseline: RunStatus, events: list[tuple[int, RunStatus] | str]
) -> None:
    story = Story(baseline)
    for event in events:
        if isinstance(event, str):
            story.trouble(event)
        else:
            story.look(*event)
        counted = Counter(
            each.counted_in for each in story.runs.values() if each.run.status is FAILED and each.counted_in
        )
        for incident in story.incidents.values():
            assert incident.failed_runs == counted[incident.incident_id] >= 0
            assert story.ends[incident.incident_id] == (0 if incident.is_firing else 1)
        assert story.firing is None or story.firing in story.incidents.values()
