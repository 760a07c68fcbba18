"""Rich messages given as blocks: checked block by block, and the HTML that shows them on the page.

Limits: 500 blocks, 32,768 characters, 20 columns in a table, 16 blocks in each other. Media, maps, formulas and buttons
inside a rich message are refused in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import Any

from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.markup import Formatted
from sandbox.telegram.refusals import Refused, bad_request

Block = dict[str, Any]
RichText = Any  # a string, a list of rich texts, or an object with `type`

MOST_BLOCKS = 500
MOST_CHARACTERS = 32_768
MOST_COLUMNS = 20
DEEPEST = 16

INLINE: Mapping[str, tuple[str, Mapping[str, type]]] = MappingProxyType(
    {
        "bold": ("b", {}),
        "italic": ("i", {}),
        "underline": ("u", {}),
        "strikethrough": ("s", {}),
        "spoiler": ("tg-spoiler", {}),
        "subscript": ("sub", {}),
        "superscript": ("sup", {}),
        "marked": ("mark", {}),
        "code": ("code", {}),
        "url": ("a", {"url": str}),
        "date_time": ("tg-time", {"unix_time": int, "date_time_format": str}),
        "bot_command": ("", {"bot_command": str}),
        "hashtag": ("", {"hashtag": str}),
        "cashtag": ("", {"cashtag": str}),
    }
)
"""Rich texts: the tag that shows each, and what it needs beside `text`."""

BLOCKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "paragraph": {"text!": "rich"},
        "heading": {"text!": "rich", "size!": "size"},
        "pre": {"text!": "rich", "language": "string"},
        "footer": {"text!": "rich"},
        "divider": {},
        "list": {"items!": "items"},
        "blockquote": {"blocks!": "blocks", "credit": "rich"},
        "expandable_blockquote": {"text!": "rich", "credit": "rich"},
        "pullquote": {"text!": "rich", "credit": "rich"},
        "table": {
            "cells!": "cells",
            "is_bordered": "true",
            "is_striped": "true",
            "is_compact": "true",
            "caption": "rich",
        },
        "details": {"summary!": "rich", "blocks!": "blocks", "is_open": "true"},
    }
)
"""Blocks: fields and their kinds; an exclamation mark after one that must be there."""

ITEM: Mapping[str, str] = MappingProxyType(
    {"blocks!": "blocks", "has_checkbox": "true", "is_checked": "true", "value": "integer", "type": "label"}
)
CELL: Mapping[str, str] = MappingProxyType(
    {
        "text": "rich",
        "is_header": "true",
        "colspan": "integer",
        "rowspan": "integer",
        "align!": "align",
        "valign!": "valign",
    }
)
WORDS = {
    "align": ("left", "center", "right"),
    "valign": ("top", "middle", "bottom"),
    "label": ("a", "A", "i", "I", "1"),
}


def _refuse(why: str) -> Refused:
    return bad_request(f"can't parse rich message: {why}")


def checked_blocks(blocks: Any) -> list[Block]:
    """The blocks as the Bot API tells them back; Refused when one of them is not as documented."""
    checker = _Checker()
    checked = checker.blocks(blocks, 0)
    if not checked:
        raise bad_request("message text is empty")
    return checked


@dataclass(slots=True)
class _Checker:
    """Counts what all blocks of one message hold together."""

    count: int = 0
    characters: int = 0

    def blocks(self, given: Any, depth: int) -> list[Block]:
        if not isinstance(given, list):
            raise _refuse("expected an Array of InputRichBlock")
        if depth > DEEPEST:
            raise _refuse("blocks are nested too deep")
        return [self.block(block, depth) for block in given]

    def block(self, given: Any, depth: int) -> Block:
        self.count += 1
        if self.count > MOST_BLOCKS:
            raise _refuse("too many blocks")
        kind = str(given.get("type")) if isinstance(given, dict) else ""
        if kind not in BLOCKS:
            raise _refuse(f'the practice Telegram does not know blocks of type "{kind[:40]}"')
        return {"type": kind} | self.fields(f'block "{kind}"', given, BLOCKS[kind], depth, {"type"})

    def fields(
        self, what: str, given: Any, known: Mapping[str, str], depth: int, also: frozenset[str] | set[str] = frozenset()
    ) -> Block:
        if not isinstance(given, dict):
            raise _refuse(f"{what} must be an Object")
        kinds = {name.rstrip("!"): kind for name, kind in known.items()}
        for name in given:
            if name not in kinds and name not in also:
                raise _refuse(f'unknown field "{name}" in {what}')
        for name in known:
            if name.endswith("!") and given.get(name[:-1]) is None:
                raise _refuse(f'{what} needs the field "{name[:-1]}"')
        return {
            name: self.value(f'field "{name}" of {what}', kinds[name], value, depth)
            for name, value in given.items()
            if name in kinds and value is not None
        }

    def value(self, what: str, kind: str, value: Any, depth: int) -> Any:
        if kind == "rich":
            return self.text(value, 0)
        if kind == "blocks":
            return self.blocks(value, depth + 1)
        if kind == "items":
            return self.items(value, depth)
        if kind == "cells":
            return self.cells(value, depth)
        right = {
            "string": isinstance(value, str),
            "true": value is True,
            "integer": isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**6,
            "size": value in (1, 2, 3, 4, 5, 6) and not isinstance(value, bool),
        }.get(kind, value in WORDS.get(kind, ()))
        if not right:
            raise _refuse(f"{what} has a wrong value")
        return value

    def items(self, given: Any, depth: int) -> list[Block]:
        if not isinstance(given, list) or not given:
            raise _refuse("a list needs items")
        checked = []
        for item in given:
            kept = self.fields("list item", item, ITEM, depth)
            label = str(kept["value"]) + "." if "value" in kept else "•"
            checked.append({"label": label} | kept)
        return checked

    def cells(self, given: Any, depth: int) -> list[list[Block]]:
        if not isinstance(given, list) or not given or not all(isinstance(row, list) and row for row in given):
            raise _refuse("a table needs rows of cells")
        rows = [[self.fields("table cell", cell, CELL, depth) for cell in row] for row in given]
        if max(sum(cell.get("colspan", 1) for cell in row) for row in rows) > MOST_COLUMNS:
            raise _refuse("a table has too many columns")
        return rows

    def text(self, given: Any, depth: int) -> RichText:
        if depth > DEEPEST:
            raise _refuse("texts are nested too deep")
        if isinstance(given, str):
            self.characters += utf16_length(given)
            if self.characters > MOST_CHARACTERS:
                raise bad_request("message is too long")
            return given
        if isinstance(given, list):
            return [self.text(part, depth + 1) for part in given]
        kind = str(given.get("type")) if isinstance(given, dict) else ""
        if kind not in INLINE:
            raise _refuse(f'the practice Telegram does not know texts of type "{kind[:40]}"')
        needs = INLINE[kind][1]
        if given.keys() != {"type", "text", *needs}:
            raise _refuse(f'a text of type "{kind}" has the fields {", ".join(["type", "text", *needs])}')
        for name, wanted in needs.items():
            if not isinstance(given[name], wanted) or isinstance(given[name], bool):
                raise _refuse(f'field "{name}" of a text of type "{kind}" has a wrong value')
        return given | {"text": self.text(given["text"], depth + 1)}


def shown_blocks(blocks: list[Block]) -> Formatted:
    """The page's HTML of checked blocks; `plain` is their text alone."""
    html = "".join(_html_of_block(block) for block in blocks)
    return Formatted("\n".join(filter(None, (_plain(block) for block in blocks))), (), html)


def _plain(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(map(_plain, part))
    words = ("summary", "text", "blocks", "items", "cells", "credit", "caption")
    return " ".join(filter(None, (_plain(part[name]) for name in words if name in part)))


def _html_of_text(text: RichText) -> str:
    if isinstance(text, str):
        return escape(text, quote=False)
    if isinstance(text, list):
        return "".join(map(_html_of_text, text))
    tag, inside = INLINE[text["type"]][0], _html_of_text(text["text"])
    attributes = ""
    if tag == "a":
        attributes = f' href="{escape(text["url"])}"'
    elif tag == "tg-time":
        attributes = f' unix="{text["unix_time"]}" format="{escape(text["date_time_format"])}"'
    return f"<{tag}{attributes}>{inside}</{tag}>" if tag else inside


def _html_of_block(block: Block) -> str:
    kind = block["type"]
    text = _html_of_text(block.get("text", ""))
    credit = f"<cite>{_html_of_text(block['credit'])}</cite>" if "credit" in block else ""
    if kind == "divider":
        return "<hr>"
    if kind == "list":
        return _html_of_list(block["items"])
    if kind == "table":
        return _html_of_table(block)
    inside = "".join(map(_html_of_block, block.get("blocks", [])))
    if kind == "details":
        opened = " open" if block.get("is_open") else ""
        return f"<details{opened}><summary>{_html_of_text(block['summary'])}</summary>{inside}</details>"
    if kind == "expandable_blockquote":
        return f"<blockquote expandable>{text}{credit}</blockquote>"
    tag = {"paragraph": "p", "pullquote": "aside"}.get(kind, f"h{block['size']}" if kind == "heading" else kind)
    return f"<{tag}>{text}{inside}{credit}</{tag}>"


def _html_of_list(items: list[Block]) -> str:
    tag = "ol" if any("value" in item for item in items) else "ul"
    parts = []
    for item in items:
        box = ("☑ " if item.get("is_checked") else "☐ ") if item.get("has_checkbox") else ""
        value = f' value="{item["value"]}"' if "value" in item else ""
        inside = "".join(map(_html_of_block, item["blocks"]))
        # The box stands on the line of the first paragraph.
        inside = inside.replace("<p>", f"<p>{box}", 1) if inside.startswith("<p>") else box + inside
        parts.append(f"<li{value}>{inside}</li>")
    return f"<{tag}>{''.join(parts)}</{tag}>"


def _html_of_table(block: Block) -> str:
    rows = "".join(f"<tr>{''.join(map(_html_of_cell, row))}</tr>" for row in block["cells"])
    caption = f"<caption>{_html_of_text(block['caption'])}</caption>" if "caption" in block else ""
    return f"<table>{caption}{rows}</table>"


def _html_of_cell(cell: Block) -> str:
    tag = "th" if cell.get("is_header") else "td"
    spans = "".join(f' {name}="{cell[name]}"' for name in ("colspan", "rowspan") if name in cell)
    places = f' align="{cell["align"]}" valign="{cell["valign"]}"'
    return f"<{tag}{spans}{places}>{_html_of_text(cell.get('text', ''))}</{tag}>"
