// The chat's messages in order, each with its node; a changed message is redrawn in its own place.

import { bubbleOf, element, fill, setWaiting } from "./bubbles.js";
import { fragmentOf } from "./sanitise.js";

const BLOCKS = "pre, blockquote, p, li, tr, caption, summary, aside, footer, h1, h2, h3, h4, h5, h6";
const BARE = {
  command: (text) => document.createTextNode(text),
  spoiler: () => element("span", "spoiler"),
  moment: () => element("span"),
};

/** A log in `list`. `setting` is what bubbles need; `fallback()` gets the focus when a focused button goes. */
export function messageLog(list, given, fallback) {
  const messages = new Map();
  const nodes = new Map();
  const ids = () => [...messages.keys()].sort((a, b) => a - b);
  const setting = Object.assign(Object.create(given), { album: albumOf });

  /** The photos that are shown as one with this message, itself included. */
  function albumOf(message) {
    if (!message.album || !message.photo) return [message];
    return ids().map((id) => messages.get(id)).filter((other) => other.album === message.album && other.photo);
  }

  /** Draws the others of an album again when one of them has come, changed or gone. */
  function redrawAlbum(message) {
    for (const other of message.album ? albumOf(message) : []) if (other !== message) fill(nodes.get(other.message_id), other, setting);
  }

  function show(message) {
    const id = message.message_id;
    const known = nodes.get(id);
    if (known && JSON.stringify(messages.get(id)) === JSON.stringify(message)) return;
    messages.set(id, message);
    if (known) {
      redraw(known, message);
      redrawAnswers(id);
      redrawAlbum(message);
      return;
    }
    const next = ids().find((other) => other > id);
    const node = bubbleOf(message, setting);
    nodes.set(id, node);
    list.insertBefore(node, next === undefined ? null : nodes.get(next));
    redrawAlbum(message);
  }

  /** The keyboard focus stays on the button in the same place of the new keyboard. */
  function redraw(node, message) {
    const focused = [...node.querySelectorAll(".key")].indexOf(document.activeElement);
    fill(node, message, setting);
    if (focused < 0) return;
    const key = node.querySelectorAll(".key")[focused];
    if (key && !key.disabled) key.focus({ preventScroll: true });
    else fallback();
  }

  /** What answers a message quotes its first line, so it is drawn again with it. */
  function redrawAnswers(id) {
    for (const [other, message] of messages) if (message.reply_to === id) fill(nodes.get(other), message, setting);
  }

  function drop(id) {
    const message = messages.get(id);
    messages.delete(id);
    nodes.get(id)?.remove();
    nodes.delete(id);
    if (message) redrawAlbum(message);
    redrawAnswers(id);
  }

  /** All words of a message without markup, each block on a line of its own; hidden ones only where asked for. */
  function textOf(message, hidden = true) {
    const holder = element("div");
    holder.append(fragmentOf(message.caption ?? message.text ?? "", { ...BARE, rich: Boolean(message.rich) }));
    for (const block of holder.querySelectorAll(BLOCKS)) {
      if (block.previousSibling) block.before("\n");
      if (block.nextSibling) block.after("\n");
    }
    for (const cover of hidden ? [] : holder.querySelectorAll(".spoiler")) cover.textContent = "▒".repeat(Math.min(cover.textContent.length, 12));
    return holder.textContent.trim();
  }

  function drawDays() {
    for (const mark of list.querySelectorAll(".day")) mark.remove();
    let last = "";
    for (const id of ids()) {
      const day = dayName(messages.get(id).date, setting);
      if (day !== last) nodes.get(id).before(element("div", "day", day));
      last = day;
    }
  }

  /** A line above the first message that nobody has seen yet; above none for 0. */
  function markUnread(id) {
    list.querySelector(".unread")?.remove();
    const node = nodes.get(id);
    if (!node) return;
    const mark = element("div", "unread", setting.words.unread);
    mark.setAttribute("role", "separator");
    node.before(mark);
  }

  /** The first line of a message without markup. */
  function lineOf(message) {
    return textOf(message, false).split("\n")[0] || message.file_name || setting.words.photoName;
  }

  return {
    markUnread,
    size: () => messages.size,
    has: (id) => messages.has(id),
    find: (id) => messages.get(id),
    text: (message) => textOf(message),
    newest: () => ids().at(-1) || 0,
    unread: () => list.querySelector(".unread"),
    /** The person's newest message, as far back as it can be changed; undefined when there is none. */
    lastOwn(seconds) {
      const own = ids().map((id) => messages.get(id)).filter(({ from, date }) => from === "user" && date > seconds);
      return own.at(-1);
    },
    /** The photos to look through from this message on, {source, caption} each with its first line, and its place. */
    photos(message) {
      const album = albumOf(message);
      return [album.map((one) => ({ source: one.photo, caption: textOf(one, false).split("\n")[0] })), album.indexOf(message)];
    },
    oldest: () => ids()[0],
    nodes: () => ids().map((id) => nodes.get(id)),
    drawDays,
    drop,
    show,
    /** Takes over the newest part of the chat as the server had it; `newer` ids changed since and stay as they are. */
    replace(found, newer) {
      const kept = new Set(found.map((message) => message.message_id));
      const oldest = found.length ? found[0].message_id : 0;
      for (const id of ids()) if (id >= oldest && !kept.has(id) && !newer.has(id)) drop(id);
      for (const message of found) if (!newer.has(message.message_id)) show(message);
      drawDays();
    },
    redrawAll() {
      for (const id of ids()) fill(nodes.get(id), messages.get(id), setting);
      drawDays();
    },
    /** Marks the message's buttons that carry `data` as waiting for their answer, or no longer. */
    mark(id, data, waits) {
      const keys = nodes.get(id)?.querySelectorAll(".key") || [];
      (messages.get(id)?.buttons || []).flat().forEach((button, index) => {
        if (button.data === data && !keys[index]?.disabled) setWaiting(keys[index], waits);
      });
    },
    redrawAnswers,
    line: (id) => (messages.has(id) ? lineOf(messages.get(id)) : null),
    lineOf,
    /** Scrolls to a message and lights it up; false when it is gone. */
    jump(id) {
      const message = messages.get(id);
      if (!message) return false;
      const node = nodes.get(albumOf(message)[0].message_id);
      node.scrollIntoView({ block: "center" });
      node.classList.remove("flash");
      requestAnimationFrame(() => node.classList.add("flash"));
      return true;
    },
  };
}

function dayName(seconds, { words, language }) {
  const day = new Date(seconds * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  return day.toLocaleDateString(language, { day: "numeric", month: "long", ...(days > 300 ? { year: "numeric" } : {}) });
}
