"""Rich messages and drafts, through aiogram and as the person sees them."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InputRichBlockDetails,
    InputRichBlockParagraph,
    InputRichBlockSectionHeading,
    InputRichBlockTable,
    InputRichMessage,
    Message,
    RichBlockTable,
    RichBlockTableCell,
    RichTextBold,
)

from tests.sandbox.telegram.practice_chat import HandClock, Practice


def cell(text: str, **more: Any) -> RichBlockTableCell:
    return RichBlockTableCell(**({"text": text, "align": "left", "valign": "top"} | more))


def blocks() -> InputRichMessage:
    hidden = InputRichBlockParagraph(text="funding <0.02>")
    return InputRichMessage(
        blocks=[
            InputRichBlockSectionHeading(text="Week", size=2),
            InputRichBlockParagraph(text=["net ", RichTextBold(text="+1.4 R")]),
            InputRichBlockTable(cells=[[cell("SOL", is_header=True), cell("+0.4", align="right")]]),
            InputRichBlockDetails(summary="Costs", blocks=[hidden]),
        ]
    )


async def test_blocks_come_back_as_blocks_and_are_shown_as_html(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_rich_message(1001, blocks())
    assert sent.text is None
    assert sent.rich_message is not None
    assert [block.type for block in sent.rich_message.blocks] == ["heading", "paragraph", "table", "details"]
    (shown,) = await practice.messages(1001)
    assert (shown["rich"], shown["text"]) == (
        True,
        '<h2>Week</h2><p>net <b>+1.4 R</b></p><table><tr><th align="left" valign="top">SOL</th>'
        '<td align="right" valign="top">+0.4</td></tr></table>'
        "<details><summary>Costs</summary><p>funding &lt;0.02&gt;</p></details>",
    )


async def test_html_becomes_the_same_blocks(practice: Practice, bot: Bot) -> None:
    html = (
        "<h1>Week</h1>Loose <i>text</i> &amp; more<hr/><ol><li>one</li><li><p>two</p></li></ol>"
        "<blockquote><p>said</p><cite>me</cite></blockquote><table><caption>R</caption>"
        '<tr><th>SOL</th><td align="right" colspan="2">+0.4</td></tr></table>'
        "<details open><summary>Why</summary>because</details>"
    )
    sent = await bot.send_rich_message(1001, InputRichMessage(html=html))
    assert sent.rich_message is not None
    kinds = [block.type for block in sent.rich_message.blocks]
    assert kinds == ["heading", "paragraph", "divider", "list", "blockquote", "table", "details"]
    table = sent.rich_message.blocks[5]
    assert isinstance(table, RichBlockTable)
    assert (table.cells[0][0].is_header, table.cells[0][1].align, table.cells[0][1].colspan) == (True, "right", 2)
    (shown,) = await practice.messages(1001)
    assert "<p>Loose <i>text</i> &amp; more</p><hr>" in shown["text"]
    assert '<li value="2"><p>two</p></li>' in shown["text"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "exactly one of html, markdown and blocks"),
    ({"html": "<p>a</p>", "blocks": [{"type": "divider"}]}, "exactly one of html, markdown and blocks"),
    ({"markdown": "*a*", "html": "<p>a</p>"}, "exactly one of html, markdown and blocks"),
    ({"html": "<p>a"}, 'the tag "p" is not closed'),
    ({"html": "<script>a</script>"}, 'unsupported tag "script"'),
    ({"html": "<p><table></table></p>"}, 'the tag "table" is not allowed in "p"'),
    ({"html": "<td>a</td>"}, 'the tag "td" must be in tr'),
    ({"html": " \n "}, "message text is empty"),
    ({"blocks": [{"type": "map"}]}, 'does not know blocks of type "map"'),
    ({"blocks": [{"type": "paragraph"}]}, 'block "paragraph" needs the field "text"'),
    ({"blocks": [{"type": "heading", "text": "a", "size": 7}]}, 'field "size" of block "heading"'),
    ({"blocks": [{"type": "table", "cells": [[{"text": "a"}]]}]}, 'table cell needs the field "align"'),
    ({"blocks": [{"type": "divider", "colour": "red"}]}, 'unknown field "colour"'),
    ({"blocks": [{"type": "paragraph", "text": {"type": "bold"}}]}, "has the fields type, text"),
    ({"blocks": [{"type": "divider"}] * 501}, "too many blocks"),
    ({"blocks": [{"type": "paragraph", "text": "x" * 32_769}]}, "message is too long"),
    (
        {"blocks": [{"type": "table", "cells": [[{"align": "left", "valign": "top"}] * 21]}]},
        "a table has too many columns",
    ),
]


@pytest.mark.parametrize(("rich", "why"), WRONG, ids=[why for _, why in WRONG])
async def test_a_rich_message_that_is_not_in_order_is_refused(
    practice: Practice, rich: dict[str, Any], why: str
) -> None:
    assert why in await practice.refused("sendRichMessage", chat_id=1001, rich_message=rich)
    assert await practice.messages(1001) == []


async def test_a_rich_message_is_edited_into_a_text_and_back(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_rich_message(1001, blocks())
    plain = await sent.edit_text(text="plain")
    assert isinstance(plain, Message)
    assert (plain.text, plain.rich_message) == ("plain", None)
    rich = await bot.edit_message_text(chat_id=1001, message_id=sent.message_id, rich_message=blocks())
    assert isinstance(rich, Message)
    assert (rich.text, rich.rich_message) == (None, sent.rich_message)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text(chat_id=1001, message_id=sent.message_id, rich_message=blocks())


async def test_a_draft_is_shown_for_thirty_seconds(practice: Practice, bot: Bot, clock: HandClock) -> None:
    assert await bot.send_message_draft(1001, 5, text="So <b>far</b>")
    person = (await practice.person("GET", "1001"))[1]
    assert (person["draft"]["draft_id"], person["draft"]["text"]) == (5, "So <b>far</b>")
    clock.now += 29_999
    assert (await practice.person("GET", "1001"))[1]["draft"]
    clock.now += 1
    assert (await practice.person("GET", "1001"))[1]["draft"] is None
    assert await practice.messages(1001) == []


async def test_a_message_ends_the_draft(practice: Practice, bot: Bot) -> None:
    assert await bot.send_rich_message_draft(1001, 6, rich_message=blocks())
    assert "<h2>Week</h2>" in (await practice.person("GET", "1001"))[1]["draft"]["text"]
    await bot.send_message(1001, "done")
    assert (await practice.person("GET", "1001"))[1]["draft"] is None


async def test_a_draft_needs_a_number_and_a_chat(practice: Practice) -> None:
    assert "must be non-zero" in await practice.refused("sendMessageDraft", chat_id=1001, draft_id=0, text="x")
    assert "chat not found" in await practice.refused("sendMessageDraft", chat_id=4004, draft_id=1, text="x")
    assert "too long" in await practice.refused("sendMessageDraft", chat_id=1001, draft_id=1, text="x" * 4097)
