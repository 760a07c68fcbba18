// What is said over the chat: toasts, alerts, copies.

import { drawEmoji } from "./emoji.js";

const at = (id) => document.getElementById(id);
let timer = 0;

/** A few words that go by themselves. */
export function toast(text) {
  const node = at("toast");
  node.textContent = text;
  drawEmoji(node);
  node.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (node.hidden = true), Math.max(2500, text.length * 60));
}

/** Words that stay until they are closed. */
export function alertWith(text) {
  at("toast").hidden = true;
  at("alert-text").textContent = text;
  drawEmoji(at("alert-text"));
  if (!at("alert").open) at("alert").showModal();
}

/** Puts text on the clipboard and says so; shows it where there is no clipboard. */
export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    alertWith(text);
  }
}
