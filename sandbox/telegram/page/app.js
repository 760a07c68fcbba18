// The chat page: one person's chat with the bot, kept in step by the event stream.

import { bubbleOf, element, fill, momentText, setWaiting } from "./bubbles.js";
import { commandMenu } from "./commands.js";
import { drawEmoji } from "./emoji.js";
import { peopleDialog } from "./people.js";
import { fragmentOf } from "./sanitise.js";
import { chatOf } from "./wire.js";
import { spoken, wordsFor } from "./words.js";

const PAGE_SIZE = 100;
const LONGEST = 4096;
const NEAR_BOTTOM = 48;
const at = (id) => document.getElementById(id);

const user = Number(new URLSearchParams(location.search).get("user")) || 1001;
const chat = chatOf(user);
const messages = new Map(); // message_id -> message
const nodes = new Map(); // message_id -> its node
const waiting = new Set(); // "message_id data" of taps without an answer
let person = { user_id: user, first_name: `User ${user}`, language_code: spoken(navigator.language), met: false, blocked: false, bot: null, pinned: [] };
let words = wordsFor(person.language_code);
let connected = false;
let loaded = false;
let unseen = 0;
let actionTimer = 0;
let action = "";

// What the header, the welcome and the dock say

function language() {
  return person.met ? person.language_code : navigator.language;
}

/** How dates and times are written: as the browser's user is used to, if that is the person's language. */
function locale() {
  return navigator.languages.find((known) => spoken(known) === spoken(language())) || spoken(language());
}

function drawFrame() {
  words = wordsFor(language());
  document.documentElement.lang = spoken(language());
  const botName = person.bot ? person.bot.first_name : "bybot";
  at("name").textContent = botName;
  at("face").textContent = [...botName][0].toUpperCase();
  document.title = unseen ? `(${unseen}) ${botName}` : botName;
  at("person").textContent = `${person.first_name}`;
  at("person").setAttribute("aria-label", words.person(person.first_name, user));
  at("text").placeholder = words.message;
  at("text").setAttribute("aria-label", words.message);
  at("send").setAttribute("aria-label", words.send);
  at("open-menu").textContent = words.menu;
  at("menu").setAttribute("aria-label", words.menu);
  at("start").textContent = words.start;
  at("unblock").textContent = words.unblock;
  at("earlier").textContent = words.earlier;
  at("viewer-close").textContent = "✕";
  at("viewer-close").setAttribute("aria-label", words.close);
  drawState();
  drawDock();
  drawPin();
  drawPill();
}

function drawState() {
  const state = at("state");
  state.classList.toggle("active", connected && Boolean(action));
  state.textContent = !connected ? words.connecting : action ? action : person.bot ? words.bot : words.waiting;
}

function drawDock() {
  const empty = loaded && !messages.size;
  at("start").hidden = !empty || person.blocked;
  at("unblock").hidden = !person.blocked;
  at("composer").hidden = empty || person.blocked || !loaded;
  at("welcome").hidden = !empty;
  if (empty) {
    const card = element("div", "card");
    card.append(element("b", "", person.description ? words.what : words.nothing), element("p", "", person.description || ""), element("p", "", words.hint));
    at("welcome").replaceChildren(card);
  }
}

function drawPin() {
  const id = [...(person.pinned || [])].reverse().find((pinned) => messages.has(pinned));
  at("pin").hidden = id === undefined;
  if (id === undefined) return;
  at("pin").replaceChildren(element("b", "", words.pinned), element("span", "", plainText(messages.get(id))));
  drawEmoji(at("pin"));
  at("pin").onclick = () => jump(id);
}

const UNDRESSED = {
  command: (text) => document.createTextNode(text),
  spoiler: () => element("span"),
  moment: () => element("span"),
};

function plainText(message) {
  const holder = element("div");
  holder.append(fragmentOf(message.caption ?? message.text ?? "", UNDRESSED));
  return holder.textContent.trim().split("\n")[0] || words.photoName;
}

function setAction(name) {
  clearTimeout(actionTimer);
  action = name === "typing" ? words.typing : name ? words.photo : "";
  if (name) actionTimer = setTimeout(() => setAction(""), 5000);
  drawState();
}

// Scrolling

const scroll = at("scroll");

function atBottom() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_BOTTOM;
}

function toBottom() {
  scroll.scrollTop = scroll.scrollHeight;
}

/** Does `change` so that what the person looks at stays where it is: the bottom, or the first visible message. */
function keepingPlace(change) {
  const bottom = atBottom();
  const top = scroll.getBoundingClientRect().top;
  const anchor = bottom ? null : [...nodes.values()].find((node) => node.getBoundingClientRect().bottom > top);
  const before = anchor ? anchor.getBoundingClientRect().top : 0;
  change();
  if (bottom) toBottom();
  else if (anchor && anchor.isConnected) scroll.scrollTop += anchor.getBoundingClientRect().top - before;
}

function drawPill() {
  const pill = at("down");
  pill.hidden = atBottom();
  pill.classList.toggle("fresh", unseen > 0);
  pill.textContent = unseen ? `↓ ${words.fresh(unseen)}` : "↓";
  pill.setAttribute("aria-label", unseen ? words.fresh(unseen) : words.down);
}

function sawAll() {
  if (!unseen || document.hidden) return;
  unseen = 0;
  drawFrame();
}

function jump(id) {
  const node = nodes.get(id);
  if (!node) return toast(words.gone);
  node.scrollIntoView({ block: "center" });
  node.classList.remove("flash");
  requestAnimationFrame(() => node.classList.add("flash"));
}

// Messages

const setting = {
  get words() { return words; },
  get language() { return locale(); },
  quoted: (id) => (messages.has(id) ? plainText(messages.get(id)) : words.gone),
  jump,
  command: say,
  tap,
  copy,
  view,
  waiting: (message, button) => waiting.has(`${message.message_id} ${button.data}`),
};

function show(message) {
  const known = nodes.get(message.message_id);
  if (known && JSON.stringify(messages.get(message.message_id)) === JSON.stringify(message)) return;
  messages.set(message.message_id, message);
  if (known) {
    refill(known, message);
    return;
  }
  const node = bubbleOf(message, setting);
  const later = [...nodes.keys()].filter((id) => id > message.message_id);
  const next = later.length ? nodes.get(Math.min(...later)) : null;
  nodes.set(message.message_id, node);
  at("log").insertBefore(node, next);
}

/** Redraws a changed message; the keyboard focus stays on the button in the same place. */
function refill(node, message) {
  const keys = [...node.querySelectorAll(".key")];
  const focused = keys.indexOf(document.activeElement);
  fill(node, message, setting);
  if (focused < 0) return;
  const place = node.querySelectorAll(".key")[focused];
  if (place && !place.disabled) place.focus({ preventScroll: true });
  else at("text").focus({ preventScroll: true });
}

function drop(id) {
  messages.delete(id);
  nodes.get(id)?.remove();
  nodes.delete(id);
}

function drawDays() {
  for (const mark of at("log").querySelectorAll(".day")) mark.remove();
  let last = "";
  for (const id of [...nodes.keys()].sort((a, b) => a - b)) {
    const day = dayName(messages.get(id).date);
    if (day !== last) nodes.get(id).before(element("div", "day", day));
    last = day;
  }
}

function dayName(seconds) {
  const day = new Date(seconds * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  return day.toLocaleDateString(locale(), { day: "numeric", month: "long", ...(days > 300 ? { year: "numeric" } : {}) });
}

async function load() {
  let found;
  try {
    [person, found] = await Promise.all([chat.facts(), chat.newest(PAGE_SIZE)]);
  } catch {
    return;
  }
  const first = !loaded;
  const ids = new Set(found.map((message) => message.message_id));
  const oldest = found.length ? found[0].message_id : Infinity;
  keepingPlace(() => {
    for (const id of [...messages.keys()]) if (id >= oldest && !ids.has(id)) drop(id);
    found.forEach(show);
    drawDays();
  });
  loaded = true;
  connected = true;
  at("earlier").hidden = found.length < PAGE_SIZE;
  drawFrame();
  if (first) {
    toBottom();
    if (matchMedia("(hover: hover)").matches) (messages.size ? at("text") : at("start")).focus({ preventScroll: true });
  }
  loadCommands();
}

async function loadEarlier() {
  const found = await chat.before(Math.min(...messages.keys()), PAGE_SIZE).catch(() => null);
  if (!found) return toast(words.lost);
  keepingPlace(() => {
    found.forEach(show);
    drawDays();
  });
  at("earlier").hidden = found.length < PAGE_SIZE;
}

async function loadCommands() {
  menu.set(await chat.commands().catch(() => []));
}

const NEWS = {
  message(message) {
    const fresh = !messages.has(message.message_id);
    const bottom = atBottom();
    keepingPlace(() => {
      show(message);
      if (fresh) drawDays();
    });
    if (fresh && message.from === "user") toBottom();
    if (fresh && message.from === "bot") {
      setAction("");
      if (!bottom || document.hidden) unseen += 1;
    }
    drawFrame();
  },
  gone({ message_id: id }) {
    keepingPlace(() => {
      drop(id);
      drawDays();
    });
    drawFrame();
  },
  action: ({ action: name }) => setAction(name),
  async person(facts) {
    const spokeOtherwise = facts.language_code !== person.language_code;
    person = facts;
    drawFrame();
    if (!spokeOtherwise) return;
    keepingPlace(() => {
      for (const [id, node] of nodes) fill(node, messages.get(id), setting);
      drawDays();
    });
    loadCommands();
  },
  pins({ pinned }) {
    person.pinned = pinned;
    drawFrame();
  },
  commands: loadCommands,
  profile: load,
};

// What the person does

/** Writes for the person; texts longer than a message are cut into several, as Telegram's own apps do. */
async function say(text) {
  try {
    if (!person.met) person = await chat.change({ language_code: spoken(navigator.language) });
    for (let rest = text; rest.trim(); rest = rest.slice(LONGEST)) {
      if (rest.slice(0, LONGEST).trim()) NEWS.message(await chat.write(rest.slice(0, LONGEST)));
    }
    return true;
  } catch (refused) {
    toast(refused.status ? refused.message : words.lost);
    return false;
  }
}

async function tap(message, button) {
  const mark = `${message.message_id} ${button.data}`;
  if (waiting.has(mark)) return;
  waiting.add(mark);
  markKeys(message.message_id, button, true);
  try {
    const answer = await chat.tap(message.message_id, button.data);
    if (answer && answer.text && answer.show_alert) alertWith(answer.text);
    else if (answer && answer.text) toast(answer.text);
  } catch (refused) {
    toast(refused.status === 404 ? words.gone : refused.status ? refused.message : words.lost);
  } finally {
    waiting.delete(mark);
    markKeys(message.message_id, button, false);
  }
}

function markKeys(id, button, waits) {
  const rows = messages.get(id)?.buttons || [];
  const keys = nodes.get(id)?.querySelectorAll(".key") || [];
  rows.flat().forEach((other, index) => other.data === button.data && keys[index] && !keys[index].disabled && setWaiting(keys[index], waits));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(words.copied);
  } catch {
    alertWith(text);
  }
}

function view(source) {
  at("viewer-photo").src = source;
  at("viewer-photo").alt = words.photoName;
  at("viewer").showModal();
}

let toastTimer = 0;

function toast(text) {
  const node = at("toast");
  node.textContent = text;
  drawEmoji(node);
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (node.hidden = true), Math.max(2500, text.length * 60));
}

function alertWith(text) {
  at("toast").hidden = true;
  at("alert-text").textContent = text;
  drawEmoji(at("alert-text"));
  if (!at("alert").open) at("alert").showModal();
}

const field = at("text");
const menu = commandMenu({ list: at("menu"), opener: at("open-menu"), field, send: say });

function fitField() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
  at("send").classList.toggle("ready", Boolean(field.value.trim()));
}

async function sendField() {
  const text = field.value;
  if (!text.trim()) return;
  field.value = "";
  fitField();
  if (!(await say(text)) && !field.value) {
    field.value = text;
    fitField();
  }
}

field.addEventListener("input", fitField);
field.addEventListener("keydown", (event) => {
  if (menu.key(event)) return event.preventDefault();
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    sendField();
  }
});
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendField();
  field.focus();
});
at("start").addEventListener("click", async () => {
  if (await say("/start")) field.focus();
});
at("unblock").addEventListener("click", () => chat.change({ blocked: false }).catch(() => toast(words.lost)));
at("earlier").addEventListener("click", loadEarlier);
at("down").addEventListener("click", () => {
  toBottom();
  sawAll();
});
at("log").addEventListener("click", (event) => {
  const code = event.target.closest("code, pre");
  if (code && !String(getSelection())) copy(code.textContent);
  const quote = event.target.closest("blockquote.expandable");
  if (quote) quote.classList.toggle("open");
});
at("viewer").addEventListener("click", () => at("viewer").close());
scroll.addEventListener("scroll", () => {
  if (atBottom()) sawAll();
  drawPill();
});
document.addEventListener("visibilitychange", () => atBottom() && sawAll());
let wasAtBottom = true; // before a resize or a picture moved things
scroll.addEventListener("scroll", () => (wasAtBottom = atBottom()));
window.addEventListener("resize", () => wasAtBottom && toBottom());
scroll.addEventListener("load", (event) => event.target.tagName === "IMG" && wasAtBottom && toBottom(), true);
setInterval(() => {
  for (const time of document.querySelectorAll(".moment[data-format=r]")) {
    time.textContent = momentText(Number(time.dataset.unix), "r", time.dataset.sent, locale());
  }
}, 10000);

peopleDialog({ user, facts: () => person, words: () => words, change: chat.change, failed: (why) => toast(why || words.lost) });
drawFrame();
chat.listen(
  (name, body) => NEWS[name](body),
  load,
  () => {
    connected = false;
    drawState();
  },
);
