"""Telegram's HTML and its entities, each into the other. Offsets are UTF-16 code units, as in the Bot API."""

from dataclasses import dataclass
from html import escape

from sandbox.telegram.html_reader import TAGS, Entity, read_html, utf16_length


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as Telegram keeps it: plain characters, entities, and the HTML that shows it."""

    plain: str
    entities: tuple[Entity, ...]
    html: str


def from_plain(text: str) -> Formatted:
    """A text without formatting."""
    return Formatted(text, (), escape(text, quote=False))


def from_html(text: str) -> Formatted:
    """What Telegram makes of a text with `parse_mode` HTML.

    Raises Refused with Telegram's own words and the byte offset when the markup is wrong.
    """
    plain, entities = read_html(text)
    return _trimmed(plain, tidy(entities), text.strip())


def tidy(entities: list[Entity]) -> list[Entity]:
    """Sorts entities and, like Telegram, keeps nothing inside code and merges a language into its block."""
    entities = sorted(entities, key=lambda e: (e["offset"], -e["length"], e["type"] != "pre"))
    kept: list[Entity] = []
    wall, block = 0, None
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if end <= wall:
            same = block is not None and (block["offset"], block["length"]) == (begin, entity["length"])
            if same and block is not None and block["type"] == "pre" and entity.get("language"):
                block["language"] = entity["language"]
            continue
        entity = dict(entity)
        if entity["type"] in ("code", "pre"):
            wall, block = end, entity
        kept.append(entity)
    for entity in kept:
        if entity["type"] == "code":
            entity.pop("language", None)
    return kept


def from_entities(text: str, entities: list[Entity]) -> Formatted:
    """A text whose formatting came as entities; its HTML is made from them."""
    entities = tidy(entities)
    return _trimmed(text, entities, html_of(text, entities).strip())


def _trimmed(plain: str, entities: list[Entity], html: str) -> Formatted:
    """Telegram cuts white space at both ends of a text and moves the entities with it."""
    shift = utf16_length(plain) - utf16_length(plain.lstrip())
    plain = plain.strip()
    end = utf16_length(plain)
    kept = []
    for entity in entities:
        first = max(0, entity["offset"] - shift)
        last = min(end, entity["offset"] + entity["length"] - shift)
        if last > first:
            kept.append(entity | {"offset": first, "length": last - first})
    return Formatted(plain, tuple(kept), html)


def html_of(text: str, entities: list[Entity]) -> str:
    """HTML that shows `text` with its entities; an entity that sticks out of the one around it is cut there."""
    units = text.encode("utf-16-le", "surrogatepass")
    return _html_between(units, 0, len(units) // 2, entities)


def _html_between(units: bytes, begin: int, end: int, entities: list[Entity]) -> str:
    parts: list[str] = []
    at, index = begin, 0
    while index < len(entities):
        entity = entities[index]
        first, last = max(at, entity["offset"]), min(end, entity["offset"] + entity["length"])
        index += 1
        if first >= last:
            continue
        inner = []
        while index < len(entities) and entities[index]["offset"] < last:
            inner.append(entities[index])
            index += 1
        parts.append(_escaped(units, at, first))
        opening, closing = _tags_of(entity)
        parts += [opening, _html_between(units, first, last, inner), closing]
        at = last
    parts.append(_escaped(units, at, end))
    return "".join(parts)


def _escaped(units: bytes, begin: int, end: int) -> str:
    return escape(units[2 * begin : 2 * end].decode("utf-16-le", "replace"), quote=False)


def _tags_of(entity: Entity) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "text_link":
        return f'<a href="{escape(entity["url"])}">', "</a>"
    if kind == "text_mention":
        return f'<a href="tg://user?id={int(entity["user"]["id"])}">', "</a>"
    if kind == "pre" and entity.get("language"):
        return f'<pre><code class="language-{escape(entity["language"])}">', "</code></pre>"
    if kind == "custom_emoji":
        return f'<tg-emoji emoji-id="{escape(entity["custom_emoji_id"])}">', "</tg-emoji>"
    if kind == "date_time":
        form = entity.get("date_time_format")
        shown = f' format="{escape(form)}"' if form else ""
        return f'<tg-time unix="{int(entity["unix_time"])}"{shown}>', "</tg-time>"
    if kind == "expandable_blockquote":
        return "<blockquote expandable>", "</blockquote>"
    tag = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "tg-spoiler"}.get(kind, kind)
    return (f"<{tag}>", f"</{tag}>") if tag in TAGS else ("", "")
