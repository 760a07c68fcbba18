// The chat page: one person's chat with the bot, kept in step by the event stream.

import { messageActions } from "./actions.js";
import { refreshMoments } from "./bubbles.js";
import { commandMenu } from "./commands.js";
import { composer } from "./composer.js";
import { botDoing } from "./doing.js";
import { bybitDrawer } from "./drawer.js";
import { drawFrame, drawDown, drawState } from "./frame.js";
import { messageLog } from "./log.js";
import { alertWith, copy, toast } from "./notes.js";
import { olderMessages } from "./older.js";
import { peopleDialog } from "./people.js";
import { placeIn } from "./place.js";
import { keepRead, readUpTo } from "./reading.js";
import { view } from "./viewer.js";
import { chatOf } from "./wire.js";
import { spoken, wordsFor } from "./words.js";

const PAGE_SIZE = 100;
const LONGEST = 4096;
const CHANGEABLE = 48 * 3600; // seconds
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
  quoted: (id) => older.line(id) ?? state.words.gone,
  jump,
  command: say,
  tap,
  copy: (text) => copy(text, state.words.copied),
  view: (message) => view(...log.photos(message), state.words),
  react: (message, emoji) => chat.react(message.message_id, emoji).catch(failed),
  waiting: (message, button) => waiting.has(`${message.message_id} ${button.data}`),
};
const log = messageLog(at("log"), setting, () => field.focus({ preventScroll: true }));
const older = olderMessages({ chat, log, more: loadEarlier, learnt: (id) => { log.redrawAnswers(id); draw(); } });
const place = placeIn(at("scroll"), log.nodes);
const menu = commandMenu({ list: at("menu"), opener: at("open-menu"), field, send: say });

const writing = composer({
  field, menu, say, change,
  words: () => state.words,
  line: older.line,
  lastOwn: () => {
    const message = log.lastOwn(Date.now() / 1000 - CHANGEABLE);
    return message && { message, text: log.text(message) };
  },
});

function failed(refused) {
  toast(refused.status ? refused.message : state.words.lost);
}

function draw() {
  drawFrame({ ...state, words: state.words, language: state.language, empty: !log.size(), line: older.line, jump });
  writing.draw();
  drawState(state);
  drawDown(place.atBottom(), state.unseen, state.words);
}

async function jump(id) {
  if (!(await older.reach(id))) return toast(state.words.gone);
  return log.jump(id);
}

function sawAll() {
  if (document.hidden || !log.size()) return;
  if (readUpTo(user) !== log.newest()) keepRead(user, log.newest());
  if (!state.unseen) return;
  state.unseen = 0;
  draw();
}

/** The first look goes to what came since the last one, else to the end. */
function lookAt(found) {
  const read = readUpTo(user);
  const fresh = read && read <= log.newest() ? found.filter(({ from, message_id: id }) => from === "bot" && id > read) : [];
  state.unseen = fresh.length;
  if (fresh.length) log.markUnread(fresh[0].message_id);
  place.toBottom();
  log.unread()?.scrollIntoView({ block: "start" });
  draw();
  if (place.atBottom()) sawAll();
}

const doing = botDoing({
  bubble: at("draft"),
  keeping: place.keeping,
  setting,
  show(action) {
    state.action = action;
    drawState(state);
  },
});

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
  at("log").setAttribute("aria-busy", "true"); // what was there before is not read out as news
  place.keeping(() => log.replace(found, newer));
  at("log").setAttribute("aria-busy", "false");
  Object.assign(state, { loaded: true, connected: true });
  at("earlier").hidden = found.length < PAGE_SIZE;
  doing.draft(state.person.draft);
  draw();
  loadCommands();
  if (!first) return;
  lookAt(found);
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
    if (fresh && message.from === "bot") doing.act("");
    if (missed) state.unseen += 1;
    else if (fresh) sawAll();
    draw();
  },
  gone({ message_id: id }) {
    touch(id);
    writing.gone(id);
    older.gone(id);
    place.keeping(() => {
      log.drop(id);
      log.drawDays();
    });
    draw();
  },
  draft: doing.draft,
  action: ({ action }) => doing.act(action),
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
async function say(text, replyTo) {
  try {
    if (!state.person.met) NEWS.person(await chat.change({ language_code: spoken(navigator.language) }));
    for (let rest = text; rest.trim(); rest = rest.slice(LONGEST)) {
      const part = rest.slice(0, LONGEST);
      if (part.trim()) await chat.write(part, replyTo);
    }
    return true;
  } catch (refused) {
    failed(refused);
    return false;
  }
}

/** Changes what the person wrote; whether it arrived. */
function change(id, text) {
  return chat.rewrite(id, text).then(() => true, (refused) => {
    failed(refused);
    return false;
  });
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
    if (refused.status === 404) toast(state.words.gone);
    else failed(refused);
  } finally {
    waiting.delete(mark);
    log.mark(id, button.data, false);
  }
}

/** Loads one page of what was before; false when there was nothing, or nobody answered. */
async function loadEarlier() {
  const found = await chat.before(log.oldest(), PAGE_SIZE).catch(failed);
  if (!found) return false;
  place.keeping(() => {
    found.forEach(log.show);
    log.drawDays();
  });
  at("earlier").hidden = found.length < PAGE_SIZE;
  return found.length > 0;
}

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
  drawDown(place.atBottom(), state.unseen, state.words);
});
document.addEventListener("visibilitychange", () => place.atBottom() && sawAll());
setInterval(() => refreshMoments(locale()), 10000);
bybitDrawer({ chat, words: () => state.words, failed });
messageActions({
  list: at("actions"),
  log: at("log"),
  words: () => state.words,
  choose: {
    find: log.find,
    react: setting.react,
    answer: writing.answer,
    copy: (message) => setting.copy(log.text(message)),
    change: (message) => writing.change(message, log.text(message)),
  },
});
peopleDialog({ user, facts: () => state.person, words: () => state.words, change: chat.change, failed });

draw();
chat.listen((name, body) => NEWS[name](body), load, () => {
  state.connected = false;
  drawState(state);
});
