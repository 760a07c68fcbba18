"""Drafts: what a bot is still writing, shown for 30 seconds or until its message comes. Never kept in the file."""

from dataclasses import dataclass
from typing import Any

from sandbox.telegram.bots import Bot
from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.markup import Formatted
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.sending import LONGEST_TEXT, formatted, reachable, rich_content
from sandbox.telegram.values import Params
from sandbox.telegram.world import World

SHOWN_MS = 30_000


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft; `html` is empty for "Thinking", `until` is in Unix milliseconds."""

    draft_id: int
    html: str
    until: int

    def as_told(self) -> dict[str, Any]:
        """The draft as the person's side tells it."""
        return {"draft_id": self.draft_id, "text": self.html, "until": self.until}


async def send_draft(world: World, bot: Bot, params: Params) -> Any:
    """sendMessageDraft: in the place of an earlier one."""
    content = formatted(params, params.get("text", ""), "entities")
    if utf16_length(content.plain) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return _show(world, params, content)


async def send_rich_draft(world: World, bot: Bot, params: Params) -> Any:
    """sendRichMessageDraft: in the place of an earlier one."""
    return _show(world, params, rich_content(params["rich_message"])[0])


def _show(world: World, params: Params, content: Formatted) -> Any:
    user_id = params["chat_id"]
    reachable(world, user_id)
    if params["draft_id"] == 0:
        raise bad_request("draft identifier must be non-zero")
    draft = Draft(params["draft_id"], content.html, world.time_ms() + SHOWN_MS)
    world.drafts[user_id] = draft.as_told()
    world.hub.tell(user_id, "draft", draft.as_told())
    return True


def present_draft(world: World, user_id: int) -> dict[str, Any] | None:
    """The chat's draft as the person's side tells it, while it is shown."""
    draft = world.drafts.get(user_id)
    return draft if draft and draft["until"] > world.time_ms() else None
