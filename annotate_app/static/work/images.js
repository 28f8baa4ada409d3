/** Fetches and decodes photos ahead of time, so that the next question shows at once. */

import { decodePhoto, freePhoto } from '../canvas/photo.js';

/** @typedef {import('../canvas/photo.js').Photo} Photo */

export class Images {
  #api;
  /** @type {Map<string, Promise<Photo>>} by URL */
  #decoded = new Map();

  /** @param {import('./api.js').Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * @param {{url: string}} image
   * @returns {Promise<Photo>}
   */
  get({ url }) {
    const known = this.#decoded.get(url);
    if (known) return known;
    const decoding = this.#api.image(url).then(decodePhoto);
    // After a failure the next call tries again.
    decoding.catch(() => this.#decoded.delete(url));
    this.#decoded.set(url, decoding);
    return decoding;
  }

  /** Frees every photo but these. @param {{url: string}[]} images */
  keepOnly(images) {
    const urls = new Set(images.map((image) => image.url));
    for (const [url, decoding] of this.#decoded) {
      if (urls.has(url)) continue;
      this.#decoded.delete(url);
      decoding.then(freePhoto, () => {});
    }
  }
}
