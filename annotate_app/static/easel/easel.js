/**
 * The easel: one photo with its box and its mask, everything that shows them and everything that paints. It knows
 * neither the server nor the questions: the page that holds it says what is on it and what can be done with the work.
 * The rater's page (pages/painter.js) is one such page, a reviewer's (pages/review.js) another.
 *
 *     const easel = new Easel({ person: 'Ada' });
 *     root.replaceChildren(easel.stylesheet(), easel.element);
 *     easel.setActions([{ id: 'accept', label: 'Accept', keys: ['Enter'], primary: true, run: () => … }]);
 *     const drawing = easel.show({ task, photo, mask, readOnly: true, notice: { title: 'By Bob', text: '' } });
 *     easel.readOnly = false;  // repaint
 *     send(drawing.pack());
 */

import { Drawing } from '../canvas/drawing.js';
import { drawGuides } from '../canvas/guides.js';
import { encodeCounts } from '../canvas/rle.js';
import { View } from '../canvas/view.js';
import { t } from '../texts/texts.js';
import { BRUSH } from '../tools/brush.js';
import { ERASER } from '../tools/eraser.js';
import { TOOLS } from '../tools/list.js';
import { POLYGON } from '../tools/polygon.js';
import { COMMANDS, command, LOOKING, withChosenKeys } from './commands.js';
import { commandEffects } from './effects.js';
import { Hand } from './hand.js';
import { HeldKey } from './held_key.js';
import { listenForInput } from './input.js';
import { isTyping, keyCap, keyListener } from './keyboard.js';
import { buildLayout } from './layout.js';
import { openPreferences } from './preferences_dialog.js';
import { showRest } from './rest.js';
import { Settings } from './settings.js';

const NOTE_SHOWN = 5000; // ms

/** Commands that need no question. */
const ALWAYS = new Set(['help', 'preferences']);

/** @typedef {import('../tools/tool.js').Counter} Counter */

/** @typedef {import('./contract.js').Task} Task */
/** @typedef {import('./contract.js').Action} Action */
/** @typedef {import('./contract.js').Notice} Notice */

export class Easel {
  #ui;
  #view;
  #settings;
  #hand;
  #held = new HeldKey();
  /** @type {Drawing|null} */
  #drawing = null;
  /** @type {Task|null} */
  #task = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #noteTimer;
  #busy = false;
  #readOnly = false;
  /** @type {Action[]} */
  #actions = [];
  /** @type {(event: KeyboardEvent) => void} */
  #keys = () => {};
  #onStep;
  #effects;

  /**
   * @param {{person: string, eyebrow?: string, onInput?: () => void, onStep?: () => void, onCount?: (counter: Counter) => void,
   *     onClick?: (at: import('../canvas/kernel.js').Point) => void}} options
   *     person: who is signed in; eyebrow: the text above the category; onInput: a key, the pointer or the wheel was used;
   *     onStep: a step, or a corner of an open polygon, was painted, undone or redone; onCount: a counter increases by one;
   *     onClick: a pixel was clicked while the mask can only be looked at
   */
  constructor({ person, eyebrow = t('easel.paint_every_pixel'), onInput = () => {}, onStep = () => {}, onCount = () => {}, onClick = () => {} }) {
    this.#onStep = onStep;
    this.#ui = buildLayout({
      run: (id) => this.#run(id),
      set: (name, value) => this.#settings.set(name, value),
      person,
      eyebrow,
    });
    this.#view = new View(this.#ui.stage, {
      drawGuides: (context, view) => drawGuides(context, view, this.#hand.guides()),
      onChange: (view) => this.#showZoom(view),
    });
    this.#settings = new Settings(this.#ui, this.#view, () => this.#hand.record);
    this.#hand = new Hand(this.#ui.stage, this.#view, {
      work: () => this.#drawing && this.#task && { drawing: this.#drawing, task: this.#task },
      open: () => this.#open,
      size: () => this.#settings.size,
      sizes: {
        step: (step) => this.#settings.stepSize(step),
        startDrag: () => this.#settings.startSizeDrag(),
        drag: (distance) => this.#settings.dragSize(distance),
      },
      boxVisible: () => this.#settings.boxVisible,
      count: onCount,
      say: (text, kind) => this.say(text, kind),
      clicked: onClick,
      cornersChanged: () => {
        this.#onStep();
        this.#showUndo();
      },
    });
    this.#effects = commandEffects({
      settings: this.#settings,
      hand: this.#hand,
      view: this.#view,
      box: () => this.#task?.bbox ?? null,
      count: onCount,
      protect: () => this.#protect(),
    });
    listenForInput({
      onInput,
      onKey: (event) => {
        if (this.#takesBackCorner(event)) event.preventDefault();
        else this.#keys(event);
      },
      onRelease: (code) => this.#held.release(code),
      holdSpace: (held) => this.#hand.holdSpace(held),
      holdShift: (held) => this.#hand.holdShift(held),
      holdCtrl: (held) => this.#hand.holdCtrl(held),
    });
    this.#settings.show();
    this.#pick(BRUSH.id);
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

  /** The mask as COCO's compressed run lengths, or an empty text; for tests. */
  maskRle() {
    return this.#drawing ? encodeCounts(this.#drawing.mask, this.#drawing.w, this.#drawing.h) : '';
  }

  /** @param {number} x @param {number} y @returns {{x: number, y: number}} page coordinates (CSS px) of the centre of an image pixel */
  screenFromImage(x, y) {
    return this.#view.clientFromPixel(x, y);
  }

  // ---- for the page that holds the easel ---------------------------------------------------------------------------

  /** @param {Action[]} actions in the order of their buttons; replaces the earlier ones */
  setActions(actions) {
    this.#actions = actions = actions.map(withChosenKeys);
    // An action's key runs nothing else: on the review page R rejects, and does not reset the photo.
    const taken = new Set(actions.flatMap((action) => action.keys));
    const tools = COMMANDS.map((command) => ({ ...command, keys: command.keys.filter((key) => !taken.has(key)) }));
    const commands = [...tools.filter((command) => command.keys.length), ...actions.map((action) => ({ ...action, group: 'question' }))];
    this.#keys = keyListener(commands, (id, event) => this.#pressed(id, event));
    this.#ui.setActions(actions);
    this.#ui.help.fill(commands);
    this.#showEnabled();
  }

  /**
   * Puts a question on the easel.
   * @param {{task: Task, photo: import('../canvas/photo.js').Photo, mask: Uint8Array, readOnly?: boolean, reference?: Uint8Array|null,
   *     polygon?: import('../tools/polygon.js').OpenPolygon|null, steps?: import('../canvas/history.js').SavedSteps|null,
   *     notice?: Notice|null}} content polygon, steps: to go on with; mask: row-major 0/1, then owned by the drawing; readOnly: it can only be looked at;
   *     reference: another mask, drawn as an outline as well
   * @returns {Drawing}
   */
  show({ task, photo, mask, readOnly = false, reference = null, polygon = null, steps = null, notice = null }) {
    this.#hand.startQuestion();
    const { width, height } = task.image;
    this.#task = task;
    const drawing = new Drawing(mask, width, height, {
      onSpans: (spans) => this.#view.touchSpans(spans),
      onTiles: (tiles) => this.#view.touchTiles(tiles),
      onStep: () => {
        this.#onStep();
        this.#held.use();
        this.#showUndo();
        if (this.#ui.show.status.dataset.kind === 'warning') this.say('');
        if (!this.#settings.maskVisible) this.say(t('easel.mask_hidden', { key: keyCap(command('mask').keys[0]) }), 'warning');
      },
    }, steps);
    this.#drawing = drawing;
    this.#ui.show.rest.hidden = true;
    this.#ui.root.dataset.state = 'painting';
    this.#ui.show.category.textContent = task.category;
    this.#ui.show.question.textContent = t('easel.question_number', { question: task.question, width, height });
    this.#view.show(photo, drawing, reference);
    this.notice(notice);
    this.#settings.startQuestion();
    if (this.#settings.preferences.openAtBox) {
      this.#view.viewport.zoomTo(task.bbox);
      this.#view.moved();
    }
    this.readOnly = readOnly;
    if (polygon) {
      this.#hand.restorePolygon(polygon);
      this.#pick(POLYGON.id);
    }
    this.#view.flush();
    this.#ui.stage.focus({ preventScroll: true });
    return drawing;
  }

  /**
   * Covers the easel with a message.
   * @param {import('./rest.js').RestState} state
   * @param {{text?: string, retry?: () => void, skip?: (() => void)|null}} options
   */
  rest(state, { text, retry = () => {}, skip = null } = {}) {
    this.#hand.discard();
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

  /** @param {Uint8Array|null} mask the person's other masks of the image, together; they are shown, and protected if the person wants that */
  showOthers(mask) {
    this.#settings.setOthers(mask);
    this.#protect();
  }

  /** Does one of the things of canvas/tidy.js. @param {'specks'|'holes'|'smoothing'} what */
  tidy(what) {
    if (this.#open && !this.#readOnly) this.#hand.tidy(what);
  }

  /** Shows a text above the photo, or removes it. @param {Notice|null} notice */
  notice(notice) {
    this.#ui.setNotice(notice);
  }

  /** The image pixel under the pointer, or in the middle of the view. */
  get pointed() {
    return this.#hand.pointed;
  }

  /** Shows other marks on the photo. @param {import('../canvas/kernel.js').Point[]} marks image px */
  showMarks(marks) {
    if (this.#task) this.#task = { ...this.#task, marks };
    this.#view.touchGuides();
  }

  /** Whether the mask can only be looked at. */
  set readOnly(readOnly) {
    this.#hand.setReadOnly(readOnly);
    this.#readOnly = readOnly;
    this.#ui.root.toggleAttribute('data-read-only', readOnly);
    this.#showEnabled();
  }

  get readOnly() {
    return this.#readOnly;
  }

  /** While something is being sent, every control is disabled. @param {boolean} busy */
  set busy(busy) {
    this.#busy = busy;
    this.#ui.root.toggleAttribute('data-sending', busy);
    this.#showEnabled();
  }

  /** @param {number} done @param {number} all @param {string} text */
  progress(done, all, text = t('easel.done', { done, all })) {
    this.#ui.show.progress.textContent = text;
    this.#ui.progressBar.max = Math.max(1, all);
    this.#ui.progressBar.value = done;
  }

  /** @param {number} ms active time on this question */
  time(ms) {
    const seconds = Math.floor(ms / 1000);
    const padded = String(seconds % 60).padStart(2, '0');
    this.#ui.show['active-time'].textContent = t('easel.active', { time: `${Math.floor(seconds / 60)}:${padded}` });
  }

  /** Shows a message for a few seconds. @param {string} text @param {'note'|'warning'} kind */
  say(text, kind = 'note') {
    const { status } = this.#ui.show;
    clearTimeout(this.#noteTimer);
    status.textContent = text;
    status.dataset.kind = kind;
    this.#noteTimer = setTimeout(() => (status.textContent = ''), kind === 'warning' ? 2 * NOTE_SHOWN : NOTE_SHOWN);
  }

  /**
   * Ends the gesture in progress, so that the work can be submitted.
   * @returns {boolean} false if that only closed a polygon, or a polygon still needs corners
   */
  finishGesture() {
    return this.#hand.finish();
  }

  /** Ends a stroke in progress; a polygon stays open. */
  finishStroke() {
    this.#hand.finishStroke();
  }

  /** Minutes of work after which a break is suggested; 0: never. */
  get breakEvery() {
    return this.#settings.preferences.breakEvery;
  }

  /** The polygon that still needs corners, or null. */
  get openPolygon() {
    return this.#hand.openPolygon;
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  get #open() {
    return this.#drawing !== null && !this.#busy;
  }

  /** Backspace takes back a corner while a polygon is open, and does nothing else. @param {KeyboardEvent} event */
  #takesBackCorner(event) {
    const plain = event.key === 'Backspace' && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    return plain && this.#open && !isTyping(event) && this.#hand.takeBackCorner();
  }

  /** A command by its key. The eraser and a switched mask last while their keys are held. @param {string} id @param {KeyboardEvent} event */
  #pressed(id, event) {
    const tool = this.#hand.record.id;
    const { maskVisible } = this.#settings;
    this.#run(id);
    if (id === ERASER.id && this.#hand.record.id === id && tool !== id) this.#held.press(event.code, () => this.#pick(tool));
    if (id === 'mask' && this.#settings.maskVisible !== maskVisible) this.#held.press(event.code, () => this.#settings.toggleMask());
  }

  /** @param {string} id a command or an action */
  #run(id) {
    if (id === 'help') {
      this.#ui.help.dialog.showModal();
      return;
    }
    if (id === 'preferences') {
      openPreferences(this.#ui.root, this.#settings, [...COMMANDS, ...this.#actions.map((action) => ({ ...action, group: 'question' }))]);
      return;
    }
    const action = this.#actions.find((candidate) => candidate.id === id);
    if (action) {
      if (!this.#busy && !this.#ui.buttons[id].disabled) action.run();
      return;
    }
    if (!this.#open || (this.#readOnly && !LOOKING.has(id))) return;
    if (TOOLS.some((tool) => tool.id === id)) this.#pick(id);
    else this.#effects[id]();
  }

  #protect() {
    if (this.#drawing) this.#drawing.protected = this.#settings.protectedMask;
  }

  /** @param {string} id of a tool */
  #pick(id) {
    this.#hand.pick(id);
    for (const tool of TOOLS) this.#ui.buttons[tool.id].setAttribute('aria-pressed', String(tool.id === id));
    this.#settings.showSize();
    this.#showUndo();
  }

  #showEnabled() {
    const { buttons, sliders } = this.#ui;
    const actions = new Map(this.#actions.map((action) => [action.id, action]));
    for (const [id, button] of Object.entries(buttons)) {
      const action = actions.get(id);
      if (action) button.disabled = this.#busy || (!this.#drawing && !action.always);
      else button.disabled = !ALWAYS.has(id) && (!this.#open || (this.#readOnly && !LOOKING.has(id)));
    }
    for (const [name, slider] of Object.entries(sliders)) slider.disabled = !this.#open || (this.#readOnly && name === 'size');
    this.#showUndo();
  }

  #showUndo() {
    const paints = this.#open && !this.#readOnly;
    this.#ui.buttons.undo.disabled = !paints || !this.#hand.canUndo;
    this.#ui.buttons.redo.disabled = !paints || !this.#hand.canRedo;
  }

  /** @param {View} view */
  #showZoom(view) {
    this.#ui.show.zoom.textContent = `${Math.round(view.viewport.scale * 100)} %`;
    this.#settings?.showSize();
  }
}
