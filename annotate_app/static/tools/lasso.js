import { AreaTool } from './area.js';

/** @typedef {import('./tool.js').Point} Point */

/** A lasso that stays this near to where it began is a click, CSS px. */
const CLICK_REACH = 4;

/** Draws an outline freehand; releasing the button closes and fills it. A click paints nothing. */
class LassoTool extends AreaTool {
  #near = (/** @type {Point} */ _point, /** @type {number} */ _reach) => false;

  /** @param {Point} point @param {import('./tool.js').Press} press */
  down(point, { erase, near }) {
    this.active = true;
    this.#near = near;
    this.value = erase ? 0 : 1;
    this.points = [point];
  }

  /** @param {Point} point */
  move(point) {
    const end = this.points[this.points.length - 1];
    if (point.x !== end.x || point.y !== end.y) this.points.push(point);
  }

  up() {
    const clicked = this.points.length < 3 || this.points.every((point) => this.#near(point, CLICK_REACH));
    if (clicked) this.cancel();
    else this.finish();
  }

  preview() {
    return this.active ? { points: this.points, size: 1, closed: true } : null;
  }
}

/** @type {import('./tool.js').ToolRecord} */
export const LASSO = {
  id: 'lasso',
  keys: ['A'],
  icon: [
    'M12 4c-5 0-8.6 2.5-8.6 5.8S7 15.6 12 15.6s8.6-2.5 8.6-5.8S17 4 12 4Z',
    'M7.6 14.6a2.2 2.2 0 1 0-1.6 3c1.4-.4 2.3-1.4 1.6-3Z',
    'M6 17.6c.8 1 .9 2.2.2 3.4',
  ],
  cursor: 'paint',
  size: null,
  counter: 'fills',
  tool: LassoTool,
};
