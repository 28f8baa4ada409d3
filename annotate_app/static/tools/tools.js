/**
 * The tools. Each turns pointer positions (whole image pixels) into changes of the drawing and knows nothing of the
 * screen. A gesture is `down`, any number of `move`, then `up` or `cancel`; `hover` follows the pointer in between.
 */

import { enclosedSpans, polygonSpans, segmentSpans } from '../canvas/kernel.js';

/**
 * What tools work with.
 * @typedef {object} Desk
 * @property {import('../canvas/drawing.js').Drawing} drawing
 * @property {(kind: string) => void} count one of clock.js's counts goes up
 * @property {number} size diameter in image px of the tool in hand
 * @property {number} walls image sides that may close an outline
 * @property {{x: number, y: number}|null} last where the last stroke ended
 * @property {(text: string) => void} say tells the rater something
 */

/** Common shape of a tool. */
class Tool {
  active = false;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  down() {}
  move() {}
  hover() {}
  up() {}
  cancel() {}

  /**
   * The path to show before it is painted.
   * @param {{x: number, y: number}|null} pointer image pixel under the pointer
   * @param {boolean} shift whether shift is held
   * @returns {{points: {x: number, y: number}[], size: number, closed?: boolean, corners?: object[]}|null}
   */
  preview() {
    return null;
  }

  segment(from, to, size, value) {
    const { drawing } = this.desk;
    drawing.write(segmentSpans(drawing.w, drawing.h, from.x, from.y, to.x, to.y, size), value);
  }

  count(kind, value) {
    this.desk.count(value ? kind : 'erases');
  }
}

/** Paints nothing: dragging moves the view. */
class PanTool extends Tool {
  static pans = true;
}

/** Brush and eraser. With shift, a straight line from where the last stroke ended. */
class StrokeTool extends Tool {
  #value;
  #paints;
  #kind;
  #at;

  /** @param {Desk} desk @param {0|1} paints what the tool writes unless the pointer's erasing button is down */
  constructor(desk, paints) {
    super(desk);
    this.#paints = paints;
  }

  down(point, { erase, shift }) {
    const joined = shift && this.desk.last;
    this.active = true;
    this.#value = erase ? 0 : this.#paints;
    this.#kind = joined ? 'lines' : 'strokes';
    this.#at = joined ? this.desk.last : point;
    this.move(point);
  }

  move(point) {
    this.segment(this.#at, point, this.desk.size, this.#value);
    this.#at = point;
  }

  up() {
    this.active = false;
    this.desk.last = this.#at;
    this.count(this.#kind, this.#value);
    this.desk.drawing.commit();
  }

  cancel() {
    if (!this.active) return;
    this.active = false;
    this.desk.drawing.revert();
  }

  preview(pointer, shift) {
    if (this.active || !shift || !this.desk.last || !pointer) return null;
    return { points: [this.desk.last, pointer], size: this.desk.size };
  }
}

/** Straight line from press to release; with shift it starts where the last stroke ended. */
class LineTool extends Tool {
  #from;
  #to;
  #value;

  down(point, { erase, shift }) {
    this.active = true;
    this.#value = erase ? 0 : 1;
    this.#from = (shift && this.desk.last) || point;
    this.#to = point;
  }

  move(point) {
    this.#to = point;
  }

  up() {
    this.active = false;
    this.segment(this.#from, this.#to, this.desk.size, this.#value);
    this.desk.last = this.#to;
    this.count('lines', this.#value);
    this.desk.drawing.commit();
  }

  cancel() {
    this.active = false;
  }

  preview(pointer, shift) {
    if (this.active) return { points: [this.#from, this.#to], size: this.desk.size };
    if (!shift || !this.desk.last || !pointer) return null;
    return { points: [this.desk.last, pointer], size: this.desk.size };
  }
}

/** Fills the inside of a painted outline, and refuses one with a gap. */
class FillTool extends Tool {
  down(point, { erase }) {
    if (erase) return;
    const { drawing, walls, say, count } = this.desk;
    const { outcome, spans } = enclosedSpans(drawing.mask, drawing.w, drawing.h, point.x, point.y, walls);
    if (outcome === 'open') say('Not filled: the outline around this point has a gap. Close it and try again.');
    if (outcome === 'painted') say('This point is painted already. Click inside the outline.');
    if (outcome === 'outside') say('Click inside the image to fill an outline.');
    if (outcome !== 'enclosed') return;
    drawing.write(spans, 1);
    drawing.commit();
    count('fills');
  }
}

/** What lasso and polygon share: a path whose outline (one pixel wide) and inside are painted together. */
class AreaTool extends Tool {
  points = [];
  value = 1;

  finish() {
    const { drawing } = this.desk;
    const { points } = this;
    points.forEach((point, i) => this.segment(point, points[(i + 1) % points.length], 1, this.value));
    drawing.write(polygonSpans(drawing.w, drawing.h, points), this.value);
    this.desk.last = points[points.length - 1];
    this.count('fills', this.value);
    drawing.commit();
    this.cancel();
  }

  cancel() {
    this.active = false;
    this.points = [];
  }
}

/** Freehand outline; releasing closes and fills it. */
class LassoTool extends AreaTool {
  down(point, { erase }) {
    this.active = true;
    this.value = erase ? 0 : 1;
    this.points = [point];
  }

  move(point) {
    const end = this.points[this.points.length - 1];
    if (point.x !== end.x || point.y !== end.y) this.points.push(point);
  }

  up() {
    this.finish();
  }

  preview() {
    return this.active ? { points: this.points, size: 1, closed: true } : null;
  }
}

/** Corner by corner; the first corner, a double click or Enter closes and fills it. */
class PolygonTool extends AreaTool {
  #pointer = null;

  down(point, { erase, near }) {
    if (!this.points.length) this.value = erase ? 0 : 1;
    this.active = true;
    this.#pointer = point;
    const { points } = this;
    const repeats = points.length > 0 && near(points[points.length - 1]);
    if (points.length > 2 && (repeats || near(points[0]))) this.finish();
    else if (!repeats) points.push(point);
  }

  move(point) {
    this.hover(point);
  }

  hover(point) {
    this.#pointer = point;
  }

  /** Takes the last corner back. */
  back() {
    this.points.pop();
    if (!this.points.length) this.cancel();
  }

  preview(pointer) {
    if (!this.active) return null;
    // Where the polygon waits for another tool there is no next corner to show.
    const points = pointer ? [...this.points, this.#pointer] : this.points;
    return { points, size: 1, closed: true, corners: this.points };
  }
}

/**
 * @param {Desk} desk
 * @returns {Object<string, Tool>} all tools by name
 */
export function makeTools(desk) {
  return {
    brush: new StrokeTool(desk, 1),
    eraser: new StrokeTool(desk, 0),
    line: new LineTool(desk),
    lasso: new LassoTool(desk),
    polygon: new PolygonTool(desk),
    fill: new FillTool(desk),
    pan: new PanTool(desk),
  };
}
