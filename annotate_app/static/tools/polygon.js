import { AreaTool } from './area.js';

/** @typedef {import('./tool.js').Point} Point */

/** The first corner is drawn this large, CSS px from its centre. */
const CORNER_REACH = 6;

/** A press on a corner that moves farther drags it, CSS px from where it began. */
const DRAG_REACH = 3;

/**
 * A polygon that still needs corners, as a draft holds it.
 * @typedef {{corners: Point[], value: 0|1}} OpenPolygon corners: image px
 */

/** Draws an outline corner by corner; the first corner, a double click or Enter closes and fills it. Corners can be dragged. */
export class PolygonTool extends AreaTool {
  /** @type {Point} */
  #pointer = { x: 0, y: 0 };
  /** Corners before each change, and after each change that was undone; the last returns first. @type {Point[][]} */
  #past = [];
  /** @type {Point[][]} */
  #future = [];
  /** The press in progress: it placed a corner, or is on one. @type {{placed: boolean, corner: number, moved: boolean, near: import('./tool.js').Press['near']}|null} */
  #press = null;

  /** @returns {OpenPolygon|null} */
  get open() {
    return this.active ? { corners: [...this.points], value: this.value } : null;
  }

  /** @param {OpenPolygon} polygon to go on with */
  restore({ corners, value }) {
    this.reset();
    this.#past = corners.map((_, i) => corners.slice(0, i));
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
    if (double) {
      if (points.length > 2) this.finish();
      return;
    }
    const corner = points.findLastIndex((placed) => near(placed, CORNER_REACH));
    // The first corner closes the polygon, even where another is near it.
    const chosen = points.length > 2 && near(points[0], CORNER_REACH) ? 0 : corner;
    this.#press = { placed: chosen < 0, corner: chosen, moved: false, near };
    if (chosen < 0) this.#place(point);
  }

  /** @param {Point} point */
  move(point) {
    this.hover(point);
    const press = this.#press;
    if (!press || press.placed) return;
    const { x, y } = this.points[press.corner];
    if (!press.moved && ((x === point.x && y === point.y) || press.near(point, DRAG_REACH))) return;
    if (!press.moved) this.#change([...this.points]);
    press.moved = true;
    this.points[press.corner] = point;
  }

  /** @param {Point} point */
  hover(point) {
    this.#pointer = point;
  }

  up() {
    const press = this.#press;
    this.#press = null;
    if (!press || press.placed) return;
    if (press.moved) this.desk.changed();
    else if (press.corner === 0 && this.points.length > 2) this.finish();
    else this.#place(this.#pointer);
  }

  finish() {
    super.finish();
    this.desk.changed();
  }

  /** Takes back what the press in progress did, nothing else. */
  cancel() {
    const press = this.#press;
    this.#press = null;
    if (!press?.placed && !press?.moved) return;
    this.back();
    this.#future = [];
    this.desk.changed();
  }

  reset() {
    super.reset();
    this.#past = [];
    this.#future = [];
    this.#press = null;
  }

  get canBack() {
    return this.active;
  }

  get canForward() {
    return this.#future.length > 0;
  }

  /** Undoes the last change of the corners. */
  back() {
    if (!this.active) return false;
    this.#future.push(this.points);
    this.#show(this.#past.pop() ?? []);
    return true;
  }

  /** Removes every corner; one redo brings them back. */
  discard() {
    if (!this.active) return false;
    this.#future.push(this.points);
    this.#show([]);
    return true;
  }

  forward() {
    const corners = this.#future.pop();
    if (!corners) return false;
    // After a discard the earlier changes are still there.
    if (this.points.length || !this.#past.length) this.#past.push(this.points);
    this.#show(corners);
    return true;
  }

  /** @param {Point} point */
  #place(point) {
    this.#change([...this.points, point]);
    this.desk.changed();
  }

  /** @param {Point[]} corners from now on */
  #change(corners) {
    // The first corner begins another polygon, with no earlier changes.
    this.#past = this.points.length ? [...this.#past, this.points] : [[]];
    this.#future = [];
    this.points = corners;
  }

  /** @param {Point[]} corners that were there before */
  #show(corners) {
    this.points = corners;
    this.active = corners.length > 0;
    this.#press = null;
    this.desk.changed();
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
  keys: ['P'],
  icon: ['M12 3.6 20.4 9.6 17.2 19.4H6.8L3.6 9.6Z'],
  cursor: 'paint',
  size: null,
  counter: 'fills',
  tool: PolygonTool,
};
