// What stands in a bubble beside its text: files to save, and reactions.

import { element } from "./bubbles.js";

const UNITS = ["B", "KB", "MB"];

/** A size in bytes as people read it. */
export function sizeText(bytes, language) {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toLocaleString(language, { maximumFractionDigits: unit ? 1 : 0 })} ${UNITS[unit]}`;
}

/** A document: its name and size, saved with a press. */
export function fileOf(message, { words, language }) {
  const link = element("a", "file");
  Object.assign(link, { href: message.document, download: message.file_name || "" });
  const name = message.file_name || words.file;
  const facts = element("span", "file-facts");
  facts.append(element("b", "", name), element("span", "", sizeText(message.file_size || 0, language)));
  link.append(element("span", "file-mark", "↓"), facts);
  link.setAttribute("aria-label", words.save_file(name));
  return link;
}

/** The reactions on a message; those on the bot's are given and taken back with a press. */
export function reactionsOf(message, setting) {
  const row = element("div", "reactions");
  const given = message.reactions || [];
  const own = given.find(({ from }) => from === "user")?.emoji;
  for (const emoji of new Set(given.map((reaction) => reaction.emoji))) row.append(chip(message, emoji, given, own, setting));
  return row;
}

function chip(message, emoji, given, own, { words, react }) {
  const count = given.filter((reaction) => reaction.emoji === emoji).length;
  const made = element(message.from === "bot" ? "button" : "span", `reaction ${own === emoji ? "own" : ""}`);
  made.append(element("span", "mark", emoji), ...(count > 1 ? [element("span", "", String(count))] : []));
  made.setAttribute("aria-label", words.reaction(emoji, count));
  if (message.from !== "bot") made.setAttribute("role", "img");
  else {
    made.type = "button";
    made.setAttribute("aria-pressed", String(own === emoji));
    made.addEventListener("click", () => react(message, own === emoji ? "" : emoji));
  }
  return made;
}
