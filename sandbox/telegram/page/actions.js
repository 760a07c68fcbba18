// What one can do with a message: react, answer, copy, change. Opened by its button, a right click or a long press.

import { element } from "./bubbles.js";
import { drawEmoji } from "./emoji.js";

const CHOICE = ["👍", "❤", "🔥", "🎉", "🤔", "👎"];
const LONG_PRESS = 450;

/** The menu in `list` for messages in `log`; `choose` = {find(id), react, answer, copy, change}, `words()` the page's. */
export function messageActions({ list, log, words, choose }) {
  let opener = null;
  let timer = 0;

  function open(message, near, from) {
    opener?.setAttribute("aria-expanded", "false");
    opener = from;
    opener.setAttribute("aria-expanded", "true");
    list.replaceChildren(...(message.from === "bot" ? [emojiRow(message)] : []), ...itemsOf(message));
    list.setAttribute("aria-label", words().actions);
    list.hidden = false;
    place(near);
    list.querySelector("button").focus({ preventScroll: true });
  }

  function emojiRow(message) {
    const own = (message.reactions || []).find(({ from }) => from === "user")?.emoji;
    const row = element("div", "choice");
    row.setAttribute("role", "group");
    row.append(...CHOICE.map((emoji) => {
      const pick = itemOf("pick", emoji, () => choose.react(message, own === emoji ? "" : emoji));
      pick.setAttribute("role", "menuitemcheckbox");
      pick.setAttribute("aria-checked", String(own === emoji));
      pick.setAttribute("aria-label", words().reaction(emoji, 1));
      return drawEmoji(pick);
    }));
    return row;
  }

  function itemsOf(message) {
    const items = [itemOf("action", words().answer, () => choose.answer(message))];
    if (message.text || message.caption) items.push(itemOf("action", words().copy_text, () => choose.copy(message)));
    if (message.from === "user") items.push(itemOf("action", words().change, () => choose.change(message)));
    return items;
  }

  function itemOf(name, text, act) {
    const item = element("button", name, text);
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.addEventListener("click", () => {
      close(true);
      act();
    });
    return item;
  }

  /** Beside the pointer or the button, wholly on the page. */
  function place({ x, y }) {
    const { width, height } = list.getBoundingClientRect();
    list.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    list.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
  }

  function close(back) {
    if (list.hidden) return;
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    if (back) opener.focus({ preventScroll: true });
  }

  /** The message under an event and the button that stands for it. */
  function under(event) {
    const bubble = event.target.closest(".bubble");
    const message = bubble && choose.find(Number(bubble.closest(".message").dataset.id));
    return message ? { message, from: bubble.querySelector(".more") } : null;
  }

  log.addEventListener("click", (event) => {
    const from = event.target.closest(".more");
    const found = from && under(event);
    if (!found) return;
    if (from === opener && !list.hidden) return close(true);
    const box = from.getBoundingClientRect();
    open(found.message, { x: box.left, y: box.bottom + 4 }, from);
  });
  log.addEventListener("contextmenu", (event) => {
    const found = event.target.closest("a") || String(getSelection()) ? null : under(event);
    if (!found) return;
    event.preventDefault();
    open(found.message, { x: event.clientX, y: event.clientY }, found.from);
  });
  log.addEventListener("pointerdown", (event) => {
    const found = event.pointerType === "touch" && under(event);
    if (!found) return;
    const near = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => open(found.message, near, found.from), LONG_PRESS);
  });
  for (const name of ["pointermove", "pointerup", "pointercancel"]) log.addEventListener(name, () => clearTimeout(timer));
  list.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close(true);
    else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => list.contains(event.target) || event.target.closest(".more") || close(false));
  document.addEventListener("scroll", () => close(false), true);
}
