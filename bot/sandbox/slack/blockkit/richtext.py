"""The `rich_text` block: paragraphs, lists, quotes and code, and what stands in their lines.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.sandbox.slack.blockkit.checks import Check, by_type, items, of_type, one_of, record, string, url

_LONGEST = 1000
_STYLE_NAMES = ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink")
_STYLE: Mapping[str, Check] = MappingProxyType(
    {"style": record(None, {name: of_type(bool) for name in _STYLE_NAMES})}
)
_IN_LINES = by_type(
    {
        "text": record({"text": string(3000)}, _STYLE),
        "link": record(
            {"url": url(3000)}, {"text": string(3000, least=0), "unsafe": of_type(bool), **_STYLE}
        ),
        "emoji": record({"name": string(255)}, {"unicode": string(255), "skin_tone": of_type(int), **_STYLE}),
        "user": record({"user_id": string(255)}, _STYLE),
        "usergroup": record({"usergroup_id": string(255)}, _STYLE),
        "channel": record({"channel_id": string(255)}, _STYLE),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}, _STYLE),
        "color": record({"value": string(255)}, _STYLE),
        "date": record(
            {"timestamp": of_type(int), "format": string(255)},
            {"url": url(3000), "fallback": string(3000), **_STYLE},
        ),
    }
)
_LINES: Mapping[str, Check] = MappingProxyType({"elements": items(_IN_LINES, _LONGEST, least=0)})
_BORDER: Mapping[str, Check] = MappingProxyType({"border": of_type(int)})
_SECTION = record(_LINES)

RICH_ELEMENTS = items(
    by_type(
        {
            "rich_text_section": _SECTION,
            "rich_text_quote": record(_LINES, _BORDER),
            "rich_text_preformatted": record(_LINES, {"language": string(255), **_BORDER}),
            "rich_text_list": record(
                {
                    "style": one_of("bullet", "ordered"),
                    "elements": items(by_type({"rich_text_section": _SECTION}), _LONGEST),
                },
                {"indent": of_type(int), "offset": of_type(int), **_BORDER},
            ),
        }
    ),
    _LONGEST,
)
