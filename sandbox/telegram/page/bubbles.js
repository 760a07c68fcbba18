// A message as a bubble with its keyboard. Pure of state: what a press does is handed in.

import { albumGrid } from "./album.js";
import { fileOf, reactionsOf } from "./attachments.js";
import { drawEmoji } from "./emoji.js";
import { fragmentOf, safeAddress } from "./sanitise.js";

const RELATIVE = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** Time of day in the reader's zone. */
export function clockTime(seconds, language) {
  return new Date(seconds * 1000).toLocaleTimeString(language, { timeStyle: "short" });
}

/** A moment of a message in the reader's zone, as <tg-time format> asks; without a format the text as it was sent. */
export function momentText(seconds, format, sent, language) {
  if (!format || !Number.isFinite(seconds)) return sent;
  if (format === "r") return relative(seconds, language);
  const wanted = {};
  if (/w/i.test(format)) wanted.weekday = format.includes("w") ? "short" : "long";
  if (/d/i.test(format)) Object.assign(wanted, format.includes("D") ? { day: "numeric", month: "long", year: "numeric" } : { day: "2-digit", month: "2-digit", year: "2-digit" });
  if (/t/i.test(format)) Object.assign(wanted, { hour: "numeric", minute: "2-digit" }, format.includes("T") ? { second: "2-digit" } : {});
  return Object.keys(wanted).length ? new Date(seconds * 1000).toLocaleString(language, wanted) : sent;
}

function relative(seconds, language) {
  const left = seconds - Date.now() / 1000;
  const [unit, size] = RELATIVE.find(([, size]) => Math.round(Math.abs(left)) >= size) || RELATIVE[3];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(left / size), unit);
}

/** Brings "in 5 minutes" and the like up to now. */
export function refreshMoments(language) {
  for (const time of document.querySelectorAll(".moment[data-format=r]")) {
    time.textContent = momentText(Number(time.dataset.unix), "r", time.dataset.sent, language);
  }
}

/** The node of a message. `setting` = {words, language, quoted(id), command(text), tap(message, button), copy(text), view(message), react(message, emoji), waiting(message, button),
 *  album(message)}; the album is the list of its photos in order, where the message belongs to one. */
export function bubbleOf(message, setting) {
  const article = element("article", `message ${message.from}`);
  article.dataset.id = message.message_id;
  fill(article, message, setting);
  return article;
}

/** Draws the message's present content into its node. */
export function fill(article, message, setting) {
  const { words } = setting;
  const album = setting.album(message);
  article.dataset.album = message.album || "";
  article.classList.toggle("album", Boolean(message.album));
  article.classList.toggle("pictured", Boolean(message.photo));
  article.hidden = album.length > 1 && album[0] !== message; // its photo stands in the first one's bubble
  if (article.hidden) return article.replaceChildren();
  const bubble = element("div", "bubble");
  const hidden = element("span", "unseen", `${message.from === "bot" ? words.botSays : words.you}: `);
  bubble.append(hidden);
  if (message.reply_to !== undefined) bubble.append(quoteOf(message.reply_to, setting));
  if (album.length > 1) bubble.append(albumGrid(album, (one) => photoOf(one, setting)));
  else if (message.photo) bubble.append(photoOf(message, setting));
  if (message.document) bubble.append(fileOf(message, setting));
  const html = album.length > 1 ? captionOf(album) : message.caption ?? message.text;
  if (html) bubble.append(textOf(html, message.rich, setting));
  bubble.classList.toggle("bare", !html && Boolean(message.photo));
  bubble.append(stampOf(message, setting), reactionsOf(message, setting), moreOf(setting));
  const rows = (message.buttons || []).map((row) => rowOf(message, row, setting));
  const keyboard = element("div", "keyboard");
  keyboard.append(...rows);
  return article.replaceChildren(drawEmoji(bubble), ...(rows.length ? [drawEmoji(keyboard)] : []));
}

/** An album's words: those of its one photo that has any. */
function captionOf(album) {
  const said = album.filter(({ caption }) => caption);
  return said.length === 1 ? said[0].caption : "";
}

/** When it was sent, whether it was changed, and that what the person wrote has arrived. */
function stampOf(message, { words, language }) {
  const stamp = element("span", "stamp");
  const time = element("time", "", clockTime(message.date, language));
  time.dateTime = new Date(message.date * 1000).toISOString();
  stamp.title = new Date(message.date * 1000).toLocaleString(language);
  if (message.edited) stamp.append(element("span", "edited", words.edited), " ");
  stamp.append(time);
  if (message.from === "user") stamp.append(element("span", "ticks"));
  return stamp;
}

function moreOf({ words }) {
  const more = element("button", "more");
  more.type = "button";
  more.setAttribute("aria-label", words.actions);
  more.setAttribute("aria-haspopup", "menu");
  more.setAttribute("aria-expanded", "false");
  return more;
}

/** The words of a message as nodes. */
export function textOf(html, rich, setting) {
  const text = element("div", rich ? "text rich" : "text");
  text.append(fragmentOf(html, { ...hooksFor(setting), rich: Boolean(rich) }));
  return text;
}

function hooksFor(setting) {
  return {
    command(text) {
      const link = element("button", "command", text);
      link.type = "button";
      link.addEventListener("click", () => setting.command(text));
      return link;
    },
    spoiler() {
      const cover = element("span", "spoiler");
      cover.tabIndex = 0;
      cover.setAttribute("role", "button");
      cover.setAttribute("aria-label", setting.words.spoiler);
      const show = () => {
        cover.classList.add("shown");
        cover.removeAttribute("role");
        cover.removeAttribute("aria-label");
      };
      cover.addEventListener("click", show);
      cover.addEventListener("keydown", (event) => event.key === "Enter" && show());
      return cover;
    },
    moment(seconds, format, sent) {
      const time = element("time", "moment", momentText(seconds, format, sent, setting.language));
      if (Number.isFinite(seconds)) {
        time.dateTime = new Date(seconds * 1000).toISOString();
        time.title = new Date(seconds * 1000).toLocaleString(setting.language);
      }
      Object.assign(time.dataset, { done: "1", unix: seconds, format, sent });
      return time;
    },
  };
}

function quoteOf(id, setting) {
  const quote = element("button", "quote", setting.quoted(id));
  quote.type = "button";
  quote.addEventListener("click", () => setting.jump(id));
  return quote;
}

function photoOf(message, setting) {
  const frame = element("button", "photo");
  frame.type = "button";
  const image = element("img");
  image.src = message.photo;
  image.alt = setting.words.photoName;
  image.decoding = "async";
  if (message.photo_size) [image.width, image.height] = message.photo_size;
  frame.append(image);
  frame.addEventListener("click", () => setting.view(message));
  return frame;
}

function rowOf(message, buttons, setting) {
  const row = element("div", "buttons");
  row.append(...buttons.map((button) => buttonOf(message, button, setting)));
  return row;
}

function buttonOf(message, button, setting) {
  const style = ["success", "danger", "primary"].includes(button.style) ? button.style : "";
  const address = button.url ? safeAddress(/^[a-z]+:/i.test(button.url) ? button.url : `https://${button.url}`) : null;
  const made = element(address ? "a" : "button", `key ${style}`);
  made.append(element("span", "label", button.text));
  if (address) {
    Object.assign(made, { href: address, target: "_blank", rel: "noopener noreferrer" });
    made.classList.add("link");
    return made;
  }
  made.type = "button";
  if (button.disabled) {
    made.disabled = true;
    made.title = setting.words.disabled;
  } else if (button.copy_text !== undefined) {
    made.classList.add("copies");
    made.addEventListener("click", () => setting.copy(button.copy_text));
  } else {
    if (setting.waiting(message, button)) setWaiting(made, true);
    made.addEventListener("click", () => setting.tap(message, button));
  }
  return made;
}

/** Marks a button whose answer has not come yet. */
export function setWaiting(node, waits) {
  node.classList.toggle("waits", waits);
  node.setAttribute("aria-busy", String(waits));
}

/** A new element with a class and text. */
export function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name.trim();
  if (text) made.textContent = text;
  return made;
}
