"""The simulated Slack proves the bot's protocols only if it shares no code with the bot."""

import ast
from pathlib import Path

from bot.sandbox import slack

PACKAGE = Path(slack.__file__).parent


def test_it_imports_nothing_else_of_the_bot() -> None:
    """Every import from `bot` stays inside the package, but for how a server listens."""
    imported = {
        (path.name, node.module)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("bot")
    }

    assert imported
    assert {module for _, module in imported if not module.startswith("bot.sandbox.slack")} == {
        "bot.sandbox.loopback"
    }
