/**
 * The easel: one photo with its box and its mask, everything that looks at them and everything that paints. It knows no
 * server and no questions: what is on it, and what may be done with the work, is told by the page around. The rater's page
 * (painter.js) is one such page; a reviewer's is another.
 *
 *   kernel, tiles, history, drawing    what is painted
 *   viewport, raster, guides, view     what is seen
 *   tools, pointer, commands, keyboard what the hand does
 *   dom, layout, dialogs, settings, preferences  the page around it
 *
 *     const easel = new Easel({ person: 'Ada' });
 *     root.replaceChildren(easel.stylesheet(), easel.element);
 *     easel.setActions([{ id: 'accept', label: 'Accept', keys: ['Enter'], primary: true, run: () => … }]);
 *     const drawing = easel.show({ task, photo, mask, readOnly: true, notice: { title: 'By Bob', text: '' } });
 *     easel.readOnly = false;  // repaint
 *     send(drawing.pack());
 */

import { COMMANDS, LOOKING } from './commands.js';
import { Drawing } from '../canvas/drawing.js';
import { drawGuides } from '../canvas/guides.js';
import { wallsForBox } from '../canvas/kernel.js';
import { keyListener, isTyping } from './keyboard.js';
import { buildLayout, showRest, TOOL_IDS } from './layout.js';
import { PointerInput } from './pointer.js';
import { Settings } from './settings.js';
import { makeTools } from '../tools/tools.js';
import { View } from '../canvas/view.js';

const NOTE_SHOWN = 5000; // ms
const ZOOM_STEP = 1.25;
const PAN_STEP = 80; // CSS px

/**
 * What is on the easel.
 * @typedef {object} Task
 * @property {number} question
 * @property {string} category
 * @property {number[]} bbox x, y, width, height, image px
 * @property {{width: number, height: number}} image
 */

/**
 * What can be done with the work: a button at the foot of the panel, a key, and a line in the help sheet.
 * @typedef {object} Action
 * @property {string} id also the button's `data-tool`
 * @property {string} label
 * @property {string} [short] on the button, where the label is too long for it
 * @property {string[]} keys as in commands.js
 * @property {() => void} run
 * @property {boolean} [primary] the one that is wanted most often
 * @property {boolean} [quiet] a link rather than a button
 * @property {boolean} [always] also where nothing is on the easel
 */

export class Easel {
  #ui;
  #view;
  #pointer;
  #drawing = null;
  #task = null;
  #settings;
  #toolName = 'brush';
  #tools;
  #last = null;
  #noteTimer = 0;
  #busy = false;
  #readOnly = false;
  #actions = [];
  #keys = () => {};
  #on;

  /**
   * @param {{person: string, eyebrow?: string, onInput?: () => void, onStep?: () => void, onCount?: (kind: string) => void}} options
   *     person: who is signed in; eyebrow: the words above the category; onInput: somebody moved, typed or clicked; onStep:
   *     a step was painted, undone or redone; onCount: one of clock.js's counts goes up
   */
  constructor({ person, eyebrow = 'Paint every visible pixel of the', onInput = () => {}, onStep = () => {}, onCount = () => {} }) {
    this.#on = { input: onInput, step: onStep, count: onCount };
    this.#ui = buildLayout({
      run: (id) => this.#run(id),
      set: (name, value) => this.#settings.set(name, value),
      person,
      eyebrow,
    });
    this.#view = new View(this.#ui.stage, {
      drawGuides: (context, view) => drawGuides(context, view, this.#guides()),
      onChange: () => this.#showZoom(),
    });
    this.#settings = new Settings(this.#ui, this.#view, () => this.#toolName);
    this.#tools = makeTools(this.#desk());
    this.#pointer = new PointerInput(this.#ui.stage, this.#view, {
      tool: () => (this.#readOnly ? this.#tools.pan : this.#tool),
      enabled: () => this.#open,
      onZoom: () => this.#on.count('zooms'),
      onChange: () => this.#showGesture(),
    });
    this.#listen();
    this.#settings.show();
    this.#pick('brush');
    this.setActions([]);
  }

  get element() {
    return this.#ui.root;
  }

  stylesheet() {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL('../styles/painter.css', import.meta.url).href;
    return link;
  }

  /** The work in progress, or null while there is none. */
  get drawing() {
    return this.#drawing;
  }

  /** @returns {{x: number, y: number}} page coordinates (CSS px) of the middle of an image pixel */
  screenFromImage(x, y) {
    return this.#view.clientFromPixel(x, y);
  }

  // ---- what the page around tells it -------------------------------------------------------------------------------

  /** @param {Action[]} actions in the order of their buttons; replaces the earlier ones */
  setActions(actions) {
    this.#actions = actions;
    // A key of an action is the action's alone: R rejects while one reviews, and then resets no photo.
    const taken = new Set(actions.flatMap((action) => action.keys));
    const tools = COMMANDS.map((command) => ({ ...command, keys: command.keys.filter((key) => !taken.has(key)) }));
    const commands = [...tools.filter((command) => command.keys.length), ...actions.map((action) => ({ ...action, group: 'Question' }))];
    this.#keys = keyListener(commands, (id) => this.#run(id));
    this.#ui.setActions(actions);
    this.#ui.dialogs.help.fill(commands);
    this.#showEnabled();
  }

  /**
   * Puts a question on the easel.
   * @param {{task: Task, photo: import('../canvas/photo.js').Photo, mask: Uint8Array, readOnly?: boolean, reference?: Uint8Array|null,
   *     notice?: object|null}} content mask: row-major 0/1, becomes the drawing's own; readOnly: it can only be looked at;
   *     reference: another mask, drawn as an outline beside it; notice: see {@link Easel#notice}
   * @returns {Drawing}
   */
  show({ task, photo, mask, readOnly = false, reference = null, notice = null }) {
    this.#dropGestures();
    const { width, height } = task.image;
    this.#task = task;
    this.#last = null;
    this.#drawing = new Drawing(mask, width, height, {
      onSpans: (spans) => this.#view.touchSpans(spans),
      onTiles: (tiles) => this.#view.touchTiles(tiles),
      onStep: () => {
        this.#on.step();
        this.#showUndo();
        if (this.#ui.show.status.dataset.kind === 'warning') this.say('');
      },
    });
    this.#ui.show.rest.hidden = true;
    this.#ui.root.dataset.state = 'painting';
    this.#ui.show.category.textContent = task.category;
    this.#ui.show.question.textContent = `Question ${task.question} · ${width} × ${height} px`;
    this.#view.show(photo, this.#drawing, reference);
    this.notice(notice);
    this.#settings.startQuestion();
    this.readOnly = readOnly;
    this.#view.flush();
    this.#ui.stage.focus({ preventScroll: true });
    return this.#drawing;
  }

  /**
   * Covers the easel with a message.
   * @param {string} state see layout.js
   * @param {{text?: string, retry?: () => void, skip?: () => void}} options
   */
  rest(state, { text, retry = () => {}, skip = null } = {}) {
    this.#dropGestures();
    this.#task = null;
    this.#drawing = null;
    this.#view.clear();
    this.#ui.root.dataset.state = state;
    this.#ui.show.category.textContent = '';
    this.#ui.show.question.textContent = '';
    this.notice(null);
    showRest(this.#ui.show.rest, state, { text, retry, skip });
    this.#showEnabled();
  }

  /**
   * Words about this question, above the photo for as long as it is shown: a reviewer's comment, the outcome of a trial
   * question. Null takes them away.
   * @param {{title: string, text?: string, kind?: 'note'|'warning'|'good', legend?: {line: 'mask'|'reference', label: string}[]}|null} notice
   */
  notice(notice) {
    this.#ui.setNotice(notice);
  }

  /** Whether the mask can only be looked at. */
  set readOnly(readOnly) {
    this.#dropGestures();
    this.#readOnly = readOnly;
    this.#ui.root.toggleAttribute('data-read-only', readOnly);
    this.#showGesture();
    this.#showEnabled();
  }

  get readOnly() {
    return this.#readOnly;
  }

  /** While something is being sent, nothing can be done. */
  set busy(busy) {
    this.#busy = busy;
    this.#ui.root.toggleAttribute('data-sending', busy);
    this.#showEnabled();
  }

  /** @param {number} done @param {number} all @param {string} text */
  progress(done, all, text = `${done} of ${all} done`) {
    this.#ui.show.progress.textContent = text;
    this.#ui.progressBar.max = Math.max(1, all);
    this.#ui.progressBar.value = done;
  }

  /** @param {number} ms worked on this question */
  time(ms) {
    const seconds = Math.floor(ms / 1000);
    const padded = String(seconds % 60).padStart(2, '0');
    this.#ui.show['active-time'].textContent = `${Math.floor(seconds / 60)}:${padded} active`;
  }

  /** A passing word, such as what just happened. @param {string} text @param {'note'|'warning'} kind */
  say(text, kind = 'note') {
    const { status } = this.#ui.show;
    clearTimeout(this.#noteTimer);
    status.textContent = text;
    status.dataset.kind = kind;
    this.#noteTimer = setTimeout(() => (status.textContent = ''), kind === 'warning' ? 2 * NOTE_SHOWN : NOTE_SHOWN);
  }

  /**
   * Ends what the hand is doing, so that the work can be handed in.
   * @returns {boolean} false where that was all: a polygon was closed, or waits for its corners
   */
  finishGesture() {
    this.#pointer.finish();
    const { polygon } = this.#tools;
    if (!polygon.active) return true;
    if (this.#toolName !== 'polygon') this.say('A polygon is still open. Press P to go on with it, or Esc to drop it.', 'warning');
    else if (polygon.points.length > 2) polygon.finish();
    else this.say('A polygon needs three corners. Add more, or press Esc to drop it.', 'warning');
    this.#view.touchGuides();
    return false;
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  get #open() {
    return this.#drawing !== null && !this.#busy;
  }

  get #tool() {
    return this.#tools[this.#toolName];
  }

  /** What the tools work with; see tools.js. */
  #desk() {
    const easel = this;
    return {
      get drawing() {
        return easel.#drawing;
      },
      get size() {
        return easel.#settings.size;
      },
      get walls() {
        const { bbox, image } = easel.#task;
        return wallsForBox(bbox, image.width, image.height);
      },
      get last() {
        return easel.#last;
      },
      set last(point) {
        easel.#last = point;
      },
      count: (kind) => this.#on.count(kind),
      say: (text) => this.say(text, 'warning'),
    };
  }

  #listen() {
    document.addEventListener('keydown', (event) => {
      this.#on.input();
      this.#holdShift(event.shiftKey);
      if (event.key === ' ' && !isTyping(event)) {
        event.preventDefault();
        this.#holdSpace(true);
      }
      this.#keys(event);
    });
    document.addEventListener('keyup', (event) => {
      this.#holdShift(event.shiftKey);
      if (event.key === ' ') this.#holdSpace(false);
    });
    const heed = { passive: true, capture: true };
    for (const kind of ['pointerdown', 'wheel']) document.addEventListener(kind, () => this.#on.input(), heed);
    let rested = '';
    document.addEventListener(
      'pointermove',
      (event) => {
        // Browsers also report a move when only the page under a resting pointer changed; that is not the hand's doing.
        const place = `${event.screenX} ${event.screenY}`;
        if (place !== rested) this.#on.input();
        rested = place;
      },
      heed,
    );
    window.addEventListener('blur', () => {
      this.#holdSpace(false);
      this.#holdShift(false);
    });
  }

  #run(id) {
    if (id === 'help') return this.#ui.dialogs.help.showModal();
    const action = this.#actions.find((candidate) => candidate.id === id);
    if (action) return this.#busy || this.#ui.buttons[id].disabled ? undefined : action.run();
    if (!this.#open || (this.#readOnly && !LOOKING.has(id))) return undefined;
    if (TOOL_IDS.includes(id)) return this.#pick(id);
    const { viewport } = this.#view;
    const commands = {
      smaller: () => this.#settings.stepSize(-1),
      larger: () => this.#settings.stepSize(1),
      undo: () => this.#undo(),
      redo: () => this.#redo(),
      clear: () => this.#clear(),
      cancel: () => this.#cancel(),
      'zoom-in': () => this.#zoom(() => viewport.zoomAt(ZOOM_STEP, viewport.width / 2, viewport.height / 2)),
      'zoom-out': () => this.#zoom(() => viewport.zoomAt(1 / ZOOM_STEP, viewport.width / 2, viewport.height / 2)),
      fit: () => this.#zoom(() => viewport.fit()),
      actual: () => this.#zoom(() => viewport.actualSize()),
      'zoom-box': () => this.#zoom(() => viewport.zoomTo(this.#task.bbox)),
      'pan-left': () => this.#pan(1, 0),
      'pan-right': () => this.#pan(-1, 0),
      'pan-up': () => this.#pan(0, 1),
      'pan-down': () => this.#pan(0, -1),
      guide: () => this.#settings.toggle('boxVisible'),
      mask: () => this.#settings.toggleMask(),
      outline: () => this.#settings.toggle('outlineOnly'),
      fainter: () => this.#settings.stepSlider('opacity', -1),
      stronger: () => this.#settings.stepSlider('opacity', 1),
      colour: () => this.#settings.nextColour(),
      darker: () => this.#settings.stepSlider('brightness', -1),
      brighter: () => this.#settings.stepSlider('brightness', 1),
      softer: () => this.#settings.stepSlider('contrast', -1),
      harder: () => this.#settings.stepSlider('contrast', 1),
      'reset-photo': () => this.#settings.resetPhoto(),
    };
    return commands[id]();
  }

  #pick(name) {
    this.#pointer.finish();
    const { polygon } = this.#tools;
    if (name !== this.#toolName && this.#tool === polygon && polygon.active) {
      this.say('The open polygon waits: press P to go on with it, or Esc to drop it.');
    }
    this.#toolName = name;
    for (const id of TOOL_IDS) this.#ui.buttons[id].setAttribute('aria-pressed', String(id === name));
    this.#settings.showSize();
    this.#showGesture();
  }

  #undo() {
    if (this.#tool.active && this.#tool.back) {
      this.#tool.back();
    } else {
      // Ends a stroke in progress, as releasing the button would; nothing else may change the mask halfway through one.
      this.#pointer.finish();
      if (this.#drawing.undo()) this.#on.count('undos');
    }
    this.#view.touchGuides();
  }

  #redo() {
    this.#pointer.finish();
    this.#drawing.redo();
  }

  #clear() {
    this.#pointer.finish();
    if (this.#drawing.isEmpty) return;
    this.#drawing.clear();
    this.#on.count('erases');
    this.say('Everything erased. Undo brings it back.');
  }

  /** The stroke in progress, or else an open polygon, even one that was left for another tool. */
  #cancel() {
    if (this.#pointer.busy || this.#tool.active) {
      this.#pointer.cancel();
      this.#tool.cancel();
    } else {
      this.#tools.polygon.cancel();
    }
    this.#view.touchGuides();
  }

  /** A gesture begun on one question must not end on the next. */
  #dropGestures() {
    this.#pointer.cancel();
    for (const tool of Object.values(this.#tools)) tool.cancel();
    this.#view.touchGuides();
  }

  #zoom(change) {
    change();
    this.#on.count('zooms');
    this.#view.moved();
  }

  #pan(x, y) {
    const step = PAN_STEP * this.#view.ratio;
    this.#view.viewport.panBy(x * step, y * step);
    this.#view.moved();
  }

  #showEnabled() {
    const { buttons, sliders } = this.#ui;
    const actions = new Map(this.#actions.map((action) => [action.id, action]));
    for (const [id, button] of Object.entries(buttons)) {
      const action = actions.get(id);
      if (action) button.disabled = this.#busy || (!this.#drawing && !action.always);
      else button.disabled = id !== 'help' && (!this.#open || (this.#readOnly && !LOOKING.has(id)));
    }
    for (const [name, slider] of Object.entries(sliders)) slider.disabled = !this.#open || (this.#readOnly && name === 'size');
    this.#showUndo();
  }

  #showUndo() {
    const may = this.#open && !this.#readOnly;
    this.#ui.buttons.undo.disabled = !may || !this.#drawing.canUndo;
    this.#ui.buttons.redo.disabled = !may || !this.#drawing.canRedo;
  }

  #showZoom() {
    if (this.#view) this.#ui.show.zoom.textContent = `${Math.round(this.#view.viewport.scale * 100)} %`;
  }

  #showGesture() {
    const { dataset } = this.#ui.stage;
    const moves = this.#pointer.spaceHeld || this.#toolName === 'pan' || this.#readOnly;
    dataset.cursor = this.#pointer.panning ? 'grabbing' : moves ? 'grab' : 'paint';
    this.#view.touchGuides();
  }

  #holdSpace(held) {
    if (this.#pointer.spaceHeld === held) return;
    this.#pointer.spaceHeld = held;
    this.#showGesture();
  }

  #holdShift(held) {
    if (this.#pointer.shiftHeld === held) return;
    this.#pointer.shiftHeld = held;
    this.#view.touchGuides();
  }

  #guides() {
    const { at, shiftHeld, spaceHeld } = this.#pointer;
    const ringed = ['brush', 'eraser', 'line'].includes(this.#toolName) && !spaceHeld && !this.#readOnly;
    const previews = [this.#readOnly ? null : this.#tool.preview(at, shiftHeld)];
    const { polygon } = this.#tools;
    if (polygon.active && this.#tool !== polygon) previews.push(polygon.preview(null));
    return {
      box: this.#settings.boxVisible ? this.#task.bbox : null,
      previews: previews.filter(Boolean),
      pointer: at,
      size: ringed ? this.#settings.size : 0,
    };
  }
}
