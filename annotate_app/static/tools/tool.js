/**
 * What all tools share. A tool turns pointer positions (whole image pixels) into changes of the drawing and knows
 * nothing about the screen. A gesture is `down`, any number of `move`, then `up` or `cancel`; `hover` follows the
 * pointer in between.
 */

import { segmentSpans } from '../canvas/kernel.js';

/** @typedef {import('../canvas/kernel.js').Point} Point */
/** @typedef {import('../canvas/guides.js').Preview} Preview */

/**
 * A count in the record of how an answer was made; the server knows these names.
 * @typedef {'strokes'|'lines'|'fills'|'erases'|'undos'|'zooms'} Counter
 */

/**
 * An entry of the list of tools; see list.js.
 * @typedef {object} ToolRecord
 * @property {string} id also the button's `data-tool`; the text `command.ID` of the catalogue is its label
 * @property {string[]} keys as in keyboard.js
 * @property {string[]} icon SVG paths on a 24 × 24 grid
 * @property {'paint'|'grab'} cursor over the photo; a tool with 'grab' moves the view and never changes the mask
 * @property {'brush'|'eraser'|null} size whose diameter it paints with; null: it has no diameter
 * @property {Counter|null} counter what a finished gesture counts as; one that erases always counts as 'erases'
 * @property {new (desk: Desk, record: ToolRecord) => Tool} tool
 */

/**
 * What tools work with.
 * @typedef {object} Desk
 * @property {import('../canvas/drawing.js').Drawing} drawing
 * @property {(counter: Counter) => void} count adds one to a counter
 * @property {number} size diameter of the current tool, image px
 * @property {number} walls image sides that may close an outline; see kernel.js
 * @property {Point|null} last where the last stroke ended
 * @property {(text: string) => void} say shows a warning
 * @property {() => void} changed a part of an open gesture was made, undone or redone
 */

/**
 * How a gesture began.
 * @typedef {object} Press
 * @property {boolean} erase the right button or a pen's eraser end is down
 * @property {boolean} shift whether Shift is held
 * @property {boolean} double whether it is the second press of a double click
 * @property {(point: Point, reach: number) => boolean} near whether an image pixel's centre lies at most `reach` CSS px
 *     from where the gesture began
 */

export class Tool {
  /** Whether a gesture is in progress. */
  active = false;

  /** @param {Desk} desk @param {ToolRecord} record */
  constructor(desk, record) {
    this.desk = desk;
    this.record = record;
  }

  /** Whether dragging moves the view. */
  get pans() {
    return this.record.cursor === 'grab';
  }

  /** @param {Point} _point @param {Press} _press */
  down(_point, _press) {}

  /** @param {Point} _point */
  move(_point) {}

  /** @param {Point} _point */
  hover(_point) {}

  up() {}

  /** Ends the gesture in progress as if it had not begun. */
  cancel() {}

  /** Forgets everything: another question comes. */
  reset() {
    this.cancel();
  }

  /** Whether there is a part of the gesture to undo. */
  get canBack() {
    return false;
  }

  /** Whether a part of the gesture was undone. */
  get canForward() {
    return false;
  }

  /** Undoes a part of the gesture in progress. @returns {boolean} whether there was such a part */
  back() {
    return false;
  }

  /** Redoes a part of the gesture. @returns {boolean} whether there was such a part */
  forward() {
    return false;
  }

  /**
   * The path to show before it is painted.
   * @param {Point|null} _pointer image pixel under the pointer
   * @param {boolean} _shift whether Shift is held
   * @returns {Preview|null}
   */
  preview(_pointer, _shift) {
    return null;
  }

  /** @param {Point} from @param {Point} to @param {number} size image px @param {0|1} value */
  segment(from, to, size, value) {
    const { drawing } = this.desk;
    drawing.write(segmentSpans(drawing.w, drawing.h, from.x, from.y, to.x, to.y, size), value);
  }

  /** Counts a finished gesture. @param {0|1} value what it wrote @param {Counter|null} counter */
  count(value, counter = this.record.counter) {
    if (counter) this.desk.count(value ? counter : 'erases');
  }
}
