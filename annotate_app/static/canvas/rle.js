/**
 * COCO compressed run-length encoding, character for character as pycocotools writes it, and the CRC-32 that travels
 * with it. COCO counts run down the columns; our masks are row-major, so encoding and decoding transpose.
 */

import { t } from '../texts/texts.js';

/**
 * A mask as it travels; size is [height, width], as in COCO.
 * @typedef {{size: number[], counts: string, crc32: number}} PackedMask
 */

/** A mask that cannot be read: wrong length, broken text or a wrong checksum. */
export class RleError extends Error {}

/**
 * @param {Uint8Array} mask row-major 0/1, length w*h
 * @param {number} w px
 * @param {number} h px
 * @returns {string} the `counts` text of a COCO compressed RLE
 */
export function encodeCounts(mask, w, h) {
  const changes = columnMajorChanges(mask, w, h);
  const runs = new Int32Array(changes.length + 1);
  let before = 0;
  for (let i = 0; i < changes.length; i++) {
    runs[i] = changes[i] - before;
    before = changes[i];
  }
  runs[changes.length] = w * h - before;
  // A change at position 0 starts the mask with a run of ones: its run of zeros is 0 long, which COCO wants written.
  return runsToText(runs);
}

/**
 * Positions (column-major, ascending) where the value differs from the pixel before; before the first pixel is 0.
 * The image is read row by row, in memory order, and only within the painted bounding box: the few changes are then
 * put in column order by a counting sort, which is far cheaper than transposing the image.
 * @param {Uint8Array} mask row-major 0/1
 * @param {number} w px
 * @param {number} h px
 */
function columnMajorChanges(mask, w, h) {
  const box = paintedBounds(mask, w);
  if (!box) return new Int32Array(0);
  const { x0, y0, x1, y1 } = box;

  let found = new Int32Array(1 << 14); // pairs (x, y)
  let n = 0;
  const columnCount = new Int32Array(w + 1);
  /** @param {number} x @param {number} y */
  const note = (x, y) => {
    if (n + 2 > found.length) {
      const larger = new Int32Array(found.length * 2);
      larger.set(found);
      found = larger;
    }
    found[n++] = x;
    found[n++] = y;
    columnCount[x + 1]++;
  };

  // Row 0 follows the last row of the column before it.
  if (y0 === 0 || y1 === h - 1) {
    const lastRow = (h - 1) * w;
    for (let x = x0; x <= Math.min(x1 + 1, w - 1); x++) {
      const previous = x > 0 ? mask[lastRow + x - 1] : 0;
      if (mask[x] !== previous) note(x, 0);
    }
  }
  // Nearly all pixels equal the one above: four are compared at a time where rows begin on whole words.
  const words = w % 4 === 0 && mask.byteOffset % 4 === 0 ? new Uint32Array(mask.buffer, mask.byteOffset, (w * h) / 4) : null;
  for (let y = Math.max(1, y0); y <= Math.min(y1 + 1, h - 1); y++) {
    const row = y * w;
    if (!words) {
      for (let x = x0; x <= x1; x++) if (mask[row + x] !== mask[row + x - w]) note(x, y);
      continue;
    }
    const end = (row + x1) >> 2;
    for (let k = (row + x0) >> 2, above = k - w / 4; k <= end; k++, above++) {
      if (words[k] === words[above]) continue;
      for (let i = 4 * k; i < 4 * k + 4; i++) if (mask[i] !== mask[i - w]) note(i - row, y);
    }
  }

  for (let x = 0; x < w; x++) columnCount[x + 1] += columnCount[x];
  const next = columnCount; // next[x]: where the next change of column x goes
  const changes = new Int32Array(n / 2);
  for (let i = 0; i < n; i += 2) {
    const x = found[i];
    changes[next[x]++] = x * h + found[i + 1];
  }
  return changes;
}

/**
 * The smallest box that holds every painted pixel (ends included), or null for an empty mask.
 * @param {Uint8Array} mask row-major 0/1
 * @param {number} w px
 */
function paintedBounds(mask, w) {
  const first = mask.indexOf(1);
  if (first < 0) return null;
  const y0 = Math.floor(first / w);
  const y1 = Math.floor(mask.lastIndexOf(1) / w);
  let x0 = w;
  let x1 = -1;
  for (let y = y0; y <= y1; y++) {
    const row = y * w;
    for (let x = 0; x < x0; x++) {
      if (mask[row + x]) x0 = x;
    }
    for (let x = w - 1; x > x1; x--) {
      if (mask[row + x]) x1 = x;
    }
  }
  return { x0, y0, x1, y1 };
}

/**
 * COCO text of runs: 5 bits a character; each run from the fourth on is written as its difference from the run two before.
 * @param {Int32Array} runs
 */
function runsToText(runs) {
  const bytes = new Uint8Array(runs.length * 7);
  let n = 0;
  for (let i = 0; i < runs.length; i++) {
    let value = i > 2 ? runs[i] - runs[i - 2] : runs[i];
    let more = true;
    while (more) {
      let group = value & 0x1f;
      value >>= 5;
      more = group & 0x10 ? value !== -1 : value !== 0;
      if (more) group |= 0x20;
      bytes[n++] = group + 48;
    }
  }
  return new TextDecoder('ascii').decode(bytes.subarray(0, n));
}

/**
 * @param {string} text COCO `counts`
 * @param {number} w px
 * @param {number} h px
 * @returns {Uint8Array} row-major 0/1 mask, length w*h
 * @throws {RleError} when the text is not valid or does not describe exactly w*h pixels
 */
export function decodeCounts(text, w, h) {
  const mask = new Uint8Array(w * h);
  const total = w * h;
  let position = 0; // column-major
  let value = 0;
  let previous = 0;
  let beforePrevious = 0;
  let index = 0;
  let i = 0;
  while (i < text.length) {
    let run = 0;
    let shift = 0;
    let more = true;
    while (more) {
      if (i >= text.length) throw new RleError('The mask text ends in the middle of a number.');
      const group = text.charCodeAt(i++) - 48;
      if (!(group >= 0 && group < 64)) throw new RleError(`The mask text holds an invalid character at ${i - 1}.`);
      if (shift > 30) throw new RleError('The mask text holds a number that is too large.');
      run |= (group & 0x1f) << shift;
      shift += 5;
      more = (group & 0x20) !== 0;
      if (!more && group & 0x10 && shift < 32) run |= -1 << shift;
    }
    if (index > 2) run += beforePrevious;
    if (run < 0 || position + run > total) {
      throw new RleError(`The mask text does not describe ${w} x ${h} pixels.`);
    }
    if (value) setColumnRun(mask, w, h, position, run);
    position += run;
    value = 1 - value;
    beforePrevious = previous;
    previous = run;
    index++;
  }
  if (position !== total) throw new RleError(`The mask text describes ${position} pixels, not ${w} x ${h}.`);
  return mask;
}

/** @param {Uint8Array} mask @param {number} w @param {number} h @param {number} position column-major @param {number} length */
function setColumnRun(mask, w, h, position, length) {
  let x = Math.floor(position / h);
  let y = position - x * h;
  for (let left = length; left > 0; ) {
    const rows = Math.min(left, h - y);
    const end = (y + rows) * w + x;
    for (let i = y * w + x; i < end; i += w) mask[i] = 1;
    left -= rows;
    x += 1;
    y = 0;
  }
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/**
 * CRC-32 (as in zlib, PNG, gzip) of an ASCII text.
 * @param {string} text
 * @returns {number} unsigned 32-bit
 */
export function crc32(text) {
  let crc = -1;
  for (let i = 0; i < text.length; i++) crc = CRC_TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

/**
 * Encodes a mask.
 * @param {Uint8Array} mask row-major 0/1
 * @param {number} w px
 * @param {number} h px
 * @returns {PackedMask}
 */
export function packMask(mask, w, h) {
  const counts = encodeCounts(mask, w, h);
  return { size: [h, w], counts, crc32: crc32(counts) };
}

/**
 * Decodes what {@link packMask} wrote; checks the size and the checksum.
 * @param {PackedMask} packed
 * @param {number} w px
 * @param {number} h px
 * @returns {Uint8Array} row-major 0/1 mask
 * @throws {RleError}
 */
export function unpackMask(packed, w, h) {
  if (packed.size[0] !== h || packed.size[1] !== w) throw new RleError(t('draft.other_size'));
  if (crc32(packed.counts) !== packed.crc32) throw new RleError(t('draft.damaged'));
  return decodeCounts(packed.counts, w, h);
}
