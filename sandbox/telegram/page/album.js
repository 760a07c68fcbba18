// The photos of one album as one picture: rows in which every photo keeps its shape.

import { element } from "./bubbles.js";

/** How many photos stand in each row, from the top. */
export function rowSizes(count) {
  if (count <= 1) return [count];
  if (count === 3) return [1, 2];
  const rows = Math.ceil(count / 3);
  const least = Math.floor(count / rows);
  return Array.from({ length: rows }, (_, row) => least + (row >= rows - (count % rows) ? 1 : 0));
}

/** The grid; `photoOf(message)` makes the button that shows one of them. */
export function albumGrid(messages, photoOf) {
  const grid = element("div", "album-grid");
  grid.setAttribute("role", "group");
  let from = 0;
  for (const size of rowSizes(messages.length)) {
    const row = element("div", "album-row");
    const shapes = messages.slice(from, from + size).map(shapeOf);
    row.style.aspectRatio = String(Math.min(Math.max(shapes.reduce((sum, shape) => sum + shape, 0), 1.2), 4));
    messages.slice(from, from + size).forEach((message, at) => {
      const photo = photoOf(message);
      photo.style.flexGrow = String(shapes[at]);
      row.append(photo);
    });
    grid.append(row);
    from += size;
  }
  return grid;
}

/** Width by height, within what still can be seen in a row. */
function shapeOf({ photo_size: size }) {
  return size ? Math.min(Math.max(size[0] / size[1], 0.6), 2) : 1;
}
