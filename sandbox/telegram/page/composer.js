// The field one writes in: sends, answers a message, changes one's own.

import { drawEmoji } from "./emoji.js";

const at = (id) => document.getElementById(id);
const TALLEST = 160;

/** Ties the composer to what it does: `say(text, replyTo)` and `change(id, text)` say whether it arrived. */
export function composer({ field, menu, words, line, lastOwn, say, change }) {
  let about = null; // {id, changing}: the message that is answered or changed

  function fit() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    at("send").classList.toggle("ready", Boolean(field.value.trim()));
  }

  function fill(text) {
    field.value = text;
    fit();
  }

  function draw() {
    at("about").hidden = !about;
    if (!about) return;
    at("about-title").textContent = about.changing ? words().changing : words().answering;
    at("about-line").textContent = line(about.id) ?? words().gone;
    drawEmoji(at("about-line"));
    at("about-leave").setAttribute("aria-label", words().leave);
  }

  function begin(message, changing, text) {
    about = { id: message.message_id, changing };
    if (changing) fill(text);
    draw();
    field.focus();
  }

  function leave() {
    if (about?.changing) fill("");
    about = null;
    draw();
  }

  async function send() {
    const [text, what] = [field.value, about];
    if (!text.trim()) return;
    about = null;
    draw();
    fill("");
    if (await (what?.changing ? change(what.id, text) : say(text, what?.id))) return;
    if (field.value) return;
    about = what;
    draw();
    fill(text);
  }

  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (menu.key(event)) return event.preventDefault();
    if (event.key === "Escape" && about) return leave();
    const own = event.key === "ArrowUp" && !field.value && lastOwn();
    if (own) {
      event.preventDefault();
      return begin(own.message, true, own.text);
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  at("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  });
  at("about-leave").addEventListener("click", () => {
    leave();
    field.focus();
  });

  return {
    answer: (message) => begin(message, false),
    change: (message, text) => begin(message, true, text),
    draw,
    /** The message is no longer there. */
    gone: (id) => about?.id === id && leave(),
  };
}
