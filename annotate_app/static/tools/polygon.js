import { AreaTool } from './area.js';

/** @typedef {import('./tool.js').Point} Point */

/** The first corner is drawn this large, CSS px from its centre. */
const CORNER_REACH = 6;

/**
 * A polygon that still needs corners, as a draft holds it.
 * @typedef {{corners: Point[], value: 0|1}} OpenPolygon corners: image px
 */

/** Draws an outline corner by corner; the first corner, a double click or Enter closes and fills it. */
export class PolygonTool extends AreaTool {
  /** @type {Point} */
  #pointer = { x: 0, y: 0 };
  /** Corners that were taken back, in groups; the last returns first. @type {Point[][]} */
  #taken = [];
  /** Whether the press in progress placed a corner. */
  #placed = false;

  /** @returns {OpenPolygon|null} */
  get open() {
    return this.active ? { corners: [...this.points], value: this.value } : null;
  }

  /** @param {OpenPolygon} polygon to go on with */
  restore({ corners, value }) {
    this.reset();
    this.points = [...corners];
    this.value = value;
    this.active = corners.length > 0;
  }

  /** @param {Point} point @param {import('./tool.js').Press} press */
  down(point, { erase, near, double }) {
    if (!this.points.length) this.value = erase ? 0 : 1;
    this.active = true;
    this.#pointer = point;
    const { points } = this;
    if (points.length > 2 && (double || near(points[0], CORNER_REACH))) {
      this.finish();
    } else if (!double) {
      points.push(point);
      this.#taken = [];
      this.#placed = true;
      this.desk.changed();
    }
  }

  /** @param {Point} point */
  move(point) {
    this.hover(point);
  }

  /** @param {Point} point */
  hover(point) {
    this.#pointer = point;
  }

  up() {
    this.#placed = false;
  }

  finish() {
    super.finish();
    this.desk.changed();
  }

  /** Takes back the corner of the press in progress, no other. */
  cancel() {
    if (!this.#placed) return;
    this.back();
    this.#taken = [];
    this.desk.changed();
  }

  reset() {
    super.reset();
    this.#taken = [];
    this.#placed = false;
  }

  get canBack() {
    return this.active;
  }

  get canForward() {
    return this.#taken.length > 0;
  }

  /** Removes the last corner. */
  back() {
    return this.#take(1);
  }

  /** Removes every corner; one redo brings them back. */
  discard() {
    return this.#take(this.points.length);
  }

  forward() {
    const group = this.#taken.pop();
    if (!group) return false;
    this.points.push(...group);
    this.active = true;
    this.desk.changed();
    return true;
  }

  /** @param {number} count corners from the end @returns {boolean} whether there was one */
  #take(count) {
    if (!this.active) return false;
    this.#taken.push(this.points.splice(-count));
    this.active = this.points.length > 0;
    this.#placed = false;
    this.desk.changed();
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
