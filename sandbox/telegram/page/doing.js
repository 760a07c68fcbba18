// What the bot is doing just now: typing, sending a file, or still writing a message.

import { element, textOf } from "./bubbles.js";
import { drawEmoji } from "./emoji.js";

const ACTION_MS = 5000;
const DRAFT_MS = 30000;

/** `show(action)` draws an action's name; a draft is drawn in `bubble`, and `keeping` holds the place meanwhile. */
export function botDoing({ bubble, keeping, setting, show }) {
  let actionTimer = 0;
  let draftTimer = 0;

  function act(name) {
    clearTimeout(actionTimer);
    show(name);
    if (name) actionTimer = setTimeout(() => act(""), ACTION_MS);
  }

  /** Gone with its message, or 30 seconds after its last change. */
  function draft(given) {
    clearTimeout(draftTimer);
    keeping(() => {
      bubble.hidden = !given;
      bubble.replaceChildren();
      if (!given) return;
      const inside = element("div", "bubble");
      inside.append(given.text ? textOf(given.text, true, setting) : element("i", "text", setting.words.thinking));
      bubble.append(drawEmoji(inside));
    });
    if (given) draftTimer = setTimeout(() => draft(null), Math.min(Math.max(given.until - Date.now(), 0), DRAFT_MS));
  }

  return { act, draft };
}
