// A message's HTML becomes DOM nodes of known kinds only; nothing of the text is ever used as page markup.

const PLAIN = { B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", STRIKE: "s", DEL: "s", CODE: "code", PRE: "pre", BLOCKQUOTE: "blockquote" };
/** What a rich message may hold beside; only where `hooks.rich` is set. */
const RICH = new Set(["P", "H1", "H2", "H3", "H4", "H5", "H6", "UL", "OL", "LI", "HR", "TABLE", "CAPTION", "TBODY", "TR", "TH", "TD", "DETAILS", "SUMMARY", "ASIDE", "FOOTER", "CITE", "SUB", "SUP", "MARK"]);
const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;
const COMMAND = /(^|\s)(\/[A-Za-z][A-Za-z0-9_]{0,31})(?![\w/])/g;

/** Whether an address may be a link: web and Telegram addresses, nothing that runs code. */
export function safeAddress(address) {
  const trimmed = String(address || "").trim();
  return /^(https?:\/\/|tg:\/\/|mailto:)/i.test(trimmed) ? trimmed : null;
}

/** A fragment that shows `html`. `hooks.command(text)` gives the node for a /command in the text. */
export function fragmentOf(html, hooks) {
  // A document made by DOMParser runs no script and loads nothing.
  const parsed = new DOMParser().parseFromString(`<body>${html}`, "text/html");
  const fragment = document.createDocumentFragment();
  copy(parsed.body, fragment, hooks, false);
  return fragment;
}

function copy(from, to, hooks, literal) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) addText(afterBlock(node) ? node.data.replace(/^\n/, "") : node.data, to, hooks, literal);
    else if (node.nodeType === Node.ELEMENT_NODE) addElement(node, to, hooks, literal);
  }
}

/** A block ends its line by itself, so the line break that follows it would show as an empty line. */
function afterBlock(node) {
  return ["PRE", "BLOCKQUOTE"].includes(node.previousSibling?.nodeName);
}

function addElement(node, to, hooks, literal) {
  const made = elementFor(node, hooks);
  if (made === null) {
    copy(node, to, hooks, literal);
    return;
  }
  to.append(made);
  if (!made.dataset.done) copy(node, made, hooks, literal || ["A", "CODE", "PRE"].includes(node.tagName));
}

function elementFor(node, hooks) {
  const plain = PLAIN[node.tagName];
  if (plain) {
    const made = document.createElement(plain);
    if (plain === "blockquote" && node.hasAttribute("expandable")) made.className = "expandable";
    return made;
  }
  if (hooks.rich && RICH.has(node.tagName)) return richOf(node);
  if (node.tagName === "A") return linkTo(node.getAttribute("href"));
  if (node.tagName === "TG-SPOILER" || (node.tagName === "SPAN" && node.className === "tg-spoiler")) return hooks.spoiler();
  if (node.tagName === "TG-TIME") return hooks.moment(Number(node.getAttribute("unix")), node.getAttribute("format") || "", node.textContent);
  if (["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "SVG", "MATH"].includes(node.tagName.toUpperCase())) {
    const nothing = document.createElement("span");
    nothing.dataset.done = "1";
    return nothing;
  }
  return null;
}

function richOf(node) {
  const made = document.createElement(node.tagName);
  for (const name of ["colspan", "rowspan", "value"]) if (/^\d{1,6}$/.test(node.getAttribute(name) || "")) made.setAttribute(name, node.getAttribute(name));
  for (const name of ["align", "valign"]) if (/^(left|center|right|top|middle|bottom)$/.test(node.getAttribute(name) || "")) made.classList.add(`to-${node.getAttribute(name)}`);
  if (node.tagName === "LI" && /^[☐☑]/.test(node.textContent)) made.className = "task";
  if (node.hasAttribute("open")) made.setAttribute("open", "");
  return made;
}

function linkTo(address) {
  const safe = safeAddress(address);
  if (safe === null) return document.createElement("span");
  const made = document.createElement("a");
  made.href = safe;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

function addText(text, to, hooks, literal) {
  if (literal) {
    to.append(text);
    return;
  }
  const finds = [...text.matchAll(LINK)].map((found) => ({ at: found.index, text: found[0], link: true }));
  for (const found of text.matchAll(COMMAND)) {
    const at = found.index + found[1].length;
    if (!finds.some((other) => at >= other.at && at < other.at + other.text.length)) finds.push({ at, text: found[2], link: false });
  }
  let done = 0;
  for (const found of finds.sort((a, b) => a.at - b.at)) {
    to.append(text.slice(done, found.at));
    const node = found.link ? linkTo(found.text) : hooks.command(found.text);
    if (found.link) node.append(found.text);
    to.append(node);
    done = found.at + found.text.length;
  }
  to.append(text.slice(done));
}
