/** The mask being painted, with its undo history. Every tool changes pixels only through it. */

import { History } from './history.js';
import { freeSpans, writeSpans } from './kernel.js';
import { packMask } from './rle.js';
import { holes, smooth, specks } from './tidy.js';

export class Drawing {
  /** A mask that is not painted into, row-major 0/1. @type {Uint8Array|null} */
  protected = null;

  #history;
  #onTouched;
  #onStep;
  /** The result of the last pack. @type {{version: number, mask: import('./rle.js').PackedMask}|null} */
  #packed = null;

  /**
   * @param {Uint8Array} mask row-major 0/1, length w*h; owned and changed by the drawing
   * @param {number} w px
   * @param {number} h px
   * @param {{onSpans: (spans: Int32Array) => void, onTiles: (tiles: number[]) => void, onStep: () => void}} listeners
   *     onSpans, onTiles: these pixels may have changed; onStep: a whole step was made, undone or redone
   * @param {import('./history.js').SavedSteps|null} steps that led to this mask, and those undone
   */
  constructor(mask, w, h, { onSpans, onTiles, onStep }, steps = null) {
    this.mask = mask;
    this.w = w;
    this.h = h;
    /** Increases with every finished step: shows whether there is anything new to save. */
    this.version = 0;
    this.#history = new History(mask, w, h);
    if (steps) this.#history.restore(steps);
    this.#onTouched = { onSpans, onTiles };
    this.#onStep = onStep;
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  get isEmpty() {
    return this.mask.indexOf(1) < 0;
  }

  /** Whether any pixel of a box is painted. @param {number[]} bbox x, y, width, height, image px */
  touches([x, y, width, height]) {
    const left = Math.max(0, Math.floor(x));
    const right = Math.min(this.w, Math.ceil(x + width));
    const bottom = Math.min(this.h, Math.ceil(y + height));
    for (let row = Math.max(0, Math.floor(y)); row < bottom; row++) {
      if (this.mask.subarray(row * this.w + left, row * this.w + right).includes(1)) return true;
    }
    return false;
  }

  /** Writes spans as part of the step in progress. @param {Int32Array} spans @param {0|1} value */
  write(spans, value) {
    if (value && this.protected) spans = freeSpans(spans, this.protected, this.w);
    this.#history.keep(spans);
    writeSpans(this.mask, this.w, spans, value);
    this.#onTouched.onSpans(spans);
  }

  /** Ends the step in progress; one undo reverts it as a whole. */
  commit() {
    if (this.#history.commit()) this.#stepped();
  }

  /** Discards the step in progress. */
  revert() {
    this.#onTouched.onTiles(this.#history.revert());
  }

  /** Erases everything, as one step. */
  clear() {
    const spans = new Int32Array(3 * this.h);
    for (let y = 0; y < this.h; y++) spans.set([y, 0, this.w], 3 * y);
    this.write(spans, 0);
    this.commit();
  }

  /** Does one of the things of tidy.js, as one step. @param {'specks'|'holes'|'smoothing'} what @returns {number} specks or holes, or pixels that changed */
  tidy(what) {
    const { mask, w, h } = this;
    if (what === 'smoothing') {
      const { count, paint, erase } = smooth(mask, w, h);
      this.write(paint, 1);
      this.write(erase, 0);
      this.commit();
      return count;
    }
    const { count, spans } = what === 'specks' ? specks(mask, w, h) : holes(mask, w, h);
    this.write(spans, what === 'specks' ? 0 : 1);
    this.commit();
    return count;
  }

  /** @returns {boolean} whether there was a step to undo */
  undo() {
    return this.#restored(this.#history.undo());
  }

  /** @returns {boolean} whether there was a step to redo */
  redo() {
    return this.#restored(this.#history.redo());
  }

  /** @returns {import('./rle.js').PackedMask} the mask at the last whole step, or later */
  pack() {
    // A draft was nearly always saved just before a submit, which then need not read the pixels again.
    if (this.#packed?.version === this.version && !this.#history.isOpen) return this.#packed.mask;
    this.#packed = { version: this.#history.isOpen ? -1 : this.version, mask: packMask(this.mask, this.w, this.h) };
    return this.#packed.mask;
  }

  /** What a draft of the steps lacks since the last call. */
  takeStepChanges() {
    return this.#history.takeChanges();
  }

  /** The last step changes did not reach the draft. */
  saveStepsAgain() {
    this.#history.saveAgain();
  }

  /** @param {number[]|null} tiles @returns {boolean} */
  #restored(tiles) {
    if (!tiles) return false;
    this.#onTouched.onTiles(tiles);
    this.#stepped();
    return true;
  }

  #stepped() {
    this.version += 1;
    this.#onStep();
  }
}
