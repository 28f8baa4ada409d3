/**
 * The hand at the easel: the current tool, the gesture in progress, and the keys that are held down. It changes the
 * drawing only through its tools, and undo and redo.
 */

import { wallsForBox } from '../canvas/kernel.js';
import { t } from '../texts/texts.js';
import { BRUSH } from '../tools/brush.js';
import { makeTools, TOOLS } from '../tools/list.js';
import { PAN } from '../tools/pan.js';
import { POLYGON } from '../tools/polygon.js';
import { command } from './commands.js';
import { keyCap } from './keyboard.js';
import { PointerInput } from './pointer.js';

/** @typedef {import('../tools/tool.js').Counter} Counter */

/** A mask is seen for at least this long between the key that closes a polygon and the one that submits, ms. */
const SEEN = 500;

/** The keys that continue and discard an open polygon, as on their caps. */
function polygonKeys() {
  return { polygon: keyCap(command(POLYGON.id).keys[0]), cancel: keyCap(command('cancel').keys[0]) };
}

/**
 * What the hand reads and reports.
 * @typedef {object} HandHost
 * @property {() => {drawing: import('../canvas/drawing.js').Drawing, task: import('./contract.js').Task}|null} work
 * @property {() => boolean} open whether the easel takes any input now
 * @property {() => number} size diameter of the current tool, image px
 * @property {import('./pointer.js').Sizes} sizes changes that diameter
 * @property {() => boolean} boxVisible
 * @property {(counter: Counter) => void} count
 * @property {(text: string, kind?: 'note'|'warning') => void} say
 * @property {(at: import('../canvas/kernel.js').Point) => void} clicked a pixel was clicked while the mask can only be looked at
 * @property {() => void} cornersChanged a corner of the open polygon was placed, undone or redone
 */

export class Hand {
  #stage;
  #view;
  #host;
  #tools;
  #polygon;
  #pointer;
  #record = BRUSH;
  #readOnly = false;
  /** When Enter last closed a polygon, and what it made. @type {{time: number, version: number|undefined}} */
  #closed = { time: -Infinity, version: 0 };
  /** @type {import('../canvas/kernel.js').Point|null} */
  #last = null;

  /** @param {HTMLElement} stage @param {import('../canvas/view.js').View} view @param {HandHost} host */
  constructor(stage, view, host) {
    this.#stage = stage;
    this.#view = view;
    this.#host = host;
    this.#tools = makeTools(this.#desk());
    this.#polygon = /** @type {import('../tools/polygon.js').PolygonTool} */ (this.#tools[POLYGON.id]);
    this.#pointer = new PointerInput(stage, view, {
      tool: () => (this.#readOnly ? this.#tools[PAN.id] : this.#tool),
      enabled: host.open,
      onZoom: () => host.count('zooms'),
      onClick: (at) => {
        if (this.#readOnly) host.clicked(at);
      },
      sizes: () => (this.#record.size !== null && !this.#readOnly ? host.sizes : null),
      onChange: () => this.#showCursor(),
    });
  }

  /** The current tool's entry in the list of tools. */
  get record() {
    return this.#record;
  }

  /** @param {string} id one of the list of tools */
  pick(id) {
    this.#pointer.finish();
    if (id !== this.#record.id && this.#tool === this.#polygon && this.#polygon.active) {
      this.#host.say(t('said.polygon_open_note', polygonKeys()));
    }
    this.#record = TOOLS.find((tool) => tool.id === id) ?? this.#record;
    this.#showCursor();
  }

  /** A new question: nothing is left of the one before. */
  startQuestion() {
    this.discard();
    this.#last = null;
  }

  /** @param {boolean} readOnly whether the mask can only be looked at */
  setReadOnly(readOnly) {
    this.discard();
    this.#readOnly = readOnly;
    this.#showCursor();
  }

  /**
   * Ends the gesture in progress, so that the work can be submitted.
   * @returns {boolean} false if the key only closed a polygon, or did a moment ago, or a polygon still needs corners
   */
  finish() {
    this.#pointer.finish();
    const polygon = this.#polygon;
    if (!polygon.active) {
      const seen = performance.now() - this.#closed.time > SEEN || this.#host.work()?.drawing.version !== this.#closed.version;
      if (!seen) this.#host.say(t('said.polygon_closed'));
      return seen;
    }
    if (this.#tool !== polygon) {
      this.#host.say(t('said.polygon_open', polygonKeys()), 'warning');
    } else if (polygon.points.length > 2) {
      polygon.finish();
      this.#closed = { time: performance.now(), version: this.#host.work()?.drawing.version };
    } else {
      this.#host.say(t('said.polygon_corners', polygonKeys()), 'warning');
    }
    this.#view.touchGuides();
    return false;
  }

  /** Ends a stroke as if the button had been released; an open polygon stays open. */
  finishStroke() {
    this.#pointer.finish();
  }

  /** The polygon that still needs corners, or null. */
  get openPolygon() {
    return this.#polygon.open;
  }

  /** @param {import('../tools/polygon.js').OpenPolygon} polygon to go on with */
  restorePolygon(polygon) {
    this.#polygon.restore(polygon);
    this.#view.touchGuides();
  }

  /** Takes back the last corner of an open polygon, even if another tool is in use. @returns {boolean} whether one is open */
  takeBackCorner() {
    if (this.#readOnly || !this.#polygon.back()) return false;
    this.#view.touchGuides();
    return true;
  }

  get canUndo() {
    return this.#tool.canBack || Boolean(this.#host.work()?.drawing.canUndo);
  }

  get canRedo() {
    return this.#tool.canForward || Boolean(this.#host.work()?.drawing.canRedo);
  }

  /** Cancels the stroke in progress, or else an open polygon, even if another tool is in use. */
  cancel() {
    if (!this.#pointer.cancel() && this.#polygon.discard()) {
      this.#host.say(this.#tool === this.#polygon ? t('said.polygon_discarded') : t('said.polygon_discarded_elsewhere', polygonKeys()));
    }
    this.#view.touchGuides();
  }

  /** Cancels every gesture: one that began on this question must not end on the next. */
  discard() {
    this.#pointer.cancel();
    for (const tool of Object.values(this.#tools)) tool.reset();
    this.#view.touchGuides();
  }

  /** A key moved the view: the ring and the next corner stay at the pointer. */
  viewMoved() {
    this.#pointer.viewMoved();
  }

  undo() {
    if (!this.#tool.back()) {
      // Ends a stroke in progress, as releasing the button would: nothing else may change the mask during a stroke.
      this.#pointer.finish();
      if (this.#host.work()?.drawing.undo()) this.#host.count('undos');
    }
    this.#view.touchGuides();
  }

  redo() {
    if (!this.#tool.forward()) {
      this.#pointer.finish();
      this.#host.work()?.drawing.redo();
    }
    this.#view.touchGuides();
  }

  /** Erases everything. */
  clear() {
    this.#pointer.finish();
    const { drawing } = this.#host.work() ?? {};
    if (!drawing || drawing.isEmpty) return;
    drawing.clear();
    this.#host.count('erases');
    this.#host.say(t('said.erased'));
  }

  /** @param {'specks'|'holes'|'smoothing'} what */
  tidy(what) {
    this.#pointer.finish();
    const { drawing } = this.#host.work() ?? {};
    if (!drawing) return;
    const count = drawing.tidy(what);
    if (count) this.#host.count(what === 'specks' ? 'erases' : 'fills');
    this.#host.say(t(`said.${what}`, { count }));
  }

  /** @param {boolean} held */
  holdSpace(held) {
    if (this.#pointer.spaceHeld === held) return;
    this.#pointer.spaceHeld = held;
    this.#showCursor();
  }

  /** @param {boolean} held */
  holdShift(held) {
    if (this.#pointer.shiftHeld === held) return;
    this.#pointer.shiftHeld = held;
    this.#view.touchGuides();
  }

  /** @param {boolean} held */
  holdCtrl(held) {
    this.#pointer.ctrlHeld = held;
  }

  /** The image pixel under the pointer, or in the middle of the view where the pointer is elsewhere. */
  get pointed() {
    const { viewport } = this.#view;
    return this.#pointer.at ?? viewport.pixelAt(viewport.width / 2, viewport.height / 2);
  }

  /** What to draw above the mask. @returns {import('../canvas/guides.js').Guides} */
  guides() {
    const { at, shiftHeld, spaceHeld } = this.#pointer;
    const ringed = this.#record.size !== null && !spaceHeld && !this.#readOnly;
    const previews = [this.#readOnly ? null : this.#tool.preview(at, shiftHeld)];
    if (this.#polygon.active && this.#tool !== this.#polygon) previews.push(this.#polygon.preview(null));
    return {
      box: this.#host.boxVisible() ? (this.#host.work()?.task.bbox ?? null) : null,
      previews: previews.filter((preview) => preview !== null),
      marks: this.#host.work()?.task.marks ?? [],
      earlierMarks: this.#host.work()?.task.earlierMarks ?? [],
      pointer: at,
      size: ringed ? this.#host.size() : 0,
      erases: this.#pointer.erasing ?? this.#record.size === 'eraser',
    };
  }

  get #tool() {
    return this.#tools[this.#record.id];
  }

  /** @returns {import('../tools/tool.js').Desk} */
  #desk() {
    const hand = this;
    const work = () => {
      const found = hand.#host.work();
      if (!found) throw new Error('a tool was used without a drawing');
      return found;
    };
    return {
      get drawing() {
        return work().drawing;
      },
      get size() {
        return hand.#host.size();
      },
      get walls() {
        const { bbox, image } = work().task;
        return wallsForBox(bbox, image.width, image.height);
      },
      get last() {
        return hand.#last;
      },
      set last(point) {
        hand.#last = point;
      },
      count: (counter) => this.#host.count(counter),
      say: (text) => this.#host.say(text, 'warning'),
      changed: () => this.#host.cornersChanged(),
    };
  }

  #showCursor() {
    const moves = this.#pointer.spaceHeld || this.#record.cursor === 'grab' || this.#readOnly;
    this.#stage.dataset.cursor = this.#pointer.panning ? 'grabbing' : moves ? 'grab' : 'paint';
    this.#view.touchGuides();
  }
}
