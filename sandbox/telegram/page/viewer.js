// Photos seen large: one after the other, nearer and farther, moved about when they are larger than the page.

import { drawEmoji } from "./emoji.js";

const at = (id) => document.getElementById(id);
const NEAREST = 5;
const STEP = 1.5;
const photo = at("viewer-photo");
const held = new Map(); // fingers and buttons on the photo
let photos = [];
let shown = 0;
let zoom = 1;
let shift = { x: 0, y: 0 };
let moved = false;
let words = null;

/** Opens the photos, {source, caption} each, at the one of that number; `said` are the page's words. */
export function view(list, index, said) {
  [photos, words] = [list, said];
  show(index);
  if (!at("viewer").open) at("viewer").showModal();
  at("viewer-close").focus();
}

function show(index) {
  shown = (index + photos.length) % photos.length;
  const { source, caption } = photos[shown];
  const place = photos.length > 1 ? words.of(shown + 1, photos.length) : "";
  Object.assign(photo, { src: source, alt: caption ? `${words.photoName}: ${caption}` : words.photoName });
  at("viewer-caption").textContent = caption;
  drawEmoji(at("viewer-caption"));
  at("viewer-place").textContent = place;
  at("viewer").setAttribute("aria-label", place ? `${words.photoName}, ${place}` : words.photoName);
  for (const id of ["viewer-before", "viewer-after"]) at(id).hidden = photos.length < 2;
  for (const [id, text] of [["viewer-before", words.before], ["viewer-after", words.after], ["viewer-nearer", words.nearer], ["viewer-farther", words.farther]]) at(id).setAttribute("aria-label", text);
  zoomTo(1);
}

function zoomTo(wanted) {
  zoom = Math.min(Math.max(wanted, 1), NEAREST);
  if (zoom === 1) shift = { x: 0, y: 0 };
  photo.classList.toggle("near", zoom > 1);
  at("viewer-farther").disabled = zoom === 1;
  at("viewer-nearer").disabled = zoom === NEAREST;
  place();
}

/** Keeps some of the photo on the page. */
function place() {
  for (const [side, size] of [["x", photo.clientWidth], ["y", photo.clientHeight]]) {
    const most = (size * (zoom - 1)) / 2;
    shift[side] = Math.min(Math.max(shift[side], -most), most);
  }
  photo.style.transform = `translate(${shift.x}px, ${shift.y}px) scale(${zoom})`;
}

const close = () => at("viewer").close();
const KEYS = {
  ArrowLeft: () => show(shown - 1), ArrowRight: () => show(shown + 1),
  "+": () => zoomTo(zoom * STEP), "=": () => zoomTo(zoom * STEP), "-": () => zoomTo(zoom / STEP), 0: () => zoomTo(1),
};

at("viewer").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
at("viewer-close").addEventListener("click", close);
at("viewer-before").addEventListener("click", () => show(shown - 1));
at("viewer-after").addEventListener("click", () => show(shown + 1));
at("viewer-nearer").addEventListener("click", () => zoomTo(zoom * STEP));
at("viewer-farther").addEventListener("click", () => zoomTo(zoom / STEP));
at("viewer").addEventListener("click", (event) => event.target.closest("button, #viewer-photo, #viewer-caption") || close());
at("viewer").addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomTo(zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2));
}, { passive: false });
photo.addEventListener("click", () => moved || zoomTo(zoom > 1 ? 1 : 2.5));

photo.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  photo.setPointerCapture(event.pointerId);
  held.set(event.pointerId, { x: event.clientX, y: event.clientY, from: event.clientX });
  moved = false;
});
photo.addEventListener("pointermove", (event) => {
  const last = held.get(event.pointerId);
  if (!last) return;
  const before = spread();
  const by = { x: event.clientX - last.x, y: event.clientY - last.y };
  if (Math.abs(event.clientX - last.from) > 6 || held.size > 1) moved = true;
  Object.assign(last, { x: event.clientX, y: event.clientY });
  if (held.size === 2 && before) zoomTo((zoom * spread()) / before);
  else if (zoom > 1) {
    shift = { x: shift.x + by.x, y: shift.y + by.y };
    place();
  }
});
for (const name of ["pointerup", "pointercancel"]) {
  photo.addEventListener(name, (event) => {
    const last = held.get(event.pointerId);
    held.delete(event.pointerId);
    if (!last || zoom > 1 || photos.length < 2 || held.size || Math.abs(event.clientX - last.from) < 50) return;
    show(event.clientX < last.from ? shown + 1 : shown - 1);
  });
}

/** How far apart two fingers are. */
function spread() {
  const [one, other] = [...held.values()];
  return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
}
