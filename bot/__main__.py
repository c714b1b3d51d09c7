"""The command line: run the bot, check an installation, keep and move its data, try it in a sandbox."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir

from bot.domain import MailBotError, NewerDatabase
from bot.quickbi.endpoints import HIGHEST_PORT

EXIT_TROUBLE = 1
EXIT_SETTINGS = 2
_ABOUT_DATA = {
    "backup": "copy the SQLite database to FILE, also while the bot runs",
    "export": "write all data to FILE as JSON lines, or to standard output",
    "import": "read an export into an empty database",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 fine, 1 trouble, 2 a setting, an argument or this version is wrong."""
    arguments = _parser().parse_args(argv)
    _need_no_home()
    try:
        with asyncio.Runner(loop_factory=_event_loop(arguments.command)) as runner:
            return runner.run(_command(arguments))
    except MailBotError as trouble:
        return _say_why(trouble)
    except KeyboardInterrupt:
        return EXIT_TROUBLE


def _need_no_home() -> None:
    """slack_sdk fails when imported where there is no home: a container's user without HOME and passwd entry."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = gettempdir()


def _event_loop(command: str | None) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """PostgreSQL's driver cannot use Windows' usual loop; the sandbox needs that one to start a process."""
    return asyncio.SelectorEventLoop if sys.platform == "win32" and command != "sandbox" else None


def _say_why(trouble: MailBotError) -> int:
    from bot.app.settings import SettingsError  # noqa: PLC0415

    if not isinstance(trouble, SettingsError):
        print(f"mailbot: {trouble}", file=sys.stderr)  # noqa: T201 (a command line answers on its terminal)
        return EXIT_SETTINGS if isinstance(trouble, NewerDatabase) else EXIT_TROUBLE
    for problem in trouble.problems:
        print(f"mailbot: {problem}", file=sys.stderr)  # noqa: T201
    print("mailbot: see .env.example, or README, “Settings”", file=sys.stderr)  # noqa: T201
    return EXIT_SETTINGS


def _command(arguments: argparse.Namespace) -> Coroutine[None, None, int]:
    """Import only what the command needs: the sandbox starts sooner, and the bot never imports it."""
    if arguments.command == "sandbox":
        from bot.sandbox.run import run_sandbox  # noqa: PLC0415

        return run_sandbox(port=arguments.port)
    from bot.app.settings import load_settings  # noqa: PLC0415

    if arguments.command == "check":
        from bot.app.check import run_check  # noqa: PLC0415

        return run_check(load_settings())
    if arguments.command in {"backup", "export", "import"}:
        from bot.app import data  # noqa: PLC0415

        run = {"backup": data.run_backup, "export": data.run_export, "import": data.run_import}
        return run[arguments.command](load_settings(), arguments.file)
    from bot.app.run import run_bot  # noqa: PLC0415

    return run_bot(load_settings())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quickbi-mailbot",
        description="A Slack bot that tells people when a Quick BI report mail fails. Without a command: run it.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('quickbi-mailbot')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("check", help="are tokens, scopes, API access, clock and database right?")
    for name, words in _ABOUT_DATA.items():
        command = commands.add_parser(name, help=words)
        command.add_argument("file", metavar="FILE", type=Path, nargs="?" if name == "export" else None)
    sandbox = commands.add_parser(
        "sandbox", help="try everything in a browser: no Slack, no Quick BI, no account"
    )
    sandbox.add_argument("--port", type=_port, default=8080, help="the page's port (default: %(default)s)")
    return parser


def _port(text: str) -> int:
    """0 takes any free port."""
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {HIGHEST_PORT}")
    return int(text)


def run() -> None:
    """Run a command and exit; also the console script."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # whoever read it is gone
            stream.flush()
    os._exit(code)  # at once: the interpreter's own clean-up takes a busy machine seconds


if __name__ == "__main__":
    run()
