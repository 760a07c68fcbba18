// The chat page: one person's chat with the bot, kept in step by the event stream.

import { element, momentText, textOf } from "./bubbles.js";
import { commandMenu } from "./commands.js";
import { bybitDrawer } from "./drawer.js";
import { drawEmoji } from "./emoji.js";
import { drawFrame, drawPill, drawState } from "./frame.js";
import { messageLog } from "./log.js";
import { alertWith, copy, toast, view } from "./notes.js";
import { peopleDialog } from "./people.js";
import { placeIn } from "./place.js";
import { chatOf } from "./wire.js";
import { spoken, wordsFor } from "./words.js";

const PAGE_SIZE = 100;
const LONGEST = 4096;
const at = (id) => document.getElementById(id);
const field = at("text");
const asked = Number(new URLSearchParams(location.search).get("user"));
const user = Number.isSafeInteger(asked) && asked > 0 ? asked : 1001;
const chat = chatOf(user);
const waiting = new Set(); // "message_id data" of taps without an answer
const state = {
  user,
  person: { user_id: user, first_name: `User ${user}`, language_code: "en", met: false, blocked: false, bot: null, pinned: [] },
  connected: false,
  loaded: false,
  unseen: 0,
  action: "",
  get words() { return wordsFor(this.language); },
  /** The person's language; the browser's until the practice Telegram knows the person. */
  get language() { return this.person.met ? this.person.language_code : navigator.language; },
};

/** How dates and times are written: as the browser's user is used to, if that is the person's language. */
function locale() {
  return navigator.languages.find((known) => spoken(known) === spoken(state.language)) || spoken(state.language);
}

const setting = {
  get words() { return state.words; },
  get language() { return locale(); },
  quoted: (id) => log.line(id) ?? state.words.gone,
  jump,
  command: say,
  tap,
  copy: (text) => copy(text, state.words.copied),
  view: (message) => view(message.photo, state.words.photoName),
  react: (message, emoji) => chat.react(message.message_id, emoji).catch((refused) => toast(refused.status ? refused.message : state.words.lost)),
  waiting: (message, button) => waiting.has(`${message.message_id} ${button.data}`),
};
const log = messageLog(at("log"), setting, () => field.focus({ preventScroll: true }));
const place = placeIn(at("scroll"), log.nodes);
const menu = commandMenu({ list: at("menu"), opener: at("open-menu"), field, send: say });

function draw() {
  drawFrame({ ...state, words: state.words, language: state.language, log, jump });
  drawState(state);
  drawPill(place.atBottom(), state.unseen, state.words);
}

function jump(id) {
  if (!log.jump(id)) toast(state.words.gone);
}

function sawAll() {
  if (!state.unseen || document.hidden) return;
  state.unseen = 0;
  draw();
}

let actionTimer = 0;

function setAction(name) {
  clearTimeout(actionTimer);
  state.action = name;
  if (name) actionTimer = setTimeout(() => setAction(""), 5000);
  drawState(state);
}

let draftTimer = 0;

/** What the bot is still writing: gone with its message, or 30 seconds after its last change. */
function setDraft(draft) {
  clearTimeout(draftTimer);
  const left = draft ? draft.until - Date.now() : 0;
  place.keeping(() => {
    at("draft").hidden = !draft;
    at("draft").replaceChildren();
    if (!draft) return;
    const bubble = element("div", "bubble");
    bubble.append(draft.text ? textOf(draft.text, true, setting) : element("i", "text", state.words.thinking));
    at("draft").append(drawEmoji(bubble));
  });
  if (draft) draftTimer = setTimeout(() => setDraft(null), Math.min(Math.max(left, 0), 30000));
}

// What the practice Telegram tells

const loads = new Set(); // for each load under way: ids of messages that news touched meanwhile

function touch(id) {
  for (const newer of loads) newer.add(id);
}

async function load() {
  const newer = new Set();
  loads.add(newer);
  let found;
  try {
    [state.person, found] = await Promise.all([chat.facts(), chat.newest(PAGE_SIZE)]);
  } catch {
    return; // the event stream comes back by itself and asks again
  } finally {
    loads.delete(newer);
  }
  const first = !state.loaded;
  place.keeping(() => log.replace(found, newer));
  Object.assign(state, { loaded: true, connected: true });
  at("earlier").hidden = found.length < PAGE_SIZE;
  setDraft(state.person.draft);
  draw();
  loadCommands();
  if (!first) return;
  place.toBottom();
  if (matchMedia("(hover: hover)").matches) (log.size() ? field : at("start")).focus({ preventScroll: true });
}

async function loadCommands() {
  menu.set(await chat.commands().catch(() => []));
}

const NEWS = {
  message(message) {
    touch(message.message_id);
    const fresh = !log.has(message.message_id);
    const missed = fresh && message.from === "bot" && (!place.atBottom() || document.hidden);
    place.keeping(() => {
      log.show(message);
      if (missed && !state.unseen) log.markUnread(message.message_id);
      if (fresh && message.from === "user") log.markUnread(0);
      if (fresh) log.drawDays();
    });
    if (fresh && message.from === "user") place.toBottom();
    if (fresh && message.from === "bot") setAction("");
    if (missed) state.unseen += 1;
    draw();
  },
  gone({ message_id: id }) {
    touch(id);
    place.keeping(() => {
      log.drop(id);
      log.drawDays();
    });
    draw();
  },
  draft: setDraft,
  action: ({ action }) => setAction(action),
  person(facts) {
    const before = state.language;
    state.person = facts;
    draw();
    if (state.language === before) return;
    place.keeping(log.redrawAll);
    loadCommands();
  },
  pins({ pinned }) {
    state.person.pinned = pinned;
    draw();
  },
  commands: loadCommands,
  profile: load,
};

// What the person does

/** Writes for the person, in several messages if need be, as Telegram's own apps do; whether all of it arrived.
 *  The event stream shows them: an answer here could come after the bot has deleted the message again. */
async function say(text) {
  try {
    if (!state.person.met) NEWS.person(await chat.change({ language_code: spoken(navigator.language) }));
    for (let rest = text; rest.trim(); rest = rest.slice(LONGEST)) {
      const part = rest.slice(0, LONGEST);
      if (part.trim()) await chat.write(part);
    }
    return true;
  } catch (refused) {
    toast(refused.status ? refused.message : state.words.lost);
    return false;
  }
}

async function tap(message, button) {
  const id = message.message_id;
  const mark = `${id} ${button.data}`;
  if (waiting.has(mark)) return;
  waiting.add(mark);
  log.mark(id, button.data, true);
  try {
    const answer = await chat.tap(id, button.data);
    if (answer?.text) (answer.show_alert ? alertWith : toast)(answer.text);
  } catch (refused) {
    toast(refused.status === 404 ? state.words.gone : refused.status ? refused.message : state.words.lost);
  } finally {
    waiting.delete(mark);
    log.mark(id, button.data, false);
  }
}

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

async function loadEarlier() {
  const found = await chat.before(log.oldest(), PAGE_SIZE).catch(() => null);
  if (!found) return toast(state.words.lost);
  place.keeping(() => {
    found.forEach(log.show);
    log.drawDays();
  });
  at("earlier").hidden = found.length < PAGE_SIZE;
}

field.addEventListener("input", fitField);
field.addEventListener("keydown", (event) => {
  if (menu.key(event)) return event.preventDefault();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendField();
});
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendField();
  field.focus();
});
at("start").addEventListener("click", async () => {
  if (await say("/start")) field.focus();
});
at("unblock").addEventListener("click", () => chat.change({ blocked: false }).catch(() => toast(state.words.lost)));
at("earlier").addEventListener("click", loadEarlier);
at("down").addEventListener("click", () => {
  place.toBottom();
  sawAll();
});
at("log").addEventListener("click", (event) => {
  const code = event.target.closest("code, pre");
  if (code && !String(getSelection())) setting.copy(code.textContent);
  event.target.closest("blockquote.expandable")?.classList.toggle("open");
});
at("scroll").addEventListener("scroll", () => {
  if (place.atBottom()) sawAll();
  drawPill(place.atBottom(), state.unseen, state.words);
});
document.addEventListener("visibilitychange", () => place.atBottom() && sawAll());
setInterval(() => {
  for (const time of document.querySelectorAll(".moment[data-format=r]")) {
    time.textContent = momentText(Number(time.dataset.unix), "r", time.dataset.sent, locale());
  }
}, 10000);
bybitDrawer({ chat, words: () => state.words, failed: (refused) => toast(refused.status ? refused.message : state.words.lost) });
peopleDialog({
  user,
  facts: () => state.person,
  words: () => state.words,
  change: chat.change,
  failed: (why) => toast(why || state.words.lost),
});

draw();
chat.listen((name, body) => NEWS[name](body), load, () => {
  state.connected = false;
  drawState(state);
});
