"""A conversation in which a bot calls every method of the practice Telegram and hears every kind of update."""

import json
import pathlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.telegram.updates import KINDS
from tests.sandbox.conformance.telegram_schema import documented, sample
from tests.sandbox.telegram.practice_chat import TOKEN, HandClock, Practice, png, practising

ANN = 1001
PLAYED = ("message", "edited_message", "callback_query", "my_chat_member", "message_reaction")
"""The kinds of updates that people make here; those of groups, channels and shops come by the lever alone."""
KEYS = {
    "inline_keyboard": [
        [{"text": "Confirm", "callback_data": "ok", "style": "success"}, {"text": "Wait", "disabled": {}}],
        [{"text": "Copy", "copy_text": {"text": "148.32"}}, {"text": "Site", "url": "https://example.org/"}],
    ]
}
TEXT = (
    '<b>b</b> <i>i</i> <u>u</u> <s>s</s> <code>c</code> <a href="https://example.org/">l</a> <tg-spoiler>h</tg-spoiler>'
    ' <tg-time unix="1800000000" format="t">then</tg-time><pre><code class="language-python">p</code></pre>'
    "<blockquote>q</blockquote><blockquote expandable>e</blockquote>"
)
MARKDOWN = "# Week\n\nnet **+1.4 R** *i* ~~s~~ ||h|| ==m== `c` [l](https://example.org/)\n\n- [x] done\n\n> said\n\n---"
HTML = (
    "<h2>Week</h2><p><u>u</u><sub>1</sub><sup>2</sup><tg-time unix='1800000000' format='t'>then</tg-time></p>"
    "<table><caption>R</caption><tr><th>SOL</th><td align='right' colspan='2'>+0.4</td></tr></table>"
    "<ol><li>one</li></ol><pre>p</pre><footer>f</footer><aside>a<cite>me</cite></aside><hr>"
    "<details open><summary>Costs</summary>funding</details>"
)
BLOCKS = [
    {"type": "heading", "text": "Week", "size": 2},
    {"type": "paragraph", "text": ["net ", {"type": "bold", "text": "+1.4 R"}]},
    {"type": "expandable_blockquote", "text": "said"},
]


@dataclass(slots=True)
class Story:
    """What was asked and answered: `calls` are (method, parameters, result)."""

    calls: list[tuple[str, dict[str, Any], Any]] = field(default_factory=list)

    @property
    def updates(self) -> list[dict[str, Any]]:
        """All that the bot heard, some of it more than once."""
        return [update for heard in self.results("getUpdates") for update in heard]

    def results(self, method: str) -> list[Any]:
        """All that the method returned."""
        return [result for called, _, result in self.calls if called == method]

    def parameters(self, method: str) -> dict[str, Any]:
        """The parameters of the method's last call, which went well."""
        return next(given for called, given, _ in reversed(self.calls) if called == method)


class Bot:
    """Calls methods and writes down what they answer."""

    def __init__(self, practice: Practice, story: Story) -> None:
        self._practice = practice
        self._story = story

    async def __call__(self, method: str, **given: Any) -> Any:
        result = await self._practice.ok(method, **given)
        self._story.calls.append((method, given, result))
        return result

    async def upload(self, method: str, given: dict[str, Any], **files: bytes) -> Any:
        form = aiohttp.FormData(
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
        )
        for name, body in files.items():
            form.add_field(name, body, filename=f"{name}.csv", content_type="text/csv")
        async with self._practice.session.post(f"{self._practice.base}/bot{TOKEN}/{method}", data=form) as answer:
            told = await answer.json()
        assert told["ok"], told
        self._story.calls.append((method, given, told["result"]))
        return told["result"]


async def tell(folder: pathlib.Path) -> Story:
    """The whole conversation, against a practice Telegram of its own in `folder`."""
    story = Story()
    async with practising(folder / "story.db", HandClock()) as practice:
        await practice.met(ANN)
        bot = Bot(practice, story)
        await _introduce(bot)
        await _write(bot)
        await _send_files(bot)
        await _hear(practice, bot)
        await _tidy_up(bot)
    return story


async def _introduce(bot: Bot) -> None:
    await bot("getMe")
    await bot("setMyCommands", commands=[{"command": "start", "description": "Begin"}])
    await bot("getMyCommands")
    await bot("deleteMyCommands", scope={"type": "chat", "chat_id": ANN})
    await bot("setMyName", name="bybot")
    await bot("setMyDescription", description="Watches")
    await bot("setMyShortDescription", short_description="Watches")
    await bot("setChatMenuButton", menu_button={"type": "commands"})
    await bot("getChatMenuButton")
    await bot("setChatMenuButton", menu_button={"type": "default"})
    await bot("getChatMenuButton")


async def _write(bot: Bot) -> None:
    card = await bot("sendMessage", chat_id=ANN, text=TEXT, parse_mode="HTML", reply_markup=KEYS)
    where = {"chat_id": ANN, "message_id": card["message_id"]}
    await bot("editMessageText", **where, text="offered", reply_markup=KEYS)
    await bot("editMessageReplyMarkup", **where, reply_markup={"inline_keyboard": KEYS["inline_keyboard"][:1]})
    await bot("sendMessage", chat_id=ANN, text="an answer", reply_parameters={"message_id": card["message_id"]})
    rich = await bot("sendRichMessage", chat_id=ANN, rich_message={"html": HTML})
    await bot("sendRichMessage", chat_id=ANN, rich_message={"markdown": MARKDOWN})
    await bot("sendRichMessage", chat_id=ANN, rich_message={"blocks": BLOCKS, "is_rtl": True}, reply_markup=KEYS)
    await bot("editMessageText", chat_id=ANN, message_id=rich["message_id"], rich_message={"markdown": "now"})
    await bot("sendMessageDraft", chat_id=ANN, draft_id=1, text="So far")
    await bot("sendRichMessageDraft", chat_id=ANN, draft_id=2, rich_message={"blocks": BLOCKS})
    await bot("sendChatAction", chat_id=ANN, action="typing")
    await bot("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👍"}])
    await bot("pinChatMessage", **where)
    await bot("getChat", chat_id=ANN)


async def _send_files(bot: Bot) -> None:
    chart = await bot.upload("sendPhoto", {"chat_id": ANN, "caption": "<b>c</b>", "parse_mode": "HTML"}, photo=png())
    file_id = chart["photo"][-1]["file_id"]
    await bot("sendPhoto", chat_id=ANN, photo=file_id, reply_markup=KEYS)
    where = {"chat_id": ANN, "message_id": chart["message_id"]}
    await bot("editMessageCaption", **where, caption="changed")
    await bot("editMessageMedia", **where, media={"type": "photo", "media": file_id, "caption": "again"})
    journal = await bot.upload("sendDocument", {"chat_id": ANN, "caption": "journal"}, document=b"a,b\n")
    await bot("sendDocument", chat_id=ANN, document=journal["document"]["file_id"])
    for name in (file_id, journal["document"]["file_id"]):
        await bot("getFile", file_id=name)
    await bot("sendMediaGroup", chat_id=ANN, media=[{"type": "photo", "media": file_id, "caption": "one"}] * 2)


async def _hear(practice: Practice, bot: Bot) -> None:
    await bot("getUpdates", allowed_updates=sorted(KINDS))
    written = await practice.say(ANN, "/start now")
    await practice.person("PUT", f"{ANN}/messages", {"message_id": written["message_id"], "text": "/start later"})
    await practice.person("POST", f"{ANN}/messages", {"text": "my answer", "reply_to": 1})
    tap = practice.tap(ANN, 1, "ok")
    await bot("answerCallbackQuery", callback_query_id=await _asked(bot), text="Sending")
    await tap
    await practice.person("POST", f"{ANN}/reactions", {"message_id": 1, "emoji": "🔥"})
    for blocked in (True, False):
        await practice.person("PUT", str(ANN), {"blocked": blocked})
    for kind in sorted(KINDS - set(PLAYED)):
        await _hear_of(practice, kind)
    await bot("getUpdates", limit=100)
    await bot("setWebhook", url="http://127.0.0.1:9/hook", secret_token="s", allowed_updates=["message"])
    await bot("getWebhookInfo")
    await bot("deleteWebhook", drop_pending_updates=True)
    await bot("getWebhookInfo")


async def _asked(bot: Bot) -> str:
    """The id of the tap's query, once it is there."""
    offset = 0
    while True:
        for update in await bot("getUpdates", timeout=5, offset=offset):
            if "callback_query" in update:
                return str(update["callback_query"]["id"])
            offset = update["update_id"] + 1


async def _hear_of(practice: Practice, kind: str) -> None:
    """An update of something that the practice Telegram does not play."""
    type_ = next(one.type for one in documented("Update") if one.name == kind)
    body = {"kind": kind, "body": sample(type_)}
    async with practice.session.post(f"{practice.base}/sandbox/telegram/updates", json=body) as answer:
        assert await answer.json() == {"queued": True}


async def _tidy_up(bot: Bot) -> None:
    await bot("unpinChatMessage", chat_id=ANN)
    await bot("deleteMessage", chat_id=ANN, message_id=1)
    await bot("deleteMessages", chat_id=ANN, message_ids=[2, 99])
    await bot("logOut")
    await bot("close")
