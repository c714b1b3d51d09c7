"""Gives birth to real bots quickly: everything is imported once, each life is a forked process of its own.

Reads a line for each life from standard input: a step and how often it is passed, or `-` for no trap. Answers
with the process's ID, and when it is over with `dead` and its wait status.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bot.app.run import run_bot
from bot.app.settings import load_settings
from tests.chaos.steps import Step, set_trap


def main() -> None:
    settings = load_settings()
    for line in sys.stdin:
        step, _, nth = line.strip().partition(" ")
        pid = os.fork()
        if pid == 0:
            if step != "-":
                set_trap(Step(step), nth=int(nth))
            os._exit(asyncio.run(run_bot(settings)))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("dead", status, flush=True)


if __name__ == "__main__":
    main()
