"""How soon is a failed run seen? The bot's schedule against asking in turn, and against knowing the ends.

    python -m tests.benchmarks.detection --mails 1000 --mix clustered
    python -m tests.benchmarks.detection --workload FILE --warmup-days 8 --calls FILE --json

A workload is JSON lines `{"mail_id", "task_id", "start", "end", "status"}` (Unix seconds; SENT or FAILED).
"""

from __future__ import annotations

import argparse
import json
import sys
from bisect import bisect_left
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

from bot.monitoring.schedule import Schedule
from bot.quickbi.backoff import Pace
from tests.benchmarks import simulation, workloads
from tests.benchmarks.decisions import CpuReport, measure_decisions
from tests.benchmarks.lateness import LateReport, judge_late_notices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.simulation import Outcome
    from tests.benchmarks.workloads import Workload

DAY = 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Delays:
    """Seconds from a failed run's end until it was seen, after the warm-up, and what that cost.

    `missed_unexplained` are the runs missed although a look could have shown them: one that was made while
    they were the mail's latest run told their task ID.
    """

    n: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float
    missed: int
    missed_unexplained: int
    calls: int
    calls_a_day: float
    cpu_seconds_a_day: float | None


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options().parse_args(arguments)
    if options.cpu:
        _print(measure_decisions(seed=options.seed), as_json=options.json)
        return
    workload = _workload(options)
    outcomes = _run(workload, options)
    warm_at = workload.begins + options.warmup_days * DAY
    if options.calls:
        _write_calls(outcomes["ours"], options.calls)
    if options.plot:
        from tests.benchmarks.plot import plot_delays  # noqa: PLC0415 (matplotlib is slow to import)

        plot_delays({name: _delays(workload, one, warm_at) for name, one in outcomes.items()}, options.plot)
    if options.late:
        _print(judge_late_notices(workload, outcomes["ours"], warm_at), as_json=options.json)
        return
    _print_table(
        {name: _judge(workload, outcome, warm_at) for name, outcome in outcomes.items()}, options.json
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.detection", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--workload", type=Path, help="runs to replay, as JSON lines")
    parser.add_argument("--mails", type=int, default=1000, help="or so many generated mails")
    parser.add_argument("--mix", choices=get_args(workloads.Mix), default="clustered", help="when they run")
    parser.add_argument("--days", type=int, default=12, help="for so many days")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="write the generated workload here")
    parser.add_argument("--calls-per-second", type=float, default=1.0)
    parser.add_argument("--check-interval", type=float, default=300.0, help="seconds")
    parser.add_argument("--timezone", type=ZoneInfo, default=workloads.ZONE, help="of Quick BI")
    parser.add_argument("--warmup-days", type=float, default=8.0, help="not counted")
    parser.add_argument("--people", type=float, default=0.0, help="share of the calls that people take first")
    parser.add_argument("--throttled", type=float, default=0.0, help="share of our calls that are throttled")
    parser.add_argument("--errors", type=float, default=0.0, help="share of our calls that get no answer")
    parser.add_argument("--only-ours", action="store_true", help="leave out the others, who meet no faults")
    parser.add_argument("--even", action="store_true", help="generate mails that all fail equally often")
    parser.add_argument("--calls", type=Path, help="write each call of ours here")
    parser.add_argument("--plot", type=Path, help="draw the delays into this PNG")
    parser.add_argument("--late", action="store_true", help="judge the late notices instead of the delays")
    parser.add_argument("--cpu", action="store_true", help="measure a decision at 3,000 and 100,000 mails")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _workload(options: argparse.Namespace) -> Workload:
    if options.workload:
        return workloads.load(options.workload)
    workload = workloads.generate(
        mails=options.mails, mix=options.mix, days=options.days, seed=options.seed, even=options.even
    )
    if options.save:
        workloads.save(workload, options.save)
    return workload


def _run(workload: Workload, options: argparse.Namespace) -> dict[str, Outcome]:
    def slots() -> simulation.Slots:
        return simulation.Slots(
            pace=Pace(fastest=1 / options.calls_per_second),
            people=options.people,
            random=Random(options.seed),
        )

    schedule = Schedule(
        calls_per_second=options.calls_per_second,
        check_interval=timedelta(seconds=options.check_interval),
        timezone=options.timezone,
    )
    faults = simulation.Faults(
        throttled=options.throttled, errors=options.errors, random=Random(options.seed)
    )
    progress = _progress(workload)
    outcomes = {"ours": simulation.ours(workload, schedule, slots(), faults=faults, progress=progress)}
    if not options.late and not options.only_ours:
        outcomes["in turn"] = simulation.in_turn(workload, slots())
        outcomes["clairvoyant"] = simulation.clairvoyant(workload, slots())
    return outcomes


def _progress(workload: Workload) -> simulation.Progress:
    """A line on a terminal that says how many days have passed."""
    days = (workload.ends - workload.begins) / DAY
    shown = -1

    def show(t: float) -> None:
        nonlocal shown
        hours = int((t - workload.begins) / 3600)
        if hours > shown and sys.stderr.isatty():
            shown = hours
            end = "\n" if t >= workload.ends else "\r"
            print(f"simulated {hours / 24:5.1f} of {days:.1f} days", end=end, file=sys.stderr, flush=True)

    return show


def _delays(workload: Workload, outcome: Outcome, warm_at: float) -> list[float]:
    return sorted(
        outcome.seen_at[run.task_id] - run.end
        for run in workload.runs
        if run.status == "FAILED" and run.end >= warm_at and run.task_id in outcome.seen_at
    )


def _judge(workload: Workload, outcome: Outcome, warm_at: float) -> Delays:
    delays = _delays(workload, outcome, warm_at)
    missed = [
        run
        for run in workload.runs
        if run.status == "FAILED" and run.end >= warm_at and run.task_id not in outcome.seen_at
    ]
    days = (workload.ends - workload.begins) / DAY
    return Delays(
        n=len(delays) + len(missed),
        mean=round(sum(delays) / max(1, len(delays)), 2),
        p50=round(_quantile(delays, 0.5), 2),
        p95=round(_quantile(delays, 0.95), 2),
        p99=round(_quantile(delays, 0.99), 2),
        max=round(_quantile(delays, 1.0), 2),
        missed=len(missed),
        missed_unexplained=len(missed) - _never_shown(workload, outcome, missed),
        calls=len(outcome.calls),
        calls_a_day=round(len(outcome.calls) / days),
        cpu_seconds_a_day=round(outcome.cpu / days, 2) if outcome.cpu else None,
    )


def _quantile(ordered: list[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else float("nan")


def _never_shown(workload: Workload, outcome: Outcome, missed: list[workloads.Run]) -> int:
    """How many of these runs the API hid: nobody asked while they were their mail's latest run."""
    starts: dict[str, list[float]] = {run.mail_id: [] for run in missed}
    looks: dict[str, list[float]] = {run.mail_id: [] for run in missed}
    for run in workload.runs:
        if run.mail_id in starts:
            starts[run.mail_id].append(run.start)
    for call in outcome.calls:
        if call.mail_id in looks and call.task_id is None:
            looks[call.mail_id].append(call.t)
    hidden = 0
    for run in missed:
        later = [start for start in starts[run.mail_id] if start > run.start]
        look = bisect_left(looks[run.mail_id], run.start)
        asked = look < len(looks[run.mail_id]) and looks[run.mail_id][look] < min(later, default=float("inf"))
        hidden += not asked
    return hidden


def _write_calls(outcome: Outcome, path: Path) -> None:
    with path.open("w") as file:
        for call in outcome.calls:
            file.write(json.dumps(asdict(call)) + "\n")


def _print_table(delays: dict[str, Delays], as_json: bool) -> None:  # noqa: FBT001
    if as_json:
        print(json.dumps({name.replace(" ", "_"): asdict(one) for name, one in delays.items()}))
        return
    print(f"{'seconds until a failure is seen':32}" + "".join(f"{name:>14}" for name in delays))
    for name in Delays.__dataclass_fields__:
        values = [getattr(one, name) for one in delays.values()]
        print(f"{name:32}" + "".join(f"{'–' if value is None else value:>14}" for value in values))


def _print(report: LateReport | CpuReport, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(report)))
        return
    for name, value in asdict(report).items():
        print(f"{name:40}{value:>14}")


if __name__ == "__main__":
    main()
