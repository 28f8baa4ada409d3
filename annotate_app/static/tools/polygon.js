import { AreaTool } from './area.js';

/** @typedef {import('./tool.js').Point} Point */

/** The first corner is drawn this large, CSS px from its centre. */
const CORNER_REACH = 6;

/** Draws an outline corner by corner; the first corner, a double click or Enter closes and fills it. */
export class PolygonTool extends AreaTool {
  /** @type {Point} */
  #pointer = { x: 0, y: 0 };

  /** @param {Point} point @param {import('./tool.js').Press} press */
  down(point, { erase, near, double }) {
    if (!this.points.length) this.value = erase ? 0 : 1;
    this.active = true;
    this.#pointer = point;
    const { points } = this;
    if (points.length > 2 && (double || near(points[0], CORNER_REACH))) this.finish();
    else if (!double) points.push(point);
  }

  /** @param {Point} point */
  move(point) {
    this.hover(point);
  }

  /** @param {Point} point */
  hover(point) {
    this.#pointer = point;
  }

  /** Removes the last corner. */
  back() {
    if (!this.active) return false;
    this.points.pop();
    if (!this.points.length) this.cancel();
    return true;
  }

  /** @param {Point|null} pointer */
  preview(pointer) {
    if (!this.active) return null;
    // While another tool is in use, the open polygon has no next corner to show.
    const points = pointer ? [...this.points, this.#pointer] : this.points;
    return { points, size: 1, closed: true, corners: this.points };
  }
}

/** @type {import('./tool.js').ToolRecord} */
export const POLYGON = {
  id: 'polygon',
  label: 'Polygon',
  keys: ['P'],
  icon: ['M12 3.6 20.4 9.6 17.2 19.4H6.8L3.6 9.6Z'],
  cursor: 'paint',
  size: null,
  counter: 'fills',
  tool: PolygonTool,
};
