/**
 * What can be done to a whole mask at once: removing specks, filling small holes, smoothing the edge. A project allows
 * each of them or not; none is ever done unasked.
 */

/** @typedef {import('./tiles.js').Rect} Rect */

/** The smallest rectangle that holds all paint, with one pixel around it where the image has one; null: nothing is painted. @param {Uint8Array} mask @param {number} w @param {number} h @returns {Rect|null} */
function paintedRect(mask, w, h) {
  const top = mask.indexOf(1);
  if (top < 0) return null;
  const bottom = Math.floor(mask.lastIndexOf(1) / w);
  let [left, right] = [w, -1];
  for (let y = Math.floor(top / w); y <= bottom; y++) {
    const row = mask.subarray(y * w, (y + 1) * w);
    const first = row.indexOf(1);
    if (first < 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, row.lastIndexOf(1));
  }
  const x = Math.max(0, left - 1);
  const y = Math.max(0, Math.floor(top / w) - 1);
  return { x, y, w: Math.min(w, right + 2) - x, h: Math.min(h, bottom + 2) - y };
}

/**
 * Connected pieces of one value.
 * @param {Uint8Array} mask row-major 0/1 @param {number} w px
 * @param {Rect} rect where to look
 * @param {0|1} value pieces of paint touch at corners, holes do not
 * @param {number} most pixels are listed up to this size
 * @returns {{size: number, atRim: boolean, pixels: number[]}[]} atRim: it reaches the edge of `rect`; pixels: indexes, if they are at most `most`
 */
function pieces(mask, w, rect, value, most) {
  const seen = new Uint8Array(rect.w * rect.h);
  const steps = value ? [-1, 1, -w, w, -w - 1, -w + 1, w - 1, w + 1] : [-1, 1, -w, w];
  const found = [];
  for (let start = 0; start < seen.length; start++) {
    const first = (rect.y + Math.floor(start / rect.w)) * w + rect.x + (start % rect.w);
    if (seen[start] || mask[first] !== value) continue;
    const piece = { size: 0, atRim: false, pixels: /** @type {number[]} */ ([]) };
    const pending = [first];
    seen[start] = 1;
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      piece.size += 1;
      if (piece.size <= most) piece.pixels.push(at);
      const x = (at % w) - rect.x;
      const y = Math.floor(at / w) - rect.y;
      if (x === 0 || y === 0 || x === rect.w - 1 || y === rect.h - 1) piece.atRim = true;
      for (const step of steps) {
        const next = at + step;
        const nextX = (next % w) - rect.x;
        const nextY = Math.floor(next / w) - rect.y;
        if (nextX < 0 || nextY < 0 || nextX >= rect.w || nextY >= rect.h || Math.abs(nextX - x) > 1) continue;
        const place = nextY * rect.w + nextX;
        if (seen[place] || mask[next] !== value) continue;
        seen[place] = 1;
        pending.push(next);
      }
    }
    found.push(piece);
  }
  return found;
}

/** @param {number[]} pixels indexes @param {number} w px @returns {Int32Array} (y, x0, x1) triples, as of kernel.js */
function spansOf(pixels, w) {
  const sorted = [...pixels].sort((a, b) => a - b);
  /** @type {number[]} */
  const spans = [];
  let end = -1;
  for (const at of sorted) {
    const x = at % w;
    if (at === end && x > 0) spans[spans.length - 1] += 1;
    else spans.push(Math.floor(at / w), x, x + 1);
    end = at + 1;
  }
  return Int32Array.from(spans);
}

/** Pieces and holes below this size are small: 1 % of the mask, but at least 9 px. @param {Uint8Array} mask */
function smallBelow(mask) {
  let area = 0;
  for (let i = 0; i < mask.length; i++) area += mask[i];
  return Math.max(9, area / 100);
}

/**
 * Small pieces of paint; the largest piece is not one.
 * @param {Uint8Array} mask row-major 0/1 @param {number} w px @param {number} h px
 * @returns {{count: number, spans: Int32Array}}
 */
export function specks(mask, w, h) {
  const rect = paintedRect(mask, w, h);
  if (!rect) return { count: 0, spans: new Int32Array(0) };
  const most = smallBelow(mask);
  const found = pieces(mask, w, rect, 1, most);
  const largest = found.reduce((a, b) => (b.size > a.size ? b : a));
  const small = found.filter((piece) => piece !== largest && piece.size < most);
  return { count: small.length, spans: spansOf(small.flatMap((piece) => piece.pixels), w) };
}

/**
 * Small unpainted regions that paint encloses.
 * @param {Uint8Array} mask row-major 0/1 @param {number} w px @param {number} h px
 * @returns {{count: number, spans: Int32Array}}
 */
export function holes(mask, w, h) {
  const rect = paintedRect(mask, w, h);
  if (!rect) return { count: 0, spans: new Int32Array(0) };
  const most = smallBelow(mask);
  const small = pieces(mask, w, rect, 0, most).filter((piece) => !piece.atRim && piece.size < most);
  return { count: small.length, spans: spansOf(small.flatMap((piece) => piece.pixels), w) };
}

/**
 * What makes the edge smooth: a pixel becomes what most of the 3 × 3 pixels around it are.
 * @param {Uint8Array} mask row-major 0/1 @param {number} w px @param {number} h px
 * @returns {{count: number, paint: Int32Array, erase: Int32Array}} count: pixels that change
 */
export function smooth(mask, w, h) {
  const rect = paintedRect(mask, w, h) ?? { x: 0, y: 0, w: 0, h: 0 };
  /** @type {number[]} */
  const paint = [];
  /** @type {number[]} */
  const erase = [];
  for (let y = rect.y; y < rect.y + rect.h; y++) {
    const rows = [Math.max(0, y - 1) * w, y * w, Math.min(h - 1, y + 1) * w];
    for (let x = rect.x; x < rect.x + rect.w; x++) {
      const left = Math.max(0, x - 1);
      const right = Math.min(w - 1, x + 1);
      let sum = 0;
      for (const row of rows) sum += mask[row + left] + mask[row + x] + mask[row + right];
      const at = y * w + x;
      if (sum >= 5 && !mask[at]) paint.push(at);
      if (sum < 5 && mask[at]) erase.push(at);
    }
  }
  return { count: paint.length + erase.length, paint: spansOf(paint, w), erase: spansOf(erase, w) };
}
