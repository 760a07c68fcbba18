"""Rich messages given as Markdown: which blocks it stands for, and what is refused."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InputRichMessage, Message, RichBlockList, RichBlockTable

from sandbox.telegram.refusals import Refused
from sandbox.telegram.rich import checked_blocks
from sandbox.telegram.rich_markdown import read_rich_markdown
from tests.sandbox.telegram.practice_chat import Practice


def rich(kind: str, text: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "text": text} | more


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**b** and __b__", [rich("bold", "b"), " and ", rich("bold", "b")]),
        ("*i* and _i_", [rich("italic", "i"), " and ", rich("italic", "i")]),
        ("~~gone~~", rich("strikethrough", "gone")),
        ("||hidden||", rich("spoiler", "hidden")),
        ("==seen==", rich("marked", "seen")),
        ("`a*b*` and ``a`b``", [rich("code", "a*b*"), " and ", rich("code", "a`b")]),
        ("[l](https://x.org/?a=1&b=2)", rich("url", "l", url="https://x.org/?a=1&b=2")),
        ("***both***", rich("bold", rich("italic", "both"))),
        (r"\*plain\* \| \\", "*plain* | \\"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("a <u>b</u>", ["a ", rich("underline", "b")]),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_marks_in_a_line_become_rich_text(markdown: str, text: Any) -> None:
    assert checked_blocks(read_rich_markdown(markdown)) == [rich("paragraph", text)]


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("### Week ###", [rich("heading", "Week", size=3)]),
        ("one\n\ntwo", [rich("paragraph", "one"), rich("paragraph", "two")]),
        ("one\n# two", [rich("paragraph", "one"), rich("heading", "two", size=1)]),
        ("---", [{"type": "divider"}]),
        ("```python\nx = '**1**'\n```", [rich("pre", "x = '**1**'", language="python")]),
        ("```\nnever closed", [rich("pre", "never closed")]),
        ("> said\n> twice", [{"type": "blockquote", "blocks": [rich("paragraph", "said\ntwice")]}]),
        (
            "<details open><summary>Why</summary>because</details>",
            [{"type": "details", "summary": "Why", "is_open": True, "blocks": [rich("paragraph", "because")]}],
        ),
    ],
)
def test_lines_become_blocks(markdown: str, blocks: list[dict[str, Any]]) -> None:
    assert checked_blocks(read_rich_markdown(markdown)) == blocks


def test_lists_hold_tasks_numbers_and_other_lists() -> None:
    (tasks, numbers) = checked_blocks(read_rich_markdown("- [x] done\n  - inside\n- [ ] open\n\n3. three\n4. four"))
    first, second = tasks["items"]
    assert (first["has_checkbox"], first["is_checked"]) == (True, True)
    assert first["blocks"][1]["items"][0]["blocks"] == [rich("paragraph", "inside")]
    assert (second["has_checkbox"], "is_checked" in second) == (True, False)
    assert [(item["label"], item["value"]) for item in numbers["items"]] == [("3.", 3), ("4.", 4)]


def test_a_table_has_a_header_and_places_its_columns() -> None:
    (table,) = checked_blocks(read_rich_markdown("| SOL | R |\n|:-:|--:|\n| a \\| b | +0.4 |\n| short |"))
    header, row, short = table["cells"]
    assert [(cell["text"], cell["align"], cell.get("is_header")) for cell in header] == [
        ("SOL", "center", True),
        ("R", "right", True),
    ]
    assert [cell["text"] for cell in row] == ["a | b", "+0.4"]
    assert [cell["text"] for cell in short] == ["short", ""]


@pytest.mark.parametrize(
    ("markdown", "why"),
    [
        ("", "message text is empty"),
        (" \n\n ", "message text is empty"),
        ("![chart](https://x.org/a.png)", "does not know media"),
        ("a <b>b", 'the tag "b" is not closed'),
        ("<script>a</script>", 'unsupported tag "script"'),
        ("a <hr> b", "must begin its line"),
        (">" * 40 + " deep", "nested too deep"),
        ("x" * 32_769, "message is too long"),
    ],
)
def test_wrong_markdown_is_refused(markdown: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        checked_blocks(read_rich_markdown(markdown))


async def test_aiogram_sends_markdown_and_reads_blocks(practice: Practice, bot: Bot) -> None:
    text = "# Week\n\n- [x] net **+1.4 R**\n\n| SOL | R |\n|---|---:|\n| 7.9 | +0.4 |"
    sent = await bot.send_rich_message(1001, InputRichMessage(markdown=text))
    assert sent.rich_message is not None
    heading, tasks, table = sent.rich_message.blocks
    assert isinstance(tasks, RichBlockList)
    assert isinstance(table, RichBlockTable)
    assert (heading.type, tasks.items[0].is_checked, table.cells[1][1].text) == ("heading", True, "+0.4")
    (shown,) = await practice.messages(1001)
    assert "<li><p>☑ net <b>+1.4 R</b></p></li>" in shown["text"]
    edited = await bot.edit_message_text(
        chat_id=1001, message_id=sent.message_id, rich_message=InputRichMessage(markdown="now")
    )
    assert isinstance(edited, Message)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text(
            chat_id=1001, message_id=sent.message_id, rich_message=InputRichMessage(markdown="now")
        )
    assert "exactly one of" in await practice.refused("sendRichMessage", chat_id=1001, rich_message={"markdown": ""})
