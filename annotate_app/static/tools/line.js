import { Tool } from './tool.js';

/** @typedef {import('./tool.js').Point} Point */

/** Draws a straight line from press to release; with Shift it starts where the last stroke ended. */
class LineTool extends Tool {
  /** @type {Point} */
  #from = { x: 0, y: 0 };
  /** @type {Point} */
  #to = { x: 0, y: 0 };
  /** @type {0|1} */
  #value = 1;

  /** @param {Point} point @param {import('./tool.js').Press} press */
  down(point, { erase, shift }) {
    this.active = true;
    this.#value = erase ? 0 : 1;
    this.#from = (shift && this.desk.last) || point;
    this.#to = point;
  }

  /** @param {Point} point */
  move(point) {
    this.#to = point;
  }

  up() {
    this.active = false;
    this.segment(this.#from, this.#to, this.desk.size, this.#value);
    this.desk.last = this.#to;
    this.count(this.#value);
    this.desk.drawing.commit();
  }

  cancel() {
    this.active = false;
  }

  /** @param {Point|null} pointer @param {boolean} shift */
  preview(pointer, shift) {
    if (this.active) return { points: [this.#from, this.#to], size: this.desk.size };
    if (!shift || !this.desk.last || !pointer) return null;
    return { points: [this.desk.last, pointer], size: this.desk.size };
  }
}

/** @type {import('./tool.js').ToolRecord} */
export const LINE = {
  id: 'line',
  keys: ['L'],
  icon: ['M6.2 17.8 17.8 6.2', 'M5 16.6a2.2 2.2 0 1 0 .01 0Z', 'M19 2.6a2.2 2.2 0 1 0 .01 0Z'],
  cursor: 'paint',
  size: 'brush',
  counter: 'lines',
  tool: LineTool,
};
