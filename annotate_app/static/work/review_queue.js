/** Answers that wait for review: a few ahead, with their photos, so that the next one shows at once. */

const AHEAD = 4;

export class ReviewQueue {
  /** Answers that wait, as the server last counted them. */
  waiting = 0;
  #api;
  #images;
  #wanted = {};
  #items = [];
  #after = 0;
  #held = new Set(); // answers on the screen, and those whose verdict is on its way
  #filling = null;
  #run = 0;

  /** @param {import('./api.js').Api} api @param {import('./images.js').Images} images */
  constructor(api, images) {
    this.#api = api;
    this.#images = images;
  }

  /** @param {{rater: string|null, category_id: number|null, size: string|null, attention: string|null}} wanted */
  restart(wanted) {
    this.#wanted = wanted;
    this.#items = [];
    this.#after = 0;
    this.#filling = null;
    this.#run += 1;
  }

  /** Photos that will be needed. */
  get images() {
    return this.#items.map((item) => item.image);
  }

  /** @returns {Promise<object|null>} the next answer, or null where none is left */
  async next() {
    if (!this.#items.length) await this.#fill();
    const item = this.#items.shift() ?? null;
    if (item) this.#held.add(item.answer);
    if (item && this.#items.length < AHEAD / 2) this.#fill().catch(() => {});
    return item;
  }

  /** Comes next again. @param {object} item */
  putBack(item) {
    this.#items.unshift(item);
    this.#held.delete(item.answer);
  }

  /** It need not be kept for this reviewer any longer. @param {number} answer */
  letGo(answer) {
    this.#held.delete(answer);
  }

  /** One answer less waits. */
  countDown() {
    this.waiting = Math.max(0, this.waiting - 1);
  }

  #fill() {
    this.#filling ??= this.#ask(this.#run).finally(() => (this.#filling = null));
    return this.#filling;
  }

  async #ask(run) {
    const keep = [...this.#items.map((item) => item.answer), ...this.#held];
    const body = { ...this.#wanted, after: this.#after, keep, limit: AHEAD };
    const { items, waiting } = await this.#api.review('next', body);
    if (run !== this.#run) return;
    this.waiting = waiting;
    this.#items.push(...items);
    this.#after = Math.max(this.#after, ...items.map((item) => item.answer));
    for (const { image } of items) this.#images.get(image).catch(() => {});
  }
}
