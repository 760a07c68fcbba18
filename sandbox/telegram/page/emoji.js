// Small drawings of our own for the emoji that carry meaning, used only where the machine has no colour emoji.

const SVG = "http://www.w3.org/2000/svg";
const disc = (fill, ring = "none") => [["circle", { cx: 12, cy: 12, r: 9.5, fill, stroke: ring, "stroke-width": 1.2 }]];
const tile = (fill) => [["rect", { x: 2.5, y: 2.5, width: 19, height: 19, rx: 4, fill }]];
const line = (d, stroke, width = 2.6) => ["path", { d, fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" }];
const shape = (d, fill) => ["path", { d, fill }];
const circle = (cx, cy, r, fill) => ["circle", { cx, cy, r, fill }];

const sand = [shape("M5 2h14v3l-5.5 7 5.5 7v3H5v-3l5.5-7L5 5z", "#8fb7d9"), shape("M8 6h8l-4 5zM12 14l5 6H7z", "#e8a33d"), line("M5 2.500h14M5 21.500h14", "#9a6a3a", 2.4)];
const face = [circle(12, 12, 10, "#ffcb45"), circle(8.5, 10, 1.4, "#5b3f14"), circle(15.5, 10, 1.4, "#5b3f14"), line("M7.5 14.500c2.5 3 6.5 3 9 0", "#5b3f14", 1.6)];
const bell = [shape("M12 2.500c-4 0-6 3-6 7 0 5-2 6-2.5 8h17c-.5-2-2.5-3-2.5-8 0-4-2-7-6-7z", "#f0b429"), circle(12, 20, 2.2, "#b97f10")];
const clock = [circle(12, 12, 10, "#e8edf2"), line("M12 6v6l4 2.5", "#3b4a59", 2), ["circle", { cx: 12, cy: 12, r: 9.5, fill: "none", stroke: "#7b8a99", "stroke-width": 1.6 }]];
const hand = "M3 11h4v10H3zM8.500 11l4-9c2 0 2.800 1.600 2.300 3.400L14 9h5c1.700 0 2.600 1.300 2.200 2.900l-1.700 7c-.3 1.300-1.200 2.100-2.500 2.100h-6.500l-2-1.500z";
const board = tile("#f4f6f8");

const DRAWN = {
  "🔴": disc("#e5484d"), "🟠": disc("#f2872e"), "🟡": disc("#f5c02f"), "🟢": disc("#3cb65a"), "🔵": disc("#3d8bea"),
  "🟣": disc("#9a5bd6"), "🟤": disc("#8a5a3c"), "⚫": disc("#2b3138", "#8a949e"), "⚪": disc("#eef1f4", "#97a3af"),
  "🟥": tile("#e5484d"), "🟩": tile("#3cb65a"), "🟨": tile("#f5c02f"), "🟦": tile("#3d8bea"),
  "⏳": sand, "⌛": sand, "🙂": face, "😀": face, "👋": face, "🔔": bell, "🔕": [...bell, line("M3 3l18 18", "#e5484d", 2.4)],
  "✅": [...tile("#35a853"), line("M7 12.500l3.5 3.500L17 8.5", "#fff")],
  "❌": [line("M5 5l14 14M19 5L5 19", "#e5484d", 3.6)],
  "⚠": [shape("M12 2.500L22.5 21H1.500z", "#f5b82e"), line("M12 9v5.5", "#4a3608", 2.4), circle(12, 18, 1.4, "#4a3608")],
  "⛔": [circle(12, 12, 10, "#e5484d"), line("M7 12h10", "#fff", 3.4)],
  "🛑": [shape("M8 2h8l6 6v8l-6 6H8l-6-6V8z", "#e5484d")],
  "🚫": [["circle", { cx: 12, cy: 12, r: 8.5, fill: "none", stroke: "#e5484d", "stroke-width": 2.8 }], line("M6 6l12 12", "#e5484d", 2.8)],
  "⏸": [...tile("#3d8bea"), line("M9 8v8M15 8v8", "#fff", 3)],
  "▶": [...tile("#3d8bea"), shape("M9 7l8 5-8 5z", "#fff")],
  "🔄": [...tile("#3d8bea"), line("M17 10a5.5 5.5 0 1 0 .3 4M17.5 6.500V10H14", "#fff", 2)],
  "📈": [...board, line("M5 17l5-5 3 3 6-8", "#e5484d", 2)], "📉": [...board, line("M5 7l5 5 3-3 6 8", "#3d8bea", 2)],
  "📊": [...board, line("M8 17v-5", "#35a853", 3), line("M12 17V8", "#e5484d", 3), line("M16 17v-7", "#3d8bea", 3)],
  "🎯": [circle(12, 12, 10, "#e5484d"), circle(12, 12, 6.5, "#fff"), circle(12, 12, 3, "#e5484d")],
  "🔒": [shape("M5 11h14v11H5z", "#f0b429"), line("M8 11V8a4 4 0 0 1 8 0v3", "#8a949e", 2.2)],
  "🔑": [circle(8, 12, 4.5, "#f0b429"), line("M12 12h9v3.500M17 12v3", "#f0b429", 2.4), circle(8, 12, 1.5, "#7a5708")],
  "🛡": [shape("M12 2l9 3v6c0 6-4 9.5-9 11.500C7 20.5 3 17 3 11V5z", "#3d8bea")],
  "⭐": [shape("M12 2l3 6.5 7 .8-5.2 4.9 1.4 7L12 17.7 5.8 21.200l1.4-7L2 9.300l7-.8z", "#f5c02f")],
  "⏰": clock, "🕐": clock, "⏱": clock, "🌙": [shape("M15 2.500A10 10 0 1 0 21.5 15 8 8 0 0 1 15 2.500z", "#f5c02f")],
  "⚙": [line("M12 3v18M3 12h18M5.6 5.600l12.8 12.800M18.4 5.600L5.6 18.4", "#7b8a99", 3), circle(12, 12, 6, "#7b8a99"), circle(12, 12, 2.5, "#e8edf2")],
  "ℹ": [...tile("#3d8bea"), line("M12 11v6", "#fff"), circle(12, 7.5, 1.6, "#fff")],
  "❓": [line("M8 8a4 4 0 1 1 5.5 3.700c-1 .5-1.5 1.2-1.5 2.6", "#e5484d", 2.8), circle(12, 19, 1.8, "#e5484d")],
  "👍": [shape(hand, "#ffcb45")], "👎": [["path", { d: hand, fill: "#ffcb45", transform: "rotate(180 12 12)" }]],
  "❤": [shape("M12 21C5 15.500 2 12 2 8.200 2 5.200 4.300 3 7 3c2 0 3.900 1.100 5 3 1.100-1.900 3-3 5-3 2.700 0 5 2.200 5 5.200 0 3.800-3 7.300-10 12.800z", "#e5484d")],
  "🔥": [shape("M12 1.500c1 4-5.500 7-5.500 13A6.300 6.300 0 0 0 12.500 22c4 0 6.500-3 6.500-6.800 0-3.200-1.700-5-2.500-7.700-1 .8-1.500 1.700-1.700 3C13.500 8 14 4.500 12 1.500z", "#f2872e"), shape("M12.500 21c-2.200 0-3.500-1.600-3.500-3.600 0-2.200 2-3.400 2.700-5.400 1.800 1.700 3.800 3.200 3.800 5.600 0 2-1.200 3.400-3 3.400z", "#f5c02f")],
  "🎉": [shape("M3 21l5-13 8 8z", "#f0b429"), line("M14 9c0-3 1-5 3-6M16 12c3-1 4-1 5.500 0", "#3d8bea", 1.800), circle(11, 4, 1.500, "#e5484d"), circle(19.500, 7, 1.500, "#35a853"), circle(20, 17, 1.500, "#9a5bd6")],
  "🤔": [circle(12, 12, 10, "#ffcb45"), circle(8.5, 9.500, 1.400, "#5b3f14"), circle(15.5, 9.500, 1.400, "#5b3f14"), line("M8.500 16c2-1.500 4-1.500 6.500-.8M13.500 5.500c1.500-.8 3-.6 4 .4", "#5b3f14", 1.600)],
  "➕": [line("M12 5v14M5 12h14", "#7b8a99", 3.4)], "➖": [line("M5 12h14", "#7b8a99", 3.4)],
  "💰": [circle(12, 14, 8, "#f0b429"), shape("M9 2h6l-1.5 5h-3z", "#b97f10"), line("M14 11.500c-3-1.5-5 .5-2 2.500s1 4-2 2.5", "#6b4a06", 1.6)],
  "🇬🇧": [...tile("#21468b"), line("M4 5l16 14M20 5L4 19", "#fff", 3), line("M12 3v18M3 12h18", "#fff", 6), line("M12 3v18M3 12h18", "#d0393b", 3)],
  "🇷🇺": [shape("M2.5 4h19v5.500h-19z", "#fff"), shape("M2.5 9.500h19v5h-19z", "#2b59b3"), shape("M2.5 14.500h19V20h-19z", "#d0393b"), ["rect", { x: 2.5, y: 4, width: 19, height: 16, fill: "none", stroke: "#aab4bd", "stroke-width": 0.8 }]],
};
const KNOWN = new RegExp(`(?:${Object.keys(DRAWN).join("|")})\\uFE0F?`, "gu");

/** Whether this machine shows emoji in colour: a green disc drawn on a canvas has green in it. */
function hasColourEmoji() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "18px sans-serif";
  pen.textBaseline = "top";
  pen.fillText("🟢", 1, 1);
  const { data } = pen.getImageData(0, 0, 24, 24);
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 80 && data[at + 1] - data[at] > 30) return true;
  return false;
}

const needed = !hasColourEmoji();

/** Puts a drawing over every known emoji in the node's text; the text itself stays, for copying and for readers. */
export function drawEmoji(node) {
  if (!needed) return node;
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (walker.currentNode.data.search(KNOWN) >= 0) texts.push(walker.currentNode);
  for (const text of texts) text.replaceWith(...partsOf(text.data));
  return node;
}

function partsOf(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(KNOWN)) {
    parts.push(text.slice(done, found.index), drawingOf(found[0]));
    done = found.index + found[0].length;
  }
  return [...parts, text.slice(done)];
}

function drawingOf(emoji) {
  const holder = document.createElement("span");
  holder.className = "emoji";
  const glyph = document.createElement("span");
  glyph.textContent = emoji;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of DRAWN[emoji.replace("\uFE0F", "")]) {
    const part = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    svg.append(part);
  }
  holder.append(glyph, svg);
  return holder;
}
