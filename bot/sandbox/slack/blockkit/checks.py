"""The words of a small language for JSON shapes. A check names every mistake in a value, with a pointer to it.

The wording is Slack's, as its API gives it in `response_metadata.messages`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any, str], Iterator[str]]
"""(value, its JSON pointer) -> mistakes."""

Shapes: TypeAlias = Mapping[str, Check]
"""`type` -> what else such an object must be."""


def problem(words: str, pointer: str) -> str:
    """One mistake in Slack's words."""
    return f"{words} [json-pointer:{pointer}]"


def string(most: int, *, least: int = 1) -> Check:
    """A string of so many characters."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", at)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", at)

    return check


def shaped(pattern: str, name: str, most: int) -> Check:
    """A string of so many characters that looks like `name`."""
    is_short, is_so = string(most), re.compile(pattern)

    def check(value: Any, at: str) -> Iterator[str]:
        if found := list(is_short(value, at)):
            yield from found
        elif not is_so.fullmatch(value):
            yield problem(f"must be a valid {name}", at)

    return check


def url(most: int, *, schemes: str = "[a-z][a-z0-9+.-]*") -> Check:
    """An address with a scheme."""
    return shaped(rf"(?i:{schemes}):\S+", "url", most)


def one_of(*allowed: str) -> Check:
    """One of these strings."""

    def check(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield problem(f"must be one of: {', '.join(allowed)}", at)

    return check


def of_type(*kinds: type) -> Check:
    """A JSON value of one of these types; a boolean is no number."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            yield problem(f"must be a {' or '.join(kind.__name__ for kind in kinds)}", at)

    return check


def anything(_value: Any, _at: str) -> Iterator[str]:
    """Not looked into."""
    yield from ()


def items(each: Check, most: int, *, least: int = 1) -> Check:
    """A list of so many of these."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be an array", at)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield problem(f"no less than {least} items allowed", at)
        for number, item in enumerate(value):
            yield from each(item, f"{at}/{number}")

    return check


def record(required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others; `type` is checked by whoever chose this shape."""
    needed, allowed = required or {}, optional or {}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", at)
            return
        for name in needed:
            if name not in value:
                yield problem(f"missing required field: {name}", at)
        for name, item in value.items():
            if (field := needed.get(name) or allowed.get(name)) is not None:
                yield from field(item, f"{at}/{name}")
            elif name != "type":
                yield problem(f"invalid additional property: {name}", at)

    return check


def by_type(shapes: Shapes) -> Check:
    """An object whose `type` chooses its shape."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", at)
        elif "type" not in value:
            yield problem("missing required field: type", at)
        elif (shape := shapes.get(str(value["type"]))) is None:
            yield problem(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from shape(value, at)

    return check


def plain(most: int, *, least: int = 1) -> Check:
    """A `plain_text` object."""
    return by_type({"plain_text": record({"text": string(most, least=least)}, {"emoji": of_type(bool)})})


def words(most: int, *, least: int = 1) -> Check:
    """A `plain_text` or `mrkdwn` object."""
    text = {"text": string(most, least=least)}
    return by_type(
        {
            "plain_text": record(text, {"emoji": of_type(bool)}),
            "mrkdwn": record(text, {"verbatim": of_type(bool)}),
        }
    )
