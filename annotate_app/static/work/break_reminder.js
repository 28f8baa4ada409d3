/** Suggests a break after some minutes of work. A pause between two inputs that is long enough is a break. */

/** ms without an input that count as a break. */
const BREAK = 5 * 60_000;

export class BreakReminder {
  #now;
  #began;
  #last;

  /** @param {() => number} now ms */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#began = now();
    this.#last = now();
  }

  /**
   * The rater did something.
   * @param {number} every minutes of work after which a break is suggested; 0: never
   * @returns {number|null} minutes of work, if it is time for a break
   */
  input(every) {
    const now = this.#now();
    if (now - this.#last >= BREAK) this.#began = now;
    this.#last = now;
    const worked = now - this.#began;
    if (!every || worked < every * 60_000) return null;
    this.#began = now; // not again before as much more work
    return Math.round(worked / 60_000);
  }
}
