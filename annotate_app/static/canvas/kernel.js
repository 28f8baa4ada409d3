/**
 * The painting kernel: which pixels an operation covers, and writing them.
 *
 * A mask is a row-major `Uint8Array` of `w * h` zeros and ones. Every operation is first worked out as *spans*: an
 * `Int32Array` of triples (y, x0, x1), each standing for the pixels x0 <= x < x1 of row y. Spans are what undo keeps,
 * what the screen redraws, and what is written, so the three always agree. Nothing here uses the DOM.
 */

/** @typedef {{x: number, y: number}} Point whole image pixel */

/** Image sides, as a bitmask. */
export const LEFT = 1;
export const TOP = 2;
export const RIGHT = 4;
export const BOTTOM = 8;
const ALL_SIDES = LEFT | TOP | RIGHT | BOTTOM;

const NO_SPANS = new Int32Array(0);

/**
 * The pixels of a round stroke of diameter `d` from pixel a to pixel b: exactly those whose centre lies within d/2 of
 * the segment between the two pixel centres.
 *
 * The decision is made in whole numbers, so it is the same at every zoom and on every machine. Doubles hold whole
 * numbers exactly up to 2^53, and rounding above that keeps the order, so comparing with d^2*|b-a|^2 is exact as long
 * as that product stays below 2^53: d * |b-a| < 94,906,265, which a 1,000 px brush reaches with a 94,906 px segment.
 *
 * @param {number} w image width, px
 * @param {number} h image height, px
 * @param {number} ax whole pixel coordinates; both ends may lie outside the image
 * @param {number} ay
 * @param {number} bx
 * @param {number} by
 * @param {number} d diameter, whole px, at least 1
 * @returns {Int32Array} spans (y, x0, x1), clipped to the image, at most one per row
 */
export function segmentSpans(w, h, ax, ay, bx, by, d) {
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  const d2 = d * d;
  const limit = d2 * length2;

  /** @param {number} x @param {number} y */
  const covers = (x, y) => {
    const px = x - ax;
    const py = y - ay;
    const t = px * dx + py * dy;
    if (t <= 0) return 4 * (px * px + py * py) <= d2;
    if (t >= length2) return 4 * ((x - bx) * (x - bx) + (y - by) * (y - by)) <= d2;
    const cross = px * dy - py * dx;
    return 4 * cross * cross <= limit;
  };

  const reach = Math.floor(d / 2);
  const top = Math.max(0, Math.min(ay, by) - reach);
  const bottom = Math.min(h - 1, Math.max(ay, by) + reach);
  if (top > bottom) return NO_SPANS;

  const halfStrip = (d * Math.sqrt(length2)) / 2;
  const spans = new Int32Array(3 * (bottom - top + 1));
  let n = 0;
  for (let y = top; y <= bottom; y++) {
    // The shape is convex, so each row holds one run. Its ends are estimated in floating point (the union of both end
    // discs and the strip between them), widened by one pixel, and then drawn in by the exact rule.
    let lo = Infinity;
    let hi = -Infinity;
    const chordA = d2 - 4 * (y - ay) * (y - ay);
    if (chordA >= 0) {
      const r = Math.sqrt(chordA) / 2;
      lo = ax - r;
      hi = ax + r;
    }
    const chordB = d2 - 4 * (y - by) * (y - by);
    if (chordB >= 0) {
      const r = Math.sqrt(chordB) / 2;
      lo = Math.min(lo, bx - r);
      hi = Math.max(hi, bx + r);
    }
    const v = y - ay;
    const rowMeetsStrip = dx !== 0 || (v * dy > 0 && v * dy < length2);
    if (rowMeetsStrip) {
      let stripLo = -Infinity;
      let stripHi = Infinity;
      if (dy !== 0) {
        const middle = ax + (v * dx) / dy;
        const half = halfStrip / Math.abs(dy);
        stripLo = middle - half;
        stripHi = middle + half;
      }
      if (dx !== 0) {
        const start = ax - (v * dy) / dx;
        const end = ax + (length2 - v * dy) / dx;
        stripLo = Math.max(stripLo, Math.min(start, end));
        stripHi = Math.min(stripHi, Math.max(start, end));
      }
      if (stripLo <= stripHi) {
        lo = Math.min(lo, stripLo);
        hi = Math.max(hi, stripHi);
      }
    }
    if (lo > hi) continue;

    let x0 = Math.ceil(lo) - 1;
    let x1 = Math.floor(hi) + 1;
    while (x0 <= x1 && !covers(x0, y)) x0++;
    while (x1 >= x0 && !covers(x1, y)) x1--;
    x0 = Math.max(0, x0);
    x1 = Math.min(w - 1, x1);
    if (x0 > x1) continue;
    spans[n++] = y;
    spans[n++] = x0;
    spans[n++] = x1 + 1;
  }
  return spans.subarray(0, n);
}

/**
 * The pixels inside a closed polygon by the non-zero rule: a pixel belongs when the outline goes around its centre,
 * however often. So an outline drawn past its start, or across itself, leaves no hole. Pixels on the outline itself
 * follow the half-open convention; callers who want the whole outline paint it as well.
 *
 * @param {number} w image width, px
 * @param {number} h image height, px
 * @param {{x: number, y: number}[]} points corners, whole pixel coordinates, possibly outside the image
 * @returns {Int32Array} spans (y, x0, x1), clipped to the image
 */
export function polygonSpans(w, h, points) {
  if (points.length < 3) return NO_SPANS;
  let top = Infinity;
  let bottom = -Infinity;
  for (const p of points) {
    top = Math.min(top, p.y);
    bottom = Math.max(bottom, p.y);
  }
  top = Math.max(0, top);
  bottom = Math.min(h - 1, bottom);
  if (top > bottom) return NO_SPANS;

  /** Where the outline crosses each row: 2x, and 1 more where it goes down. @type {number[][]} */
  const crossings = Array.from({ length: bottom - top + 1 }, () => []);
  for (let i = 0; i < points.length; i++) {
    let a = points[i];
    let b = points[(i + 1) % points.length];
    if (a.y === b.y) continue;
    const down = Number(a.y < b.y);
    if (!down) [a, b] = [b, a];
    const rise = b.y - a.y;
    const last = Math.min(bottom, b.y - 1);
    for (let y = Math.max(top, a.y); y <= last; y++) {
      // One division of whole numbers: it is exact whenever the crossing falls on a pixel centre.
      crossings[y - top].push(2 * Math.ceil((a.x * rise + (y - a.y) * (b.x - a.x)) / rise) + down);
    }
  }
  /** @type {number[]} */
  const found = [];
  crossings.forEach((row, k) => {
    row.sort((p, q) => p - q);
    let winding = 0;
    let start = 0;
    for (const crossing of row) {
      const down = crossing & 1;
      const x = (crossing - down) / 2;
      if (winding === 0) start = x;
      winding += down ? 1 : -1;
      if (winding) continue;
      const x0 = Math.max(0, start);
      const x1 = Math.min(w, x);
      if (x0 < x1) found.push(top + k, x0, x1);
    }
  });
  return Int32Array.from(found);
}

/**
 * The unpainted region around a pixel, if an outline encloses it. The region grows through 4-neighbours only, so an
 * outline whose pixels merely touch at corners counts as closed.
 *
 * @param {Uint8Array} mask row-major 0/1, length w*h
 * @param {number} w image width, px
 * @param {number} h image height, px
 * @param {number} x whole pixel coordinates of the click
 * @param {number} y
 * @param {number} walls image sides (LEFT | TOP | RIGHT | BOTTOM) that may close the outline
 * @returns {{outcome: 'enclosed'|'open'|'painted'|'outside', spans: Int32Array}} spans is empty unless 'enclosed'
 */
export function enclosedSpans(mask, w, h, x, y, walls) {
  if (x < 0 || y < 0 || x >= w || y >= h) return { outcome: 'outside', spans: NO_SPANS };
  if (mask[y * w + x]) return { outcome: 'painted', spans: NO_SPANS };

  const blocked = mask.slice(); // painted or already visited
  const pending = [y * w + x];
  /** @type {number[]} */
  const found = [];
  let sides = 0;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (blocked[at]) continue;
    const row = Math.floor(at / w);
    const start = row * w;
    const end = start + w;
    let left = at;
    while (left > start && !blocked[left - 1]) left--;
    let right = at + 1;
    while (right < end && !blocked[right]) right++;
    blocked.fill(1, left, right);
    found.push(row, left - start, right - start);

    if (left === start) sides |= LEFT;
    if (right === end) sides |= RIGHT;
    if (row === 0) sides |= TOP;
    if (row === h - 1) sides |= BOTTOM;
    if (sides & ~walls || sides === ALL_SIDES) return { outcome: 'open', spans: NO_SPANS };

    if (row > 0) pushRuns(blocked, left - w, right - w, pending);
    if (row < h - 1) pushRuns(blocked, left + w, right + w, pending);
  }
  return { outcome: 'enclosed', spans: Int32Array.from(found) };
}

/**
 * Adds one pixel of every free run within [from, to) to `pending`.
 * @param {Uint8Array} blocked @param {number} from @param {number} to @param {number[]} pending
 */
function pushRuns(blocked, from, to, pending) {
  let free = false;
  for (let i = from; i < to; i++) {
    if (blocked[i]) {
      free = false;
    } else if (!free) {
      free = true;
      pending.push(i);
    }
  }
}

/**
 * Sets every pixel of the spans.
 * @param {Uint8Array} mask row-major 0/1, changed in place
 * @param {number} w image width, px
 * @param {Int32Array} spans (y, x0, x1) triples
 * @param {0|1} value
 */
export function writeSpans(mask, w, spans, value) {
  for (let i = 0; i < spans.length; i += 3) {
    const start = spans[i] * w;
    mask.fill(value, start + spans[i + 1], start + spans[i + 2]);
  }
}

/**
 * The parts of spans on pixels that another mask leaves free.
 * @param {Int32Array} spans (y, x0, x1) triples
 * @param {Uint8Array} taken row-major 0/1
 * @param {number} w image width, px
 * @returns {Int32Array} (y, x0, x1) triples
 */
export function freeSpans(spans, taken, w) {
  /** @type {number[]} */
  const free = [];
  for (let i = 0; i < spans.length; i += 3) {
    const start = spans[i] * w;
    const end = spans[i + 2];
    let x = spans[i + 1];
    while (x < end) {
      while (x < end && taken[start + x]) x++;
      const from = x;
      while (x < end && !taken[start + x]) x++;
      if (from < x) free.push(spans[i], from, x);
    }
  }
  return Int32Array.from(free);
}

/**
 * The image sides that may close an outline for a question: an object cut off by the image border has a box that
 * reaches that border. Anywhere else only paint closes an outline.
 *
 * @param {number[]} bbox [x, y, width, height], px, may be fractional or overrun the image
 * @param {number} w image width, px
 * @param {number} h image height, px
 * @returns {number} bitmask of LEFT, TOP, RIGHT, BOTTOM
 */
export function wallsForBox([x, y, boxWidth, boxHeight], w, h) {
  const nearX = Math.max(4, 0.01 * w);
  const nearY = Math.max(4, 0.01 * h);
  return (
    (x <= nearX ? LEFT : 0) |
    (y <= nearY ? TOP : 0) |
    (x + boxWidth >= w - nearX ? RIGHT : 0) |
    (y + boxHeight >= h - nearY ? BOTTOM : 0)
  );
}
