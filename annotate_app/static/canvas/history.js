/**
 * Undo and redo, one step per stroke. A step holds the earlier content of the tiles that the stroke changed, copied
 * just before the first write (copy on write); undoing swaps that content with the present one, which makes the same
 * step ready for redo.
 */

import { TileGrid } from './tiles.js';

/** Rough overhead of a step per tile, beside its pixels, bytes. */
const TILE_OVERHEAD = 64;

/**
 * A tile's pixels, row-major, or the one value that all of them have.
 * @typedef {Uint8Array|number} PackedTile
 */

/** @typedef {{id: number, tiles: Map<number, PackedTile>, bytes: number}} Step */

/**
 * Steps as a draft holds them; of those to undo and of those to redo, the next one is the last.
 * @typedef {{past: number[], future: number[], tiles: Map<number, Map<number, PackedTile>>}} SavedSteps ids of steps; tiles: by id
 */

/**
 * What a draft of the steps lacks.
 * @typedef {object} StepChanges
 * @property {boolean} all whether the draft's earlier steps are of no use
 * @property {{past: number[], future: number[]}} order ids of the steps that the draft is to hold
 * @property {Map<number, Map<number, PackedTile>>} changed
 * @property {number[]} removed ids
 */

/** Steps in a draft take at most this much; older ones last as long as the page, bytes. */
const SAVED_BYTES = 32 * 2 ** 20;

export class History {
  #mask;
  #grid;
  #maxBytes;
  /** The tiles of the stroke in progress as they were before it, by index. @type {Map<number, Uint8Array>|null} */
  #open = null;
  /** @type {Step[]} */
  #past = [];
  /** @type {Step[]} */
  #future = [];
  #bytes = 0;
  #nextId = 1;
  /** Steps that the draft holds as they are now. @type {Set<number>} */
  #saved = new Set();
  /** Whether a draft of this history was begun. */
  #begun = false;

  /**
   * @param {Uint8Array} mask row-major 0/1, the live mask: undo and redo write into it
   * @param {number} w px
   * @param {number} h px
   * @param {number} maxBytes the oldest steps are discarded beyond this
   */
  constructor(mask, w, h, maxBytes = 256 * 2 ** 20) {
    this.#mask = mask;
    this.#grid = new TileGrid(w, h);
    this.#maxBytes = maxBytes;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Whether a stroke is in progress. */
  get isOpen() {
    return this.#open !== null;
  }

  /** Bytes held by all steps. */
  get bytes() {
    return this.#bytes;
  }

  /**
   * Must be called before the spans are written.
   * @param {Int32Array} spans (y, x0, x1) triples
   */
  keep(spans) {
    const open = (this.#open ??= new Map());
    this.#grid.forEach(spans, (index) => {
      if (!open.has(index)) open.set(index, this.#read(index));
    });
  }

  /**
   * Ends the stroke in progress and makes it one step. A stroke that changed nothing leaves no step behind.
   * @returns {boolean} whether the mask changed
   */
  commit() {
    const kept = this.#open;
    this.#open = null;
    if (!kept) return false;
    /** @type {Map<number, PackedTile>} */
    const tiles = new Map();
    let bytes = 0;
    for (const [index, before] of kept) {
      if (sameTile(before, this.#read(index))) continue;
      const packed = packTile(before);
      tiles.set(index, packed);
      bytes += tileBytes(packed);
    }
    if (!tiles.size) return false;
    for (const step of this.#future) this.#bytes -= step.bytes;
    this.#future = [];
    this.#past.push({ id: this.#nextId++, tiles, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#past.length > 1) this.#bytes -= this.#past.shift()?.bytes ?? 0;
    return true;
  }

  /**
   * Reverts the stroke in progress.
   * @returns {number[]} tiles to redraw
   */
  revert() {
    const kept = this.#open ?? new Map();
    this.#open = null;
    for (const [index, before] of kept) this.#write(index, before);
    return [...kept.keys()];
  }

  /** Goes on with the steps of a draft; those before a missing one are left out. @param {SavedSteps} steps */
  restore({ past, future, tiles }) {
    const found = (/** @type {number[]} */ ids) => {
      /** @type {Step[]} */
      const steps = [];
      // Only an unbroken row of steps gives the masks that were.
      for (const id of [...ids].reverse()) {
        const content = tiles.get(id);
        if (!content) break;
        let bytes = 0;
        for (const tile of content.values()) bytes += tileBytes(tile);
        steps.unshift({ id, tiles: content, bytes });
      }
      return steps;
    };
    this.#past = found(past);
    this.#future = found(future);
    const steps = [...this.#past, ...this.#future];
    this.#bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
    this.#saved = new Set(steps.map((step) => step.id));
    this.#nextId = Math.max(0, ...past, ...future) + 1;
    this.#begun = true;
  }

  /** What a draft lacks since the last call. @returns {StepChanges} */
  takeChanges() {
    let room = SAVED_BYTES;
    // In both lists the step that undo or redo takes next is the last.
    const nearest = (/** @type {Step[]} */ steps) => {
      let first = steps.length;
      while (first > 0 && (room -= steps[first - 1].bytes) >= 0) first--;
      return steps.slice(first);
    };
    const before = nearest(this.#past);
    const after = nearest(this.#future);
    const steps = [...before, ...after];
    const kept = new Set(steps.map((step) => step.id));
    const changes = {
      all: !this.#begun,
      order: { past: before.map((step) => step.id), future: after.map((step) => step.id) },
      changed: new Map(steps.filter((step) => !this.#saved.has(step.id)).map((step) => [step.id, step.tiles])),
      removed: [...this.#saved].filter((id) => !kept.has(id)),
    };
    this.#saved = kept;
    this.#begun = true;
    return changes;
  }

  /** The last changes did not reach the draft: the next ones hold everything. */
  saveAgain() {
    this.#saved.clear();
    this.#begun = false;
  }

  /** @returns {number[]|null} tiles to redraw, or null when there is nothing to undo */
  undo() {
    return this.#swap(this.#past, this.#future);
  }

  /** @returns {number[]|null} tiles to redraw, or null when there is nothing to redo */
  redo() {
    return this.#swap(this.#future, this.#past);
  }

  /** @param {Step[]} from @param {Step[]} to */
  #swap(from, to) {
    const step = from.pop();
    if (!step) return null;
    this.#bytes -= step.bytes;
    step.bytes = 0;
    for (const [index, stored] of step.tiles) {
      const present = packTile(this.#read(index));
      this.#write(index, stored);
      step.tiles.set(index, present);
      step.bytes += tileBytes(present);
    }
    this.#bytes += step.bytes;
    this.#saved.delete(step.id);
    to.push(step);
    return [...step.tiles.keys()];
  }

  /** @param {number} index */
  #read(index) {
    const { x, y, w, h } = this.#grid.rect(index);
    const tile = new Uint8Array(w * h);
    for (let row = 0; row < h; row++) {
      const start = (y + row) * this.#grid.w + x;
      tile.set(this.#mask.subarray(start, start + w), row * w);
    }
    return tile;
  }

  /** @param {number} index @param {PackedTile} tile */
  #write(index, tile) {
    const { x, y, w, h } = this.#grid.rect(index);
    for (let row = 0; row < h; row++) {
      const start = (y + row) * this.#grid.w + x;
      if (typeof tile === 'number') this.#mask.fill(tile, start, start + w);
      else this.#mask.set(tile.subarray(row * w, (row + 1) * w), start);
    }
  }
}

/** Most tiles hold one value and are kept as that value, so that many steps fit. @param {Uint8Array} tile */
function packTile(tile) {
  return tile.indexOf(1 - tile[0]) < 0 ? tile[0] : tile;
}

/** @param {PackedTile} packed */
function tileBytes(packed) {
  return TILE_OVERHEAD + (typeof packed === 'number' ? 0 : packed.length);
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function sameTile(a, b) {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
