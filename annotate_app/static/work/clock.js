/**
 * How the time on a question was spent. Every moment is exactly one of
 *   active  the tab is visible and the rater's inputs lie less than 30 s apart,
 *   idle    the tab is visible but a pause between inputs reached 30 s (the whole pause counts as idle),
 *   hidden  the tab is not visible,
 * and wall is their sum. Beside the times it counts what was done.
 */

/** A pause between two inputs from this length on is idle, ms. */
export const IDLE_AFTER = 30_000;

const COUNTS = ['strokes', 'lines', 'fills', 'erases', 'undos', 'zooms'];

export class Clock {
  #now;
  #totals;
  #mark; // end of the last accounted moment
  #visible;

  /**
   * Starts counting; showing the question counts as the first input.
   * @param {{now?: () => number, visible?: boolean, earlier?: object}} options now: a monotonic clock in ms; earlier: a
   *     snapshot of previous work on the same question, to which this clock adds
   */
  constructor({ now = () => performance.now(), visible = true, earlier = null } = {}) {
    this.#now = now;
    this.#visible = visible;
    this.#mark = now();
    this.#totals = { active_ms: 0, idle_ms: 0, hidden_ms: 0 };
    for (const name of COUNTS) this.#totals[name] = 0;
    for (const name of Object.keys(this.#totals)) {
      const value = earlier?.[name];
      if (Number.isFinite(value) && value > 0) this.#totals[name] = value;
    }
  }

  /** The rater did something: moved the pointer, pressed a key, turned the wheel. */
  input() {
    this.#account(this.#totals);
    this.#mark = this.#now();
  }

  /** The tab was shown or hidden. Leaving and coming back are things the rater did, so both end a pause. */
  setVisible(visible) {
    if (visible === this.#visible) return;
    this.input();
    this.#visible = visible;
  }

  /** @param {'strokes'|'lines'|'fills'|'erases'|'undos'|'zooms'} name */
  count(name) {
    this.#totals[name] += 1;
  }

  /** ms since the last input, or since the tab was shown or hidden. */
  get sinceInput() {
    return this.#now() - this.#mark;
  }

  /**
   * The account up to now, without ending the pause in progress.
   * @returns {{wall_ms: number, active_ms: number, idle_ms: number, hidden_ms: number, strokes: number, lines: number,
   *     fills: number, erases: number, undos: number, zooms: number}} whole ms and counts
   */
  snapshot() {
    const totals = { ...this.#totals };
    this.#account(totals);
    for (const name of ['active_ms', 'idle_ms', 'hidden_ms']) totals[name] = Math.round(totals[name]);
    return { wall_ms: totals.active_ms + totals.idle_ms + totals.hidden_ms, ...totals };
  }

  #account(totals) {
    const gap = this.sinceInput;
    if (!this.#visible) totals.hidden_ms += gap;
    else if (gap < IDLE_AFTER) totals.active_ms += gap;
    else totals.idle_ms += gap;
  }
}
