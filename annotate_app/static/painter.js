/**
 * The mask painter: `mount` builds it into an element and wires its parts together.
 *
 *   kernel, tiles, history, drawing    what is painted
 *   viewport, raster, guides, view     what is seen
 *   tools, pointer, commands, keyboard what the rater does
 *   api, drafts, images, clock, session  the questions and their answers
 *   dom, layout, dialogs, settings, preferences  the page around it
 */

import { Api } from './api.js';
import { COMMANDS } from './commands.js';
import { Drafts } from './drafts.js';
import { Drawing } from './drawing.js';
import { drawGuides } from './guides.js';
import { Images } from './images.js';
import { wallsForBox } from './kernel.js';
import { keyListener, isTyping } from './keyboard.js';
import { buildLayout, showRest, TOOL_IDS } from './layout.js';
import { PointerInput } from './pointer.js';
import { encodeCounts } from './rle.js';
import { Session } from './session.js';
import { Settings } from './settings.js';
import { makeTools } from './tools.js';
import { View } from './view.js';

/** Written into every answer. */
const CLIENT_VERSION = 'painter-1';

const NOTE_SHOWN = 5000; // ms
const ZOOM_STEP = 1.25;
const PAN_STEP = 80; // CSS px

/**
 * @param {HTMLElement} root emptied and filled with the painter; gets a read-only `painter` property for tests
 * @param {{rater: string, project: string}} options the rater's name and the project's id: keys of local drafts
 * @returns {Painter}
 */
export function mount(root, { rater, project }) {
  const painter = new Painter({ rater, project });
  root.replaceChildren(painter.stylesheet(), painter.element);
  const ready = painter.start();
  root.painter = {
    maskRle: () => painter.maskRle(),
    screenFromImage: (x, y) => painter.screenFromImage(x, y),
    question: () => painter.question(),
    ready,
  };
  return painter;
}

class Painter {
  #ui;
  #view;
  #pointer;
  #session;
  #drawing = null;
  #task = null;
  #settings;
  #toolName = 'brush';
  #tools;
  #last = null;
  #noteTimer = 0;
  #submitAnyway = -1; // version of the drawing that was asked about

  constructor({ rater, project }) {
    this.#ui = buildLayout({
      run: (id) => this.#run(id),
      set: (name, value) => this.#settings.set(name, value),
      skip: (reason, note) => this.#session.skip(reason, note),
      rater,
    });
    this.#view = new View(this.#ui.stage, {
      drawGuides: (context, view) => drawGuides(context, view, this.#guides()),
      onChange: () => this.#showZoom(),
    });
    this.#settings = new Settings(this.#ui, this.#view, () => this.#toolName);
    this.#tools = makeTools(this.#desk());
    this.#pointer = new PointerInput(this.#ui.stage, this.#view, {
      tool: () => this.#tools[this.#toolName],
      enabled: () => this.#session.painting,
      onZoom: () => this.#session.clock.count('zooms'),
      onChange: () => this.#showGesture(),
    });
    const api = new Api();
    this.#session = new Session({
      api,
      drafts: new Drafts(project, rater),
      images: new Images(api),
      screen: this.#screen(),
      version: CLIENT_VERSION,
    });
    this.#listen();
    this.#settings.show();
    this.#pick('brush');
    setInterval(() => this.#showTime(), 1000);
  }

  get element() {
    return this.#ui.root;
  }

  stylesheet() {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL('./painter.css', import.meta.url).href;
    return link;
  }

  start() {
    return this.#session.start();
  }

  maskRle() {
    return this.#drawing ? encodeCounts(this.#drawing.mask, this.#drawing.w, this.#drawing.h) : '';
  }

  screenFromImage(x, y) {
    return this.#view.clientFromPixel(x, y);
  }

  question() {
    return this.#task?.question ?? null;
  }

  /** What the tools work with; see tools.js. */
  #desk() {
    const painter = this;
    return {
      get drawing() {
        return painter.#drawing;
      },
      get clock() {
        return painter.#session.clock;
      },
      get size() {
        return painter.#settings.size;
      },
      get walls() {
        const { bbox, image } = painter.#task;
        return wallsForBox(bbox, image.width, image.height);
      },
      get last() {
        return painter.#last;
      },
      set last(point) {
        painter.#last = point;
      },
      say: (text) => this.#say(text, 'warning'),
    };
  }

  /** What the session shows; see session.js. */
  #screen() {
    return {
      paint: (task, bitmap, mask, restored) => this.#showTask(task, bitmap, mask, restored),
      rest: (state, details) => this.#showRest(state, details),
      progress: (progress) => this.#showProgress(progress),
      say: (text, kind) => this.#say(text, kind),
      sending: (sending) => {
        this.#ui.root.toggleAttribute('data-sending', sending);
        this.#showEnabled();
      },
    };
  }

  #listen() {
    const run = keyListener(COMMANDS, (id) => this.#run(id));
    document.addEventListener('keydown', (event) => {
      this.#session.input();
      this.#holdShift(event.shiftKey);
      if (event.key === ' ' && !isTyping(event)) {
        event.preventDefault();
        this.#holdSpace(true);
      }
      run(event);
    });
    document.addEventListener('keyup', (event) => {
      this.#holdShift(event.shiftKey);
      if (event.key === ' ') this.#holdSpace(false);
    });
    const heed = { passive: true, capture: true };
    for (const kind of ['pointerdown', 'wheel']) document.addEventListener(kind, () => this.#session.input(), heed);
    let rested = '';
    document.addEventListener(
      'pointermove',
      (event) => {
        // Browsers also report a move when only the page under a resting pointer changed; that is not the rater's doing.
        const place = `${event.screenX} ${event.screenY}`;
        if (place !== rested) this.#session.input();
        rested = place;
      },
      heed,
    );
    window.addEventListener('blur', () => {
      this.#holdSpace(false);
      this.#holdShift(false);
    });
    window.addEventListener('pagehide', () => this.#session.leave());
    document.addEventListener('visibilitychange', () => this.#session.setVisible(document.visibilityState === 'visible'));
  }

  // ---- commands ----------------------------------------------------------------------------------------------------

  #run(id) {
    if (id === 'help') return this.#ui.dialogs.help.showModal();
    if (!this.#session.painting) return undefined;
    if (TOOL_IDS.includes(id)) return this.#pick(id);
    const { viewport } = this.#view;
    const commands = {
      smaller: () => this.#settings.stepSize(-1),
      larger: () => this.#settings.stepSize(1),
      undo: () => this.#undo(),
      redo: () => this.#settled() && this.#drawing.redo(),
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
      submit: () => this.#submit(),
      skip: () => this.#settled() && this.#ui.dialogs.skip.showModal(),
    };
    return commands[id]();
  }

  #pick(name) {
    this.#pointer.finish();
    if (name !== this.#toolName) this.#tool.cancel();
    this.#toolName = name;
    for (const id of TOOL_IDS) this.#ui.buttons[id].setAttribute('aria-pressed', String(id === name));
    this.#settings.showSize();
    this.#showGesture();
    this.#view.touchGuides();
  }

  get #tool() {
    return this.#tools[this.#toolName];
  }

  /** Ends a stroke in progress, as releasing the button would; nothing else may change the mask halfway through one. */
  #settled() {
    this.#pointer.finish();
    return true;
  }

  #undo() {
    if (this.#tool.active && this.#tool.back) this.#tool.back();
    else if (this.#settled() && this.#drawing.undo()) this.#session.clock.count('undos');
    this.#view.touchGuides();
  }

  #clear() {
    this.#settled();
    if (this.#drawing.isEmpty) return;
    this.#drawing.clear();
    this.#session.clock.count('erases');
    this.#say('Everything erased. Undo brings it back.');
  }

  #cancel() {
    this.#pointer.cancel();
    this.#tool.cancel();
    this.#view.touchGuides();
  }

  #submit() {
    this.#settled();
    if (!this.#tool.active) return this.#submitChecked();
    // An unfinished polygon: Enter means this, not the whole mask.
    if (this.#tool.points.length > 2) this.#tool.finish();
    else this.#say('A polygon needs three corners. Add more, or press Esc to drop it.', 'warning');
    return this.#view.touchGuides();
  }

  /** A slip of the mouse far from the object is asked about once; the rater may mean it. */
  #submitChecked() {
    const { version } = this.#drawing;
    if (this.#drawing.isEmpty || this.#drawing.touches(this.#task.bbox) || this.#submitAnyway === version) {
      return this.#session.submit();
    }
    this.#submitAnyway = version;
    return this.#say('Nothing is painted inside the box. Submit again if that is right.', 'warning');
  }

  #zoom(change) {
    change();
    this.#session.clock.count('zooms');
    this.#view.moved();
  }

  #pan(x, y) {
    const step = PAN_STEP * this.#view.ratio;
    this.#view.viewport.panBy(x * step, y * step);
    this.#view.moved();
  }

  // ---- showing -----------------------------------------------------------------------------------------------------

  #showTask(task, bitmap, mask, restored) {
    // A gesture begun on one question must not end on the next.
    this.#pointer.cancel();
    this.#tool.cancel();
    const { width, height } = task.image;
    this.#task = task;
    this.#last = null;
    this.#submitAnyway = -1;
    this.#drawing = new Drawing(mask, width, height, {
      onSpans: (spans) => this.#view.touchSpans(spans),
      onTiles: (tiles) => this.#view.touchTiles(tiles),
      onStep: () => {
        this.#session.changed();
        this.#showUndo();
        if (this.#ui.show.status.dataset.kind === 'warning') this.#say('');
      },
    });
    this.#ui.show.rest.hidden = true;
    this.#ui.root.dataset.state = 'painting';
    this.#ui.show.category.textContent = task.category;
    this.#ui.show.question.textContent = `Question ${task.question} · ${width} × ${height} px`;
    this.#view.show(bitmap, this.#drawing);
    this.#settings.startQuestion();
    this.#showUndo();
    this.#showTime();
    this.#showEnabled();
    if (restored) this.#say('Your earlier work on this question was restored.');
    this.#ui.stage.focus({ preventScroll: true });
    return this.#drawing;
  }

  #showRest(state, { message, waiting, skippable = false } = {}) {
    this.#pointer.cancel();
    this.#tool.cancel();
    this.#task = null;
    this.#drawing = null;
    this.#view.clear();
    this.#ui.root.dataset.state = state;
    this.#ui.show.category.textContent = '';
    this.#ui.show.question.textContent = '';
    const others = waiting === 1 ? 'The last open question is' : `The last ${waiting} open questions are`;
    const text = waiting ? `${others} with other raters. This page looks again every 15 seconds.` : message;
    const skip = skippable ? () => this.#ui.dialogs.skip.showModal() : null;
    showRest(this.#ui.show.rest, state, { text, retry: () => this.#session.start(), skip });
    this.#showEnabled();
  }

  #showEnabled() {
    const painting = this.#drawing !== null && !this.#ui.root.hasAttribute('data-sending');
    for (const [id, button] of Object.entries(this.#ui.buttons)) button.disabled = id !== 'help' && !painting;
    for (const slider of Object.values(this.#ui.sliders)) slider.disabled = !painting;
    if (painting) this.#showUndo();
  }

  #showUndo() {
    this.#ui.buttons.undo.disabled = !this.#drawing.canUndo;
    this.#ui.buttons.redo.disabled = !this.#drawing.canRedo;
  }

  #showZoom() {
    if (this.#view) this.#ui.show.zoom.textContent = `${Math.round(this.#view.viewport.scale * 100)} %`;
  }

  #showProgress({ questions, done }) {
    this.#ui.show.progress.textContent = `${done} of ${questions} done`;
    this.#ui.progressBar.max = Math.max(1, questions);
    this.#ui.progressBar.value = done;
  }

  #showTime() {
    const seconds = this.#drawing ? Math.floor(this.#session.clock.snapshot().active_ms / 1000) : 0;
    const padded = String(seconds % 60).padStart(2, '0');
    this.#ui.show['active-time'].textContent = `${Math.floor(seconds / 60)}:${padded} active`;
  }

  #showGesture() {
    const { dataset } = this.#ui.stage;
    if (this.#pointer.panning) dataset.cursor = 'grabbing';
    else if (this.#pointer.spaceHeld || this.#toolName === 'pan') dataset.cursor = 'grab';
    else dataset.cursor = 'paint';
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
    const ringed = ['brush', 'eraser', 'line'].includes(this.#toolName) && !spaceHeld;
    return {
      box: this.#settings.boxVisible ? this.#task.bbox : null,
      preview: this.#tool.preview(at, shiftHeld),
      pointer: at,
      size: ringed ? this.#settings.size : 0,
    };
  }

  #say(text, kind = 'note') {
    const { status } = this.#ui.show;
    clearTimeout(this.#noteTimer);
    status.textContent = text;
    status.dataset.kind = kind;
    this.#noteTimer = setTimeout(() => (status.textContent = ''), kind === 'warning' ? 2 * NOTE_SHOWN : NOTE_SHOWN);
  }
}
