/**
 * Where tiles go. Pure: sizes in, rectangles out.
 *
 * @module
 */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{width: number, height: number}} Size */

const widest = 16 / 9;
// A picture loses its sides before it becomes small: how far depends on how
// the space is shaped.
const narrowest = { landscape: 4 / 3, portrait: 3 / 4 };

/**
 * Lays count tiles out in rows, as large as they can be, the last row centred.
 * @param {number} count
 * @param {Size} space
 * @param {number} gap
 * @param {{free?: boolean}} [shape] free: tiles of any shape, for what is shown whole
 * @returns {Rect[]}
 */
export function grid(count, space, gap, { free = false } = {}) {
  if (count < 1 || space.width < 1 || space.height < 1) return [];
  const min = space.width >= space.height ? narrowest.landscape : narrowest.portrait;
  const limits = free ? { min: 0, max: Infinity } : { min, max: widest };
  let best = { columns: 1, tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= count; columns++) {
    const tile = largest(columns, Math.ceil(count / columns), space, gap, limits);
    if (area(tile) > area(best.tile)) best = { columns, tile };
  }
  return place(count, best.columns, best.tile, space, gap);
}

/**
 * Who gets the middle: whoever is pinned, or else every shared screen. Our own
 * screen is not put before us: we see it anyway.
 * @template {{key: string, screen: boolean, own: boolean}} V
 * @param {V[]} views
 * @param {string} pinned the key of a view, or ''
 * @returns {{middle: V[], others: V[]}}
 */
export function cast(views, pinned) {
  const chosen = views.filter((v) => v.key === pinned);
  const middle = chosen.length > 0 ? chosen : views.filter((v) => v.screen && !v.own);
  return { middle, others: views.filter((v) => !middle.includes(v)) };
}

/**
 * Lays out a room in which something is in the middle: it gets most of the
 * space, everyone else a strip beside or below it. The rectangles of the middle
 * come first.
 * @param {number} middle
 * @param {number} others
 * @param {Size} space
 * @param {number} gap
 * @param {{free?: boolean}} [shape] of the middle: a screen is shown whole, a face fills its tile
 * @returns {Rect[]}
 */
export function theatre(middle, others, space, gap, { free = true } = {}) {
  if (middle === 0) return grid(others, space, gap);
  if (others === 0) return grid(middle, space, gap, { free });
  const { width, height } = space;
  if (width >= height) {
    const strip = Math.round(clamp(width * 0.22, 96, 280));
    const main = width - strip - gap;
    return [
      ...grid(middle, { width: main, height }, gap, { free }),
      ...shift(grid(others, { width: strip, height }, gap), main + gap, 0),
    ];
  }
  const strip = Math.round(clamp(height * 0.3, 88, 260));
  const main = height - strip - gap;
  return [
    ...grid(middle, { width, height: main }, gap, { free }),
    ...shift(grid(others, { width, height: strip }, gap), 0, main + gap),
  ];
}

/**
 * @param {number} columns
 * @param {number} rows
 * @param {Size} space
 * @param {number} gap
 * @param {{min: number, max: number}} aspect
 * @returns {Size}
 */
function largest(columns, rows, space, gap, aspect) {
  const width = Math.floor((space.width - gap * (columns - 1)) / columns);
  const height = Math.floor((space.height - gap * (rows - 1)) / rows);
  if (width < 1 || height < 1) return { width: 0, height: 0 };
  if (width / height > aspect.max) return { width: Math.floor(height * aspect.max), height };
  if (width / height < aspect.min) return { width, height: Math.floor(width / aspect.min) };
  return { width, height };
}

/**
 * @param {number} count
 * @param {number} columns
 * @param {Size} tile
 * @param {Size} space
 * @param {number} gap
 * @returns {Rect[]}
 */
function place(count, columns, tile, space, gap) {
  const rows = Math.ceil(count / columns);
  const top = (space.height - span(rows, tile.height, gap)) / 2;
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (space.width - span(inRow, tile.width, gap)) / 2;
    return {
      x: Math.round(left + (i % columns) * (tile.width + gap)),
      y: Math.round(top + row * (tile.height + gap)),
      ...tile,
    };
  });
}

/**
 * @param {number} n
 * @param {number} size
 * @param {number} gap
 */
function span(n, size, gap) {
  return n * size + (n - 1) * gap;
}

/**
 * @param {Rect[]} rects
 * @param {number} dx
 * @param {number} dy
 */
function shift(rects, dx, dy) {
  return rects.map((r) => ({ ...r, x: r.x + dx, y: r.y + dy }));
}

/** @param {Size} size */
function area({ width, height }) {
  return width * height;
}

/**
 * @param {number} value
 * @param {number} min
 * @param {number} max
 */
function clamp(value, min, max) {
  return Math.min(max, Math.max(min, value));
}
