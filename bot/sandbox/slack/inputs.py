"""What people choose in elements, as Slack tells the app: `actions[…]` of a click and `state.values`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.blockkit.blocks import elements_of
from bot.sandbox.slack.model import Json

Choice = str | Sequence[str]
"""What is chosen: an option's value, a user's or channel's ID, a date, a typed text; or several."""

_FIELD_OF: Mapping[str, str] = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "checkboxes": "selected_options",
    "timepicker": "selected_time",
    "plain_text_input": "value",
}
"""Under which name a type of element carries what was chosen. A button carries nothing but its own value."""

_EXTERNAL = frozenset({"external_select", "multi_external_select"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """An element, and the block in which it stands."""

    block: Json
    element: Json


def placed_elements(blocks: Iterable[Json]) -> Iterator[Placed]:
    """Every element that has an action ID."""
    for block in blocks:
        for element in elements_of(block):
            if "action_id" in element:
                yield Placed(block=block, element=element)


def find_element(blocks: Iterable[Json], action_id: str, block_id: str | None) -> Placed:
    """The element with this action ID, or the only one that begins so. Raises LookupError.

    Blocks get new IDs with each edit: whoever pressed a button meanwhile meant the one that is there now.
    """
    placed = list(placed_elements(blocks))
    here = [each for each in placed if each.block["block_id"] == block_id] or placed
    exact = [each for each in here if each.element["action_id"] == action_id]
    alike = exact or [each for each in here if each.element["action_id"].startswith(action_id)]
    if len(alike) == 1:
        return alike[0]
    names = ", ".join(each.element["action_id"] for each in here) or "none"
    raise LookupError(f"{len(alike)} elements named {action_id} (there are: {names})")


def action(placed: Placed, choice: Choice | None, offered: Sequence[Json], at: str) -> dict[str, Any]:
    """One entry of a click's `actions`."""
    element = placed.element
    told = {name: element[name] for name in ("text", "value", "style", "url", "confirm") if name in element}
    if element["type"] != "button":
        told = {name: element[name] for name in ("placeholder", "confirm") if name in element}
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": placed.block["block_id"],
        "action_ts": at,
        **told,
        **chosen(element, choice, offered),
    }


def chosen(element: Json, choice: Choice | None, offered: Sequence[Json] = ()) -> dict[str, Any]:
    """What an element carries once this was chosen. An option must be one that it offers; LookupError else."""
    field = _FIELD_OF.get(element["type"])
    if field is None:
        return {}
    many = [choice] if isinstance(choice, str) else list(choice or ())
    values: list[Any] = list(many)
    if "option" in field:
        options = (
            [*offered, *_initial_options(element)] if element["type"] in _EXTERNAL else element["options"]
        )
        values = [_option(options, value) for value in many]
    if field.endswith("s"):
        return {field: values}
    return {field: (values[0] or None) if values else None}


def state_values(blocks: Iterable[Json], before: Json) -> Json:
    """`state.values` of these blocks: what was chosen before where the element is still there, else the initial."""
    state: dict[str, dict[str, Any]] = {}
    for placed in placed_elements(blocks):
        element, block_id = placed.element, placed.block["block_id"]
        if element["type"] in {"button", "overflow"}:
            continue
        kept = before.get(block_id, {}).get(element["action_id"])
        value = kept if kept and kept["type"] == element["type"] else _initial(element)
        state.setdefault(block_id, {})[element["action_id"]] = value
    return state


def with_choice(values: Json, placed: Placed, carried: Json) -> Json:
    """`state.values` after this choice."""
    block_id, element = placed.block["block_id"], placed.element
    if element["type"] in {"button", "overflow"}:
        return values
    entry = {"type": element["type"], **carried}
    return {**values, block_id: {**values.get(block_id, {}), element["action_id"]: entry}}


def missing_inputs(blocks: Iterable[Json], values: Json) -> dict[str, str]:
    """Required inputs that are empty: Slack itself tells the person so."""
    return {
        placed.block["block_id"]: "Please complete this required field."
        for placed in placed_elements(blocks)
        if placed.block["type"] == "input"
        and not placed.block.get("optional", False)
        and not _carried(values.get(placed.block["block_id"], {}).get(placed.element["action_id"], {}))
    }


def _carried(entry: Json) -> Any:
    return entry.get(_FIELD_OF.get(entry.get("type", ""), ""))


def _initial(element: Json) -> dict[str, Any]:
    field = _FIELD_OF[element["type"]]
    initial = element.get("initial_" + field.removeprefix("selected_"))
    return {"type": element["type"], field: [] if initial is None and field.endswith("s") else initial}


def _initial_options(element: Json) -> list[Json]:
    one = element.get("initial_option")
    return list(element.get("initial_options", ())) + ([one] if one else [])


def _option(options: Sequence[Json], value: str) -> Json:
    for option in options:
        if option["value"] == value:
            return {name: option[name] for name in ("text", "value", "description") if name in option}
    raise LookupError(
        f"{value} is not offered (there are: {', '.join(each['value'] for each in options) or 'none'})"
    )
