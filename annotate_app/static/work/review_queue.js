/** Answers that wait for review: fetches a few ahead, with their photos, so that the next one shows at once. */

/**
 * An answer to review, as the server gives it.
 * @typedef {object} ReviewItem
 * @property {number} answer
 * @property {string} token says which state of the answer was shown
 * @property {string} question
 * @property {string} category
 * @property {number[]} bbox x, y, width, height, image px
 * @property {{url: string, sha256: string, width: number, height: number}} image
 * @property {string} rater
 * @property {import('../canvas/rle.js').PackedMask|null} mask null: skipped
 * @property {string|null} skip_reason
 * @property {string|null} skip_note
 * @property {number} active_ms
 * @property {boolean} reviewable
 * @property {Verdict|null} verdict
 * @property {string|null} comment
 * @property {[number, number][]} marks places that are wrong, image px: those of the verdict, then what the reviewer marks
 * @property {string|null} reply the rater's, to the verdict
 * @property {{reviewer: string, verdict: Verdict, comment: string, marks: [number, number][], reply: string|null}[]} earlier
 * @property {import('./drafts.js').Draft|null} draft the reviewer's unfinished repainting that the server keeps
 */

/** @typedef {'accepted'|'rejected'|'repainted'} Verdict */

/** Which answers to review. @typedef {Object<string, string|number|null>} Filters */

const AHEAD = 4;

export class ReviewQueue {
  /** Answers that wait, as the server last counted them. */
  waiting = 0;
  #api;
  #images;
  /** @type {Filters} */
  #wanted = {};
  /** @type {ReviewItem[]} */
  #items = [];
  #after = 0;
  /** The answer on the screen, and those whose verdict is being sent. @type {Set<number>} */
  #held = new Set();
  /** @type {Promise<void>|null} */
  #filling = null;
  #run = 0;

  /** @param {import('./api.js').Api} api @param {import('./images.js').Images} images */
  constructor(api, images) {
    this.#api = api;
    this.#images = images;
  }

  /** @param {Filters} wanted */
  restart(wanted) {
    this.#wanted = wanted;
    this.#items = [];
    this.#after = 0;
    this.#filling = null;
    this.#run += 1;
  }

  /** The photos of the answers ahead. */
  get images() {
    return this.#items.map((item) => item.image);
  }

  /** @returns {Promise<ReviewItem|null>} the next answer, or null if none is left */
  async next() {
    if (!this.#items.length) await this.#fill();
    const item = this.#items.shift() ?? null;
    if (item) this.#held.add(item.answer);
    if (item && this.#items.length < AHEAD / 2) this.#fill().catch(() => {});
    return item;
  }

  /** Puts an answer back, to come next. @param {ReviewItem} item */
  putBack(item) {
    this.#items.unshift(item);
    this.#held.delete(item.answer);
  }

  /** Releases an answer for other reviewers. @param {number} answer */
  letGo(answer) {
    this.#held.delete(answer);
  }

  /** One answer fewer waits. */
  countDown() {
    this.waiting = Math.max(0, this.waiting - 1);
  }

  #fill() {
    this.#filling ??= this.#ask(this.#run).finally(() => (this.#filling = null));
    return this.#filling;
  }

  /** @param {number} run the restart that asks */
  async #ask(run) {
    const keep = [...this.#items.map((item) => item.answer), ...this.#held];
    const body = { ...this.#wanted, after: this.#after, keep, limit: AHEAD };
    const { items, waiting } = await this.#api.review('next', body);
    if (run !== this.#run) return;
    this.waiting = waiting;
    this.#items.push(...items);
    this.#after = Math.max(this.#after, ...items.map((/** @type {ReviewItem} */ item) => item.answer));
    for (const { image } of items) this.#images.get(image).catch(() => {});
  }
}
