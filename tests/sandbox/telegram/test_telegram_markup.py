"""Telegram's HTML: what it means, and what is refused with which words."""

from typing import Any

import pytest

from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.markup import from_entities, from_html
from sandbox.telegram.refusals import Refused


def kinds(text: str) -> list[tuple[str, int, int]]:
    return [(e["type"], e["offset"], e["length"]) for e in from_html(text).entities]


@pytest.mark.parametrize(
    ("html", "plain", "entities"),
    [
        ("a &lt;b&gt; &amp; &quot;c&quot; &#36; &#x24; &laquo;", 'a <b> & "c" $ $ &laquo;', []),
        ("<b>a</b><strong>b</strong>", "ab", [("bold", 0, 1), ("bold", 1, 1)]),
        ("<i>a</i><em>b</em>", "ab", [("italic", 0, 1), ("italic", 1, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", [("strikethrough", n, 1) for n in range(3)]),
        ('<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>', "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("🏟<i>🏟 &lt🏟</i>", "🏟🏟 <🏟", [("italic", 2, 6)]),
        ("<i>x<b>y</b></i>", "xy", [("italic", 0, 2), ("bold", 1, 1)]),
        ("<b></b>x", "x", []),
        ("<B>x</B>", "x", [("bold", 0, 1)]),
        ("<i>x</>", "x", [("italic", 0, 1)]),
        ("<code>x<b>y</b></code>", "xy", [("code", 0, 2)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("  <b>x </b>\n", "x", [("bold", 0, 1)]),
        ("<a>nowhere</a>", "nowhere", []),
    ],
)
def test_html_becomes_text_and_entities(html: str, plain: str, entities: list[tuple[str, int, int]]) -> None:
    assert from_html(html).plain == plain
    assert kinds(html) == entities


@pytest.mark.parametrize(
    ("html", "extra"),
    [
        ('<a href="https://x.org/?a=1&amp;b=2">x</a>', {"type": "text_link", "url": "https://x.org/?a=1&b=2"}),
        ('<tg-emoji emoji-id="5368324170671202286">x</tg-emoji>', {"custom_emoji_id": "5368324170671202286"}),
        ('<tg-time unix="1800000000" format="wDT">x</tg-time>', {"unix_time": 1800000000, "date_time_format": "wDT"}),
        ('<pre><code class="language-python">x</code></pre>', {"type": "pre", "language": "python"}),
    ],
)
def test_attributes_become_fields_of_the_entity(html: str, extra: dict[str, Any]) -> None:
    (entity,) = from_html(html).entities
    assert extra.items() <= entity.items()


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("risk < 5", 'Unsupported start tag "" at byte offset 5'),
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("<i aba>", 'Expected equal sign in declaration of an attribute of the tag "i" at byte offset 0'),
        ("<i aba = ", 'Unclosed start tag "i" at byte offset 0'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('<i aba="x>', "Unclosed start tag at byte offset 0"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<i>a</i   ", "Unclosed end tag at byte offset 4"),
        ("<i>a</b>", 'Unmatched end tag at byte offset 4, expected "</i>", found "</b>"'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-time unix="soon">a</tg-time>', "Invalid Unix time specified at byte offset 0"),
        ("&#xDFDF;", "Text contains invalid Unicode characters after decoding HTML entities"),
    ],
)
def test_bad_html_is_refused_in_telegrams_words(html: str, complaint: str) -> None:
    with pytest.raises(Refused) as refused:
        from_html(html)
    assert refused.value.description.startswith(f"Bad Request: can't parse entities: {complaint}")


def test_entities_are_shown_as_html() -> None:
    text = "🟡 <SOL> now"
    entities = [
        {"type": "bold", "offset": 0, "length": 8},
        {"type": "italic", "offset": 3, "length": 5},
        {"type": "text_link", "offset": 9, "length": 3, "url": 'https://x.org/?"'},
    ]
    shown = from_entities(text, entities).html
    assert shown == '<b>🟡 <i>&lt;SOL&gt;</i></b> <a href="https://x.org/?&quot;">now</a>'


def test_html_made_from_entities_reads_back_as_the_same_entities() -> None:
    text = "one two three four five six seven"
    sent = [
        {"type": "blockquote", "offset": 0, "length": 7},
        {"type": "underline", "offset": 4, "length": 3},
        {"type": "pre", "offset": 8, "length": 5, "language": "python"},
        {"type": "spoiler", "offset": 14, "length": 4},
        {"type": "date_time", "offset": 19, "length": 4, "unix_time": 1800000000, "date_time_format": "t"},
        {"type": "code", "offset": 24, "length": 3},
    ]
    once = from_entities(text, sent)
    again = from_html(once.html)
    assert list(once.entities) == sent
    assert again.plain == text
    assert list(again.entities) == sent


def test_length_counts_utf16_units() -> None:
    assert utf16_length("🟡й") == 3
