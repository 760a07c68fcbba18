"""Reads Telegram's HTML strictly, with Telegram's own complaints. Offsets are UTF-16 code units, as in the Bot API."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.refusals import Refused, bad_request

Entity = dict[str, Any]

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));?")
SPACE = " \t\n\r\f\v"


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the measure of every limit and offset."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_html(text: str) -> tuple[str, list[Entity]]:
    """The plain text and the entities, in the order in which they close. Raises Refused for wrong markup."""
    return _Reader(text).read()


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int


class _Reader:
    """One text being read: `at` is the next character, `length` what is read so far in UTF-16 units."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.plain: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def refuse(self, why: str, at: int) -> Refused:
        offset = len(self.text[:at].encode("utf-8", "surrogatepass"))
        return bad_request(f"can't parse entities: {why.replace('@', f'at byte offset {offset}')}")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self, stop: str) -> str:
        """Moves to the next character of `stop` (or the end) and returns what was passed."""
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in stop:
            self.at += 1
        return self.text[begin : self.at]

    def skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in SPACE:
            self.at += 1

    def character(self) -> str:
        """The next character, or what a reference like &lt; stands for. Unknown references stay as they are."""
        found = REFERENCE.match(self.text, self.at)
        if found:
            hexadecimal, decimal, name = found.groups()
            code = int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else 0
            if 0xD800 <= code <= 0xDFFF:
                raise bad_request(
                    "can't parse entities: Text contains invalid Unicode characters after decoding HTML entities, "
                    "check for unmatched surrogate code units"
                )
            meant = NAMED.get(name) if name else chr(code) if 0 < code < 0x10FFFF else None
            if meant is not None:
                self.at = found.end()
                return meant
        self.at += 1
        return self.text[self.at - 1]

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.text):
            if self.peek() != "<":
                character = self.character()
                self.plain.append(character)
                self.length += utf16_length(character)
            elif self.text[self.at + 1 : self.at + 2] == "/":
                self.end_tag()
            else:
                self.start_tag()
        if self.open:
            tag = self.open[-1].tag
            raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
        return "".join(self.plain), self.entities

    def start_tag(self) -> None:
        begin = self.at
        self.at += 1
        tag = self.skip(SPACE + ">").lower()
        if not self.peek():
            raise self.refuse("Unclosed start tag @", begin)
        if tag not in TAGS:
            raise self.refuse(f'Unsupported start tag "{tag}" @', begin)
        attributes: dict[str, str] = {}
        while True:
            self.skip_space()
            if not self.peek():
                raise self.refuse(f'Unclosed start tag "{tag}" @', begin)
            if self.peek() == ">":
                break
            name, value = self.attribute(tag, begin)
            attributes[name] = value
        self.at += 1
        self.check_attributes(tag, attributes, begin)
        self.open.append(_Open(tag, attributes, self.length))

    def attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self.skip(SPACE + "=>").lower()
        if not name:
            raise self.refuse(f'Empty attribute name in the tag "{tag}" @', begin)
        self.skip_space()
        if self.peek() != "=":
            if tag == "blockquote" and name == "expandable":
                return name, ""
            raise self.refuse(f'Expected equal sign in declaration of an attribute of the tag "{tag}" @', begin)
        self.at += 1
        self.skip_space()
        quote = self.peek()
        if not quote:
            raise self.refuse(f'Unclosed start tag "{tag}" @', begin)
        if quote not in "'\"":
            return name, self.bare_value()
        self.at += 1
        value = []
        while self.peek() and self.peek() != quote:
            value.append(self.character())
        if not self.peek():
            raise self.refuse("Unclosed start tag @", begin)
        self.at += 1
        return name, "".join(value)

    def bare_value(self) -> str:
        begin = self.at
        while self.peek() and self.peek().isascii() and (self.peek().isalnum() or self.peek() in ".-"):
            self.at += 1
        if not self.peek() or self.peek() not in SPACE + ">":
            raise self.refuse("Unexpected end of name token @", begin)
        return self.text[begin : self.at].lower()

    def check_attributes(self, tag: str, attributes: dict[str, str], begin: int) -> None:
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise self.refuse('Tag "span" must have class "tg-spoiler" @', begin)
        if tag == "tg-emoji" and not re.fullmatch(r"[0-9]{1,19}", attributes.get("emoji-id", "")):
            raise self.refuse("Invalid custom emoji identifier specified @", begin)
        if tag == "tg-time" and not re.fullmatch(r"[0-9]{1,12}", attributes.get("unix", "")):
            raise self.refuse("Invalid Unix time specified @", begin)

    def end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self.refuse("Unexpected end tag @", begin)
        self.at += 2
        name = self.skip(SPACE + ">").lower()
        self.skip_space()
        if self.peek() != ">":
            raise self.refuse("Unclosed end tag @", begin)
        self.at += 1
        opened = self.open.pop()
        if name and name != opened.tag:
            raise self.refuse(f'Unmatched end tag @, expected "</{opened.tag}>", found "</{name}>"', begin)
        entity = entity_of(opened.tag, opened.attributes, opened.offset, self.length - opened.offset)
        if entity and entity["length"]:
            self.entities.append(entity)


def entity_of(tag: str, attributes: dict[str, str], offset: int, length: int) -> Entity | None:
    """The entity that a closed tag stands for; None for a link that leads nowhere."""
    entity: Entity = {"type": TAGS[tag], "offset": offset, "length": length}
    if tag == "a":
        if not attributes.get("href"):
            return None
        entity["url"] = attributes["href"]
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes["emoji-id"]
    elif tag == "tg-time":
        entity["unix_time"] = int(attributes["unix"])
        if attributes.get("format"):
            entity["date_time_format"] = attributes["format"]
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    return entity
