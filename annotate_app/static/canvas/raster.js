/**
 * The mask as screen pixels. The colours are worked out here, straight from the mask and for just the screen rectangle
 * asked for, instead of letting the browser scale an image of the mask: that needs no second copy of the mask, leaves
 * no seams between redrawn tiles, keeps pixels crisp above 1:1, and below 1:1 shows the true fraction of paint under each
 * screen pixel, so that even one stray pixel of a large photo can be seen.
 */

import { wholePixel } from './viewport.js';

/** @typedef {[number, number, number]} Rgb 0–255 */
/** @typedef {import('./tiles.js').Rect} Rect */

/** Device px per image px, and the screen position of the image. @typedef {{scale: number, x: number, y: number}} Placement */

/**
 * How a mask is drawn.
 * @typedef {object} MaskStyle
 * @property {Rgb} rgb
 * @property {number} fill opacity of the inside, 0–1
 * @property {boolean} outline whether the outline is drawn
 * @property {number} thickness of the outline, device px
 */

let scratch = new Uint8Array(0);

/**
 * @param {Uint8Array} mask row-major 0/1
 * @param {number} w image width, px
 * @param {number} h image height, px
 * @param {Placement} viewport
 * @param {Rect} rect screen rectangle, whole device px
 * @param {MaskStyle} style
 * @param {Uint32Array} pixels out: rect.w * rect.h little-endian RGBA words, not premultiplied
 */
export function rasterise(mask, w, h, viewport, rect, style, pixels) {
  const reach = style.thickness;
  const cw = rect.w + 2 * reach;
  const ch = rect.h + 2 * reach;
  if (scratch.length < cw * ch) scratch = new Uint8Array(cw * ch);
  const coverage = scratch.subarray(0, cw * ch);
  const area = { x: rect.x - reach, y: rect.y - reach, w: cw, h: ch };
  if (viewport.scale >= 1) sample(mask, w, h, viewport, area, coverage);
  else average(mask, w, h, viewport, area, coverage);
  colour(coverage, cw, rect, style, pixels);
}

/**
 * Coverage (0 or 255) where a screen pixel is no larger than an image pixel.
 * @param {Uint8Array} mask @param {number} w @param {number} h @param {Placement} viewport @param {Rect} area @param {Uint8Array} coverage out
 */
function sample(mask, w, h, { scale, x, y }, area, coverage) {
  const columns = new Int32Array(area.w);
  let from = area.w;
  let to = 0;
  for (let k = 0; k < area.w; k++) {
    columns[k] = wholePixel((area.x + k + 0.5 - x) / scale);
    if (columns[k] >= 0 && columns[k] < w) {
      from = Math.min(from, k);
      to = k + 1;
    }
  }
  let previous = -1;
  for (let j = 0; j < area.h; j++) {
    const out = j * area.w;
    const row = wholePixel((area.y + j + 0.5 - y) / scale);
    if (row === previous && j > 0) {
      coverage.copyWithin(out, out - area.w, out);
      continue;
    }
    previous = row;
    coverage.fill(0, out, out + area.w);
    if (row < 0 || row >= h || from >= to) continue;
    const start = row * w;
    if (isBlank(mask, start + columns[from], start + columns[to - 1] + 1)) continue;
    for (let k = from; k < to; k++) if (mask[start + columns[k]]) coverage[out + k] = 255;
  }
}

/**
 * Coverage (1–254 for mixed) where a screen pixel holds several image pixels: those whose centre lies in it.
 * @param {Uint8Array} mask @param {number} w @param {number} h @param {Placement} viewport @param {Rect} area @param {Uint8Array} coverage out
 */
function average(mask, w, h, { scale, x, y }, area, coverage) {
  /** @param {number} screen @param {number} offset @param {number} limit */
  const edge = (screen, offset, limit) =>
    Math.max(0, Math.min(limit, Math.ceil((screen - offset) / scale - 0.5)));
  const starts = new Int32Array(area.w + 1);
  for (let k = 0; k <= area.w; k++) starts[k] = edge(area.x + k, x, w);
  const first = starts[0];
  const last = starts[area.w];
  const sums = new Uint32Array(area.w);
  for (let j = 0; j < area.h; j++) {
    const out = j * area.w;
    coverage.fill(0, out, out + area.w);
    const y0 = edge(area.y + j, y, h);
    const y1 = edge(area.y + j + 1, y, h);
    let painted = false;
    for (let row = y0; row < y1; row++) {
      const start = row * w;
      if (isBlank(mask, start + first, start + last)) continue;
      painted = true;
      for (let k = 0; k < area.w; k++) {
        const end = start + starts[k + 1];
        let sum = 0;
        for (let i = start + starts[k]; i < end; i++) sum += mask[i];
        sums[k] += sum;
      }
    }
    if (!painted) continue;
    for (let k = 0; k < area.w; k++) {
      if (!sums[k]) continue;
      const whole = (starts[k + 1] - starts[k]) * (y1 - y0);
      coverage[out + k] = sums[k] === whole ? 255 : Math.min(254, Math.max(1, Math.round((255 * sums[k]) / whole)));
      sums[k] = 0;
    }
  }
}

/** @param {Uint8Array} mask @param {number} from @param {number} to */
function isBlank(mask, from, to) {
  return from >= to || mask.subarray(from, to).indexOf(1) < 0;
}

/**
 * Turns coverage into colours: a clear outline where paint ends, a lighter fill inside.
 * @param {Uint8Array} coverage @param {number} cw width of coverage, px @param {Rect} rect @param {MaskStyle} style @param {Uint32Array} pixels out
 */
function colour(coverage, cw, rect, { rgb, fill, outline, thickness }, pixels) {
  const base = (rgb[2] << 16) | (rgb[1] << 8) | rgb[0];
  /** @param {number} alpha 0–255 */
  const word = (alpha) => ((Math.round(alpha) << 24) | base) >>> 0;
  const edge = word(255);
  const shades = Uint32Array.from({ length: 256 }, (_, c) => (c ? word(fill * c) : 0));
  for (let j = 0; j < rect.h; j++) {
    const out = j * rect.w;
    const middle = (j + thickness) * cw + thickness;
    if (coverage.subarray(middle, middle + rect.w).every(isZero)) {
      pixels.fill(0, out, out + rect.w);
      continue;
    }
    for (let k = 0; k < rect.w; k++) {
      const i = middle + k;
      const c = coverage[i];
      pixels[out + k] = c && outline && (c < 255 || isRim(coverage, i, cw, thickness)) ? edge : shades[c];
    }
  }
}

/** @param {number} value */
const isZero = (value) => value === 0;

/**
 * Whether an unpainted pixel lies within `thickness` of a painted screen pixel, along either axis.
 * @param {Uint8Array} coverage @param {number} i @param {number} cw @param {number} thickness device px
 */
function isRim(coverage, i, cw, thickness) {
  for (let t = 1; t <= thickness; t++) {
    if (!coverage[i - t] || !coverage[i + t] || !coverage[i - t * cw] || !coverage[i + t * cw]) return true;
  }
  return false;
}
