import { Tool } from './tool.js';

/** @typedef {import('./tool.js').Point} Point */

/** Paints freehand. With Shift, draws a straight line from where the last stroke ended. */
export class BrushTool extends Tool {
  /** What it writes unless an erasing button is down. @type {0|1} */
  paints = 1;
  /** @type {0|1} */
  #value = 1;
  #joined = false;
  /** @type {Point} */
  #at = { x: 0, y: 0 };

  /** @param {Point} point @param {import('./tool.js').Press} press */
  down(point, { erase, shift }) {
    const { last } = this.desk;
    this.active = true;
    this.#value = erase ? 0 : this.paints;
    this.#joined = shift && last !== null;
    this.#at = shift && last ? last : point;
    this.move(point);
  }

  /** @param {Point} point */
  move(point) {
    this.segment(this.#at, point, this.desk.size, this.#value);
    this.#at = point;
  }

  up() {
    this.active = false;
    this.desk.last = this.#at;
    this.count(this.#value, this.#joined ? 'lines' : this.record.counter);
    this.desk.drawing.commit();
  }

  cancel() {
    if (!this.active) return;
    this.active = false;
    this.desk.drawing.revert();
  }

  /** @param {Point|null} pointer @param {boolean} shift */
  preview(pointer, shift) {
    if (this.active || !shift || !this.desk.last || !pointer) return null;
    return { points: [this.desk.last, pointer], size: this.desk.size };
  }
}

/** @type {import('./tool.js').ToolRecord} */
export const BRUSH = {
  id: 'brush',
  keys: ['B'],
  icon: ['M4 20c3.5 0 5.5-1.4 5.5-4a2.6 2.6 0 0 0-5.2 0c0 1.7-.5 3-1.8 3.6.5.3 1 .4 1.5.4Z', 'M9 13.6 18.6 3.7a1.7 1.7 0 0 1 2.4 2.4L11.3 15.8'],
  cursor: 'paint',
  size: 'brush',
  counter: 'strokes',
  tool: BrushTool,
};
