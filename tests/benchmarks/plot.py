"""Draws the delays for the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = {"ours": "#1d6fd1", "in turn": "#b0b4ba", "clairvoyant": "#2e9d5b"}
LABELS = {"ours": "this bot", "in turn": "asking in turn", "clairvoyant": "knowing when runs end"}
SECONDS = {1: "1 s", 3: "3 s", 10: "10 s", 30: "30 s", 60: "1 min", 300: "5 min", 900: "15 min", 3600: "1 h"}


def plot_delays(delays: dict[str, list[float]], path: Path) -> None:
    """The share of failed runs that were seen within a time, for each way of asking."""
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(7, 3.4), layout="constrained")
        axes = figure.subplots()
        for name in ("in turn", "clairvoyant", "ours"):
            ordered = sorted(max(1.0, delay) for delay in delays[name])
            shares = [(place + 1) / len(ordered) for place in range(len(ordered))]
            axes.step([1.0, *ordered], [0.0, *shares], where="post", color=COLOURS[name], linewidth=2)
            middle = ordered[len(ordered) // 2]
            label = f"{LABELS[name]}: half within {_words(middle)}"
            axes.plot([], [], color=COLOURS[name], linewidth=2, label=label)
        axes.set_xscale("log")
        axes.set_xlim(1, 3600)
        axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_locator(FixedLocator(list(SECONDS)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels(list(SECONDS.values()))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(color="#e6e8eb", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("time from a run's failure until the bot has seen it")
        axes.set_ylabel("failed runs")
        axes.legend(frameon=False, loc="center", bbox_to_anchor=(0.48, 0.42))  # between the curves
        figure.savefig(path, dpi=160)


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
