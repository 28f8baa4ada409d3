/**
 * Measures how the time on a question was spent. Every moment is exactly one of
 *   active  the tab is visible and the rater's inputs lie less than 30 s apart,
 *   idle    the tab is visible but a pause between inputs reached 30 s (the whole pause counts as idle),
 *   hidden  the tab is not visible,
 * and wall is their sum. It also counts what was done.
 */

import { TOOLS } from '../tools/list.js';

/** @typedef {import('../tools/tool.js').Counter} Counter */

/**
 * How an answer was made.
 * @typedef {{wall_ms: number, active_ms: number, idle_ms: number, hidden_ms: number, strokes: number, lines: number,
 *     fills: number, erases: number, undos: number, zooms: number}} Activity whole ms, and counts
 */

/** A pause between two inputs from this length on is idle, ms. */
export const IDLE_AFTER = 30_000;

/** The counters of all tools, and of the commands. @type {Counter[]} */
export const COUNTERS = [...new Set([...TOOLS.flatMap(({ counter }) => counter ?? []), /** @type {const} */ ('undos'), /** @type {const} */ ('zooms')])];

export class Clock {
  #now;
  /** @type {Omit<Activity, 'wall_ms'>} */
  #totals;
  #mark; // end of the last accounted moment
  #visible;

  /**
   * Starts counting; showing the question counts as the first input.
   * @param {{now?: () => number, visible?: boolean, earlier?: Partial<Activity>|null}} options now: a monotonic clock, ms;
   *     earlier: a snapshot of earlier work on the same question, to which this clock adds
   */
  constructor({ now = () => performance.now(), visible = true, earlier = null } = {}) {
    this.#now = now;
    this.#visible = visible;
    this.#mark = now();
    const from = (/** @type {keyof Activity} */ name) => Math.max(0, Number.isFinite(earlier?.[name]) ? Number(earlier?.[name]) : 0);
    const counts = /** @type {Record<Counter, number>} */ (Object.fromEntries(COUNTERS.map((name) => [name, from(name)])));
    this.#totals = { active_ms: from('active_ms'), idle_ms: from('idle_ms'), hidden_ms: from('hidden_ms'), ...counts };
  }

  /** The rater did something: moved the pointer, pressed a key, turned the wheel. */
  input() {
    this.#account(this.#totals);
    this.#mark = this.#now();
  }

  /** The tab was shown or hidden; both end a pause, as an input does. @param {boolean} visible */
  setVisible(visible) {
    if (visible === this.#visible) return;
    this.input();
    this.#visible = visible;
  }

  /** @param {Counter} name */
  count(name) {
    this.#totals[name] += 1;
  }

  /** ms since the last input, or since the tab was shown or hidden. */
  get sinceInput() {
    return this.#now() - this.#mark;
  }

  /**
   * The totals so far, without ending the pause in progress.
   * @returns {Activity}
   */
  snapshot() {
    const totals = { ...this.#totals };
    this.#account(totals);
    for (const name of /** @type {const} */ (['active_ms', 'idle_ms', 'hidden_ms'])) totals[name] = Math.round(totals[name]);
    return { wall_ms: totals.active_ms + totals.idle_ms + totals.hidden_ms, ...totals };
  }

  /** @param {Omit<Activity, 'wall_ms'>} totals get the time since the last input */
  #account(totals) {
    const gap = this.sinceInput;
    if (!this.#visible) totals.hidden_ms += gap;
    else if (gap < IDLE_AFTER) totals.active_ms += gap;
    else totals.idle_ms += gap;
  }
}
