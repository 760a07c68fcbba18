"""Rich messages given as Markdown: GitHub's dialect with Telegram's ||spoilers|| and ==marks==, read into blocks.

HTML is allowed among it, as in GitHub's dialect: a line that begins with a tag begins a block of HTML.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from sandbox.telegram.refusals import bad_request
from sandbox.telegram.rich import DEEPEST, Block
from sandbox.telegram.rich_reader import read_rich_html

FENCE = re.compile(r"(`{3,}|~{3,})\s*([\w+-]*)\s*$")
HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
DIVIDER = re.compile(r"([-*_])(?:\s*\1){2,}$")
ITEM = re.compile(r"(\s*)([-*+]|[0-9]{1,6}[.)])(\s+)(.*)$")
TASK = re.compile(r"\[([ xX])\]\s+(.*)$", re.DOTALL)
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
HTML = re.compile(r"</?[A-Za-z][^>]*>")

# What is written out first cannot be read again by what comes after it.
LITERAL = re.compile(r"\\([!-/:-@\[-`{-~])|(`+)(.+?)\2(?!`)", re.DOTALL)
MARKS = (
    (re.compile(r"\[([^\]\n]+)\]\((\S+?)\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"\*\*\*(?=\S)(.+?)(?<=\S)\*\*\*", re.DOTALL), r"<b><i>\1</i></b>"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL), r"<b>\2</b>"),
    (re.compile(r"(?<![\w*])\*(?=\S)(.+?)(?<=\S)\*(?![\w*])", re.DOTALL), r"<i>\1</i>"),
    (re.compile(r"(?<!\w)_(?=\S)(.+?)(?<=\S)_(?!\w)", re.DOTALL), r"<i>\1</i>"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~", re.DOTALL), r"<s>\1</s>"),
    (re.compile(r"\|\|(?=\S)(.+?)(?<=\S)\|\|", re.DOTALL), r"<tg-spoiler>\1</tg-spoiler>"),
    (re.compile(r"==(?=\S)(.+?)(?<=\S)==", re.DOTALL), r"<mark>\1</mark>"),
)


def read_rich_markdown(text: str) -> list[Block]:
    """The blocks that the Markdown stands for, not yet checked against the limits. Raises Refused for wrong markup."""
    return _blocks(text.expandtabs(4).splitlines(), 0)


def _blocks(lines: list[str], depth: int) -> list[Block]:
    if depth > DEEPEST:
        raise bad_request("can't parse rich message: blocks are nested too deep")
    found: list[Block] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        reader = next(reader for begins, reader in READERS if begins(lines, at))
        read, at = reader(lines, at, depth)
        found += read
    return found


Read = tuple[list[Block], int]  # blocks, and the line after them


def _begins_block(lines: list[str], at: int) -> bool:
    """Whether a line ends the paragraph before it."""
    return not lines[at].strip() or any(begins(lines, at) for begins, _ in READERS[:-1])


def _fenced(lines: list[str], at: int, depth: int) -> Read:
    opened = FENCE.match(lines[at])
    mark, language = (opened[1], opened[2]) if opened else ("", "")
    end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == mark), len(lines))
    block: Block = {"type": "pre", "text": "\n".join(lines[at + 1 : end])}
    return [block | ({"language": language} if language else {})], end + 1


def _heading(lines: list[str], at: int, depth: int) -> Read:
    found = HEADING.match(lines[at])
    size, words = (len(found[1]), found[2]) if found else (1, "")
    return [{"type": "heading", "text": _inline(words), "size": size}], at + 1


def _divider(lines: list[str], at: int, depth: int) -> Read:
    return [{"type": "divider"}], at + 1


def _quote(lines: list[str], at: int, depth: int) -> Read:
    end = _while(lines, at, lambda line: line.lstrip().startswith(">"))
    inside = [re.sub(r"^\s*> ?", "", line) for line in lines[at:end]]
    return [{"type": "blockquote", "blocks": _blocks(inside, depth + 1)}], end


def _list(lines: list[str], at: int, depth: int) -> Read:
    """Items of one kind and their continuation lines, which stand as deep as the first item's text."""
    first = ITEM.match(lines[at])
    ordered = bool(first and first[2][0].isdigit())
    items: list[Block] = []
    while at < len(lines) and (found := ITEM.match(lines[at])) and found[2][0].isdigit() == ordered:
        margin = len(found[1]) + len(found[2]) + len(found[3])
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * margin)):
            end += 1
        items.append(_item([found[4], *(line[margin:] for line in lines[at + 1 : end])], found[2], depth))
        at = end
    return [{"type": "list", "items": items}], at


def _item(lines: list[str], marker: str, depth: int) -> Block:
    item: Block = {"value": int(marker[:-1])} if marker[0].isdigit() else {}
    task = TASK.match(lines[0])
    if task:
        item |= {"has_checkbox": True} | ({"is_checked": True} if task[1] != " " else {})
        lines = [task[2], *lines[1:]]
    return item | {"blocks": _blocks(lines, depth + 1)}


def _table(lines: list[str], at: int, depth: int) -> Read:
    end = _while(lines, at, lambda line: "|" in line)
    aligns = [_align(rule.strip()) for rule in _row(lines[at + 1])]
    rows = [_cells(lines[at], aligns, is_header=True)]
    rows += [_cells(line, aligns, is_header=False) for line in lines[at + 2 : end]]
    return [{"type": "table", "cells": rows}], end


def _row(line: str) -> list[str]:
    """The cells of a line; a bar after a backslash is no border."""
    return re.split(r"(?<!\\)\|", re.sub(r"^\s*\||(?<!\\)\|\s*$", "", line))


def _cells(line: str, aligns: list[str], *, is_header: bool) -> list[Block]:
    given = _row(line)[: len(aligns)]
    given += [""] * (len(aligns) - len(given))
    return [
        {"text": _inline(cell.strip()), "align": align, "valign": "top"} | ({"is_header": True} if is_header else {})
        for cell, align in zip(given, aligns, strict=True)
    ]


def _align(rule: str) -> str:
    if rule.startswith(":") and rule.endswith(":"):
        return "center"
    return "right" if rule.endswith(":") else "left"


def _html(lines: list[str], at: int, depth: int) -> Read:
    end = _while(lines, at, lambda line: bool(line.strip()))
    return read_rich_html("\n".join(lines[at:end])), end


def _paragraph(lines: list[str], at: int, depth: int) -> Read:
    end = at + 1
    while end < len(lines) and not _begins_block(lines, end):
        end += 1
    return [{"type": "paragraph", "text": _inline("\n".join(line.strip() for line in lines[at:end]))}], end


def _while(lines: list[str], at: int, holds: Callable[[str], bool]) -> int:
    while at < len(lines) and holds(lines[at]):
        at += 1
    return at


def _begins_table(lines: list[str], at: int) -> bool:
    return "|" in lines[at] and at + 1 < len(lines) and "|" in lines[at + 1] and bool(RULE.match(lines[at + 1]))


Reader = tuple[Callable[[list[str], int], bool], Callable[[list[str], int, int], Read]]

READERS: tuple[Reader, ...] = (
    (lambda lines, at: bool(FENCE.match(lines[at])), _fenced),
    (lambda lines, at: bool(HEADING.match(lines[at])), _heading),
    (lambda lines, at: bool(DIVIDER.match(lines[at].strip())), _divider),
    (lambda lines, at: lines[at].lstrip().startswith(">"), _quote),
    (lambda lines, at: bool(ITEM.match(lines[at])), _list),
    (_begins_table, _table),
    (lambda lines, at: bool(HTML.match(lines[at].lstrip())), _html),
    (lambda lines, at: True, _paragraph),
)
"""How each kind of block begins, and who reads it; what is nothing else is a paragraph."""


def _inline(text: str) -> Any:
    """The rich text of a line or paragraph."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(escape(found[1]) if found[1] else f"<code>{escape(found[3].strip())}</code>")
        return f"\0{len(kept) - 1}\0"

    html = LITERAL.sub(keep, text.replace("\0", ""))
    if "![" in html:
        raise bad_request("can't parse rich message: the practice Telegram does not know media in rich messages yet")
    for mark, tags in MARKS:
        html = mark.sub(tags, html)
    html = re.sub("\0([0-9]+)\0", lambda found: kept[int(found[1])], html)
    blocks = read_rich_html(html)
    if [block["type"] for block in blocks] not in ([], ["paragraph"]):
        raise bad_request("can't parse rich message: a tag of a block must begin its line")
    return blocks[0]["text"] if blocks else ""
