/**
 * Saves a drawing while it is painted: in this browser soon after every step, on the server every 20 s and when the
 * page is left. It knows neither questions nor requests: the page says where drafts go.
 *
 *     const autosave = new Autosave({ activity, toBrowser, toServer, onFailed });
 *     autosave.start(drawing, { draft, serverSavedAt });
 *     autosave.changed();  // after every step, or part of one
 *     autosave.stop();
 */

const BROWSER_EVERY = 400; // ms at most between a step and its draft
const SERVER_EVERY = 20_000; // ms
const TIME_EVERY = 5_000; // ms between drafts in the browser while nothing is painted: the time counts too

/** @typedef {import('../canvas/drawing.js').Drawing} Drawing */

/**
 * The work so far: what every draft holds.
 * @typedef {{mask: import('../canvas/rle.js').PackedMask, activity: import('./clock.js').Activity,
 *     polygon: import('../tools/polygon.js').OpenPolygon|null}} Work
 */

/**
 * Where drafts go.
 * @typedef {object} Places
 * @property {() => import('./clock.js').Activity} activity how the drawing was made so far
 * @property {() => Work['polygon']} polygon the open one
 * @property {(draft: Partial<Work> & {activity: Work['activity'], saved_at: number, server_saved_at?: number},
 *     steps: import('../canvas/history.js').StepChanges) => Promise<unknown>} toBrowser
 *     saved_at: of the last change, 0 before the first; no mask: nothing is painted yet; may reject: private windows can
 *     refuse storage, and the server's drafts remain
 * @property {(work: Work, options: {keepalive: boolean}) => Promise<{saved_at: number}>} toServer resolves to the server's
 *     time, epoch ms; keepalive: the page is being left
 * @property {(error: unknown) => unknown} [onFailed] the server has not saved the draft of the current drawing
 */

export class Autosave {
  /** While an answer is being sent, no draft goes to the server. */
  paused = false;

  #places;
  /** @type {Drawing|null} */
  #drawing = null;
  #timer = 0;
  #changedAt = 0; // epoch ms, of the last change
  #restored = false; // whether the drawing began with a draft
  #savedInBrowserAt = 0; // this computer's clock, epoch ms
  #parts = 0; // changes so far of the drawing and of an open polygon
  #savedState = ''; // of the drawing in the server's draft
  /** @type {number|undefined} */
  #serverSavedAt;

  /** @param {Places} places */
  constructor(places) {
    this.#places = places;
    setInterval(() => this.saveToServer(), SERVER_EVERY);
    setInterval(() => this.saveInBrowser(), TIME_EVERY);
  }

  /** The drawing that is saved, or null. */
  get drawing() {
    return this.#drawing;
  }

  /**
   * @param {Drawing} drawing
   * @param {{draft?: {saved_at: number}|null, serverSavedAt?: number}} options draft: that it began with; serverSavedAt:
   *     when the server's draft was saved, the server's time, epoch ms
   */
  start(drawing, { draft = null, serverSavedAt } = {}) {
    this.#drawing = drawing;
    this.#restored = draft !== null;
    this.#changedAt = draft?.saved_at ?? 0;
    this.#parts = 0;
    this.#savedState = this.#state(drawing);
    this.#serverSavedAt = serverSavedAt;
  }

  /** Saves nothing any more, not even the last step. */
  stop() {
    this.#stopTimer();
    this.#drawing = null;
  }

  /** A step, or a part of one, was painted, undone or redone: saves it now, or shortly if a draft was saved a moment ago. */
  changed() {
    this.#changedAt = Date.now();
    this.#parts += 1;
    if (this.#timer) return;
    const wait = Math.max(0, this.#savedInBrowserAt + BROWSER_EVERY - Date.now());
    this.#timer = setTimeout(() => this.saveInBrowser(), wait);
  }

  /** The page is going away: the browser may not finish writing, but it does finish a small request. */
  leave() {
    this.saveInBrowser();
    const drawing = this.#unsaved();
    if (drawing) this.#places.toServer(this.#work(drawing), { keepalive: true }).catch(() => {});
  }

  async saveInBrowser() {
    this.#stopTimer();
    const drawing = this.#drawing;
    if (!drawing) return;
    this.#savedInBrowserAt = Date.now();
    const painted = drawing.version > 0 || this.#restored;
    const { activity, polygon } = this.#places;
    const draft = { ...(painted ? this.#work(drawing) : { activity: activity(), polygon: polygon() }), saved_at: this.#changedAt };
    const seen = this.#serverSavedAt === undefined ? {} : { server_saved_at: this.#serverSavedAt };
    await this.#places.toBrowser({ ...draft, ...seen }, drawing.takeStepChanges()).catch(() => drawing.saveStepsAgain());
  }

  async saveToServer() {
    const drawing = this.#unsaved();
    if (!drawing) return;
    const state = this.#state(drawing);
    try {
      const { saved_at } = await this.#places.toServer(this.#work(drawing), { keepalive: false });
      if (this.#drawing !== drawing) return;
      this.#savedState = state;
      this.#serverSavedAt = saved_at;
    } catch (error) {
      if (this.#drawing === drawing) await this.#places.onFailed?.(error);
    }
  }

  /** The drawing, if it has changes that the server should get now. */
  #unsaved() {
    const drawing = this.#drawing;
    return this.paused || !drawing || this.#state(drawing) === this.#savedState ? null : drawing;
  }

  /** @param {Drawing} drawing */
  #state(drawing) {
    return `${drawing.version}/${this.#parts}`;
  }

  /** @param {Drawing} drawing @returns {Work} */
  #work(drawing) {
    return { mask: drawing.pack(), activity: this.#places.activity(), polygon: this.#places.polygon() };
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
