// Around the messages: header, pinned line, welcome, and what stands at the foot.

import { element } from "./bubbles.js";
import { drawEmoji } from "./emoji.js";
import { spoken } from "./words.js";

const at = (id) => document.getElementById(id);

/** Draws everything but the messages from the page's state. */
export function drawFrame({ person, words, language, user, unseen, empty, loaded, line, jump }) {
  const name = person.bot ? person.bot.first_name : "bybot";
  document.documentElement.lang = spoken(language);
  document.title = unseen ? `(${unseen}) ${name}` : name;
  at("name").textContent = name;
  at("face").textContent = [...name][0].toUpperCase();
  at("person").textContent = person.first_name;
  for (const [id, text] of Object.entries({
    person: words.person(person.first_name, user), text: words.message, send: words.send, menu: words.menu, log: words.messages, "viewer-close": words.close, "bybit-close": words.close, "open-bybit": words.bybit,
  })) at(id).setAttribute("aria-label", text);
  for (const [id, text] of Object.entries({
    "open-menu": words.menu, start: words.start, unblock: words.unblock, earlier: words.earlier, "viewer-close": "✕",
  })) at(id).textContent = text;
  at("text").placeholder = words.message;
  drawFoot(person, words, loaded, empty);
  drawPin(loaded ? person : {}, words, line, jump);
}

function drawFoot(person, words, loaded, empty) {
  at("start").hidden = !loaded || !empty || person.blocked;
  at("unblock").hidden = !person.blocked;
  at("composer").hidden = !loaded || empty || person.blocked;
  at("welcome").hidden = !loaded || !empty;
  if (at("welcome").hidden) return;
  const card = element("div", "card");
  const title = person.description ? words.what : words.nothing;
  card.append(element("b", "", title), element("p", "", person.description || ""), element("p", "", words.hint));
  at("welcome").replaceChildren(drawEmoji(card));
}

function drawPin(person, words, line, jump) {
  const id = [...(person.pinned || [])].reverse().find((pinned) => line(pinned) !== null);
  at("pin").hidden = id === undefined;
  if (id === undefined) return;
  at("pin").replaceChildren(element("b", "", words.pinned), element("span", "", line(id)));
  drawEmoji(at("pin"));
  at("pin").onclick = () => jump(id);
}

/** What the line under the bot's name says. */
export function drawState({ connected, loaded, action, person, words }) {
  const doing = action === "typing" ? words.typing : action === "upload_document" ? words.document : action ? words.photo : "";
  at("state").classList.toggle("active", connected && Boolean(doing));
  at("lost").hidden = connected || !loaded;
  at("lost").textContent = at("lost").hidden ? "" : words.disconnected;
  at("state").textContent = !connected ? words.connecting : doing || (person.bot ? words.bot : words.waiting);
}

/** The button that leads to the newest message, and how many came meanwhile. */
export function drawDown(atBottom, unseen, words) {
  const count = at("down").querySelector("b");
  at("down").hidden = atBottom;
  count.hidden = !unseen;
  count.textContent = unseen > 99 ? "99+" : String(unseen);
  at("down").setAttribute("aria-label", unseen ? words.fresh(unseen) : words.down);
}
