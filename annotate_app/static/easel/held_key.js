/** A key that switches something for as long as it is held; pressed shortly, it switches for good. */

/** Shorter presses are not held, ms. */
const HELD = 300;

export class HeldKey {
  #now;
  /** @type {{code: string, time: number, used: boolean, back: () => void}|null} */
  #held = null;

  /** @param {() => number} now ms */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** A key was pressed that switches something. @param {string} code of the key @param {() => void} back switches back */
  press(code, back) {
    this.#held = { code, time: this.#now(), used: false, back };
  }

  /** What it switched to was used: the key is held, however shortly. */
  use() {
    if (this.#held) this.#held.used = true;
  }

  /** @param {string|null} code of the key that was released; null: every key */
  release(code) {
    const held = this.#held;
    if (!held || (code !== null && code !== held.code)) return;
    this.#held = null;
    if (held.used || this.#now() - held.time >= HELD) held.back();
  }
}
