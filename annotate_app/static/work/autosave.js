/**
 * Saves a drawing while it is painted: in this browser soon after every step, on the server every 20 s and when the
 * page is left. It knows neither questions nor requests: the page says where drafts go.
 *
 *     const autosave = new Autosave({ activity, toBrowser, toServer, onFailed });
 *     autosave.start(drawing, serverSavedAt);
 *     autosave.changed();  // after every step
 *     autosave.stop();
 */

const BROWSER_EVERY = 400; // ms at most between a step and its draft
const SERVER_EVERY = 20_000; // ms

/** @typedef {import('../canvas/drawing.js').Drawing} Drawing */

/**
 * The work so far: what every draft holds.
 * @typedef {{mask: import('../canvas/rle.js').PackedMask, activity: import('./clock.js').Activity}} Work
 */

/**
 * Where drafts go.
 * @typedef {object} Places
 * @property {() => import('./clock.js').Activity} activity how the drawing was made so far
 * @property {(draft: Work & {saved_at: number, server_saved_at?: number}) => Promise<unknown>} toBrowser may reject:
 *     private windows can refuse storage, and the server's drafts remain
 * @property {(work: Work, options: {keepalive: boolean}) => Promise<{saved_at: number}>} toServer resolves to the server's
 *     time, epoch ms; keepalive: the page is being left
 * @property {(error: unknown) => unknown} onFailed the server has not saved the draft of the current drawing
 */

export class Autosave {
  /** While an answer is being sent, no draft goes to the server. */
  paused = false;

  #places;
  /** @type {Drawing|null} */
  #drawing = null;
  #timer = 0;
  #savedInBrowserAt = 0; // this computer's clock, epoch ms
  #savedVersion = 0; // version of the drawing in the server's draft
  /** @type {number|undefined} */
  #serverSavedAt;

  /** @param {Places} places */
  constructor(places) {
    this.#places = places;
    setInterval(() => this.saveToServer(), SERVER_EVERY);
  }

  /** The drawing that is saved, or null. */
  get drawing() {
    return this.#drawing;
  }

  /**
   * @param {Drawing} drawing
   * @param {number} [serverSavedAt] when the server's draft that it began with was saved; the server's time, epoch ms
   */
  start(drawing, serverSavedAt) {
    this.#drawing = drawing;
    this.#savedVersion = 0;
    this.#serverSavedAt = serverSavedAt;
  }

  /** Saves nothing any more, not even the last step. */
  stop() {
    this.#stopTimer();
    this.#drawing = null;
  }

  /** A step was painted, undone or redone: saves it now, or shortly if a draft was saved a moment ago. */
  changed() {
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
    if (!drawing?.version) return;
    this.#savedInBrowserAt = Date.now();
    const draft = { ...this.#work(drawing), saved_at: this.#savedInBrowserAt };
    const seen = this.#serverSavedAt === undefined ? {} : { server_saved_at: this.#serverSavedAt };
    await this.#places.toBrowser({ ...draft, ...seen }).catch(() => {});
  }

  async saveToServer() {
    const drawing = this.#unsaved();
    if (!drawing) return;
    const { version } = drawing;
    try {
      const { saved_at } = await this.#places.toServer(this.#work(drawing), { keepalive: false });
      if (this.#drawing !== drawing) return;
      this.#savedVersion = version;
      this.#serverSavedAt = saved_at;
    } catch (error) {
      if (this.#drawing === drawing) await this.#places.onFailed(error);
    }
  }

  /** The drawing, if it has steps that the server should get now. */
  #unsaved() {
    return this.paused || this.#drawing?.version === this.#savedVersion ? null : this.#drawing;
  }

  /** @param {Drawing} drawing @returns {Work} */
  #work(drawing) {
    return { mask: drawing.pack(), activity: this.#places.activity() };
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
