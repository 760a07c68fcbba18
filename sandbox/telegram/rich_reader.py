"""Rich messages given as HTML: read strictly into the blocks they stand for."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.rich import Block

INLINE_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "sub": "subscript",
    "sup": "superscript",
    "mark": "marked",
    "code": "code",
    "a": "url",
    "tg-time": "date_time",
}
TEXT_BLOCKS = {"p": "paragraph", "pre": "pre", "footer": "footer", "aside": "pullquote"}
HEADINGS = {f"h{size}": size for size in range(1, 7)}
TEXT_PARTS = frozenset({"td", "th", "caption", "summary", "cite"})
CONTAINERS = frozenset({"ul", "ol", "li", "blockquote", "details", "table", "tr"})
INSIDE = {"li": {"ul", "ol"}, "tr": {"table"}, "td": {"tr"}, "th": {"tr"}, "caption": {"table"}, "summary": {"details"}}


def _refuse(why: str) -> Refused:
    return bad_request(f"can't parse rich message: {why}")


def read_rich_html(html: str) -> list[Block]:
    """The blocks that the HTML stands for, not yet checked against the limits. Raises Refused for wrong markup."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()


@dataclass(slots=True)
class _Node:
    """One open tag: the texts and blocks found in it so far."""

    tag: str
    attributes: dict[str, str | None]
    texts: list[Any] = field(default_factory=list)
    blocks: list[Any] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def takes_text(self) -> bool:
        return self.tag in TEXT_BLOCKS or self.tag in HEADINGS or self.tag in TEXT_PARTS or self.tag in INLINE_TAGS

    def text(self) -> Any:
        return self.texts[0] if len(self.texts) == 1 else self.texts or ""

    def end_paragraph(self) -> None:
        """Loose text among blocks is a paragraph of its own; white space alone is nothing."""
        if self.texts and isinstance(self.texts[0], str):
            self.texts[0] = self.texts[0].lstrip()
        if self.texts and isinstance(self.texts[-1], str):
            self.texts[-1] = self.texts[-1].rstrip()
        self.texts = [part for part in self.texts if part]
        if self.texts:
            self.blocks.append({"type": "paragraph", "text": self.text()})
        self.texts = []


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [_Node("", {})]

    def finished(self) -> list[Block]:
        if len(self.open) > 1:
            raise _refuse(f'the tag "{self.open[-1].tag}" is not closed')
        self.open[0].end_paragraph()
        return self.open[0].blocks

    def handle_data(self, data: str) -> None:
        top = self.open[-1]
        if top.tag in ("ul", "ol", "table", "tr"):
            if data.strip():
                raise _refuse(f'text is not allowed in the tag "{top.tag}"')
            return
        if top.texts and isinstance(top.texts[-1], str):
            top.texts[-1] += data
        else:
            top.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        top = self.open[-1]
        if tag == "br":
            return self.handle_data("\n")
        if tag == "input":
            return _tick(top, dict(attrs))
        known = tag in INLINE_TAGS or tag in TEXT_BLOCKS or tag in HEADINGS or tag in TEXT_PARTS or tag in CONTAINERS
        if not known and tag != "hr":
            raise _refuse(f'unsupported tag "{tag}"')
        if tag in INSIDE and top.tag not in INSIDE[tag]:
            raise _refuse(f'the tag "{tag}" must be in {" or ".join(sorted(INSIDE[tag]))}')
        if tag not in INLINE_TAGS and tag != "cite":
            if top.takes_text:
                raise _refuse(f'the tag "{tag}" is not allowed in "{top.tag}"')
            top.end_paragraph()
        if tag == "hr":
            return top.blocks.append({"type": "divider"})
        return self.open.append(_Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("br", "hr", "input"):
            return
        node = self.open.pop()
        if node.tag != tag or not self.open:
            raise _refuse(f'unexpected end tag "{tag}"')
        top = self.open[-1]
        if tag in INLINE_TAGS:
            top.texts.append(self._inline(node))
        elif tag in ("caption", "summary", "cite"):
            top.extras["credit" if tag == "cite" else tag] = node.text()
        else:
            top.blocks.append(self._block(node))

    def _inline(self, node: _Node) -> Any:
        made = {"type": INLINE_TAGS[node.tag], "text": node.text()}
        if node.tag == "a":
            made["url"] = node.attributes.get("href") or ""
        elif node.tag == "tg-time":
            unix = node.attributes.get("unix") or ""
            if not unix.isdecimal():
                raise _refuse("invalid Unix time specified")
            made |= {"unix_time": int(unix), "date_time_format": node.attributes.get("format") or ""}
        return made

    def _block(self, node: _Node) -> Any:
        tag = node.tag
        if tag in HEADINGS:
            return {"type": "heading", "text": node.text(), "size": HEADINGS[tag]}
        if tag in TEXT_BLOCKS:
            return {"type": TEXT_BLOCKS[tag], "text": node.text()} | node.extras
        if tag in ("td", "th"):
            return _cell(node)
        if tag == "tr":
            return node.blocks
        node.end_paragraph()
        if tag == "li":
            return {"blocks": node.blocks} | node.extras
        if tag in ("ul", "ol"):
            numbered = enumerate(node.blocks, 1)
            return {"type": "list", "items": [item | ({"value": n} if tag == "ol" else {}) for n, item in numbered]}
        if tag == "table":
            return {"type": "table", "cells": node.blocks} | node.extras
        if tag == "details":
            opened = {"is_open": True} if "open" in node.attributes else {}
            return {"type": "details", "blocks": node.blocks} | node.extras | opened
        return {"type": "blockquote", "blocks": node.blocks} | node.extras


def _tick(item: _Node, attributes: dict[str, str | None]) -> None:
    """An item's checkbox."""
    if item.tag != "li" or attributes.get("type") != "checkbox":
        raise _refuse("a checkbox must be the first in a list item")
    item.extras |= {"has_checkbox": True} | ({"is_checked": True} if "checked" in attributes else {})


def _cell(node: _Node) -> Block:
    cell: Block = {"text": node.text(), "align": "left", "valign": "top"}
    for name in ("align", "valign"):
        if node.attributes.get(name):
            cell[name] = node.attributes[name]
    for name in ("colspan", "rowspan"):
        given = node.attributes.get(name)
        if given and given.isdecimal():
            cell[name] = int(given)
    if node.tag == "th":
        cell["is_header"] = True
    return cell
