/** Fetches and decodes photos ahead of time, so that the next question shows at once. */

import { decodePhoto, freePhoto } from '../canvas/photo.js';
import { t } from '../texts/texts.js';
import { ApiError } from './api.js';

/** @typedef {import('../canvas/photo.js').Photo} Photo */

/** A photo that cannot be painted on; its message is for the rater. */
export class PhotoError extends Error {}

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

  /**
   * The photo of a question.
   * @param {{url: string, width: number, height: number}} image
   * @returns {Promise<Photo>}
   * @throws {PhotoError} it cannot be loaded, or has another size
   */
  async getAsked(image) {
    let photo;
    try {
      photo = await this.get(image);
    } catch (error) {
      const refused = error instanceof ApiError;
      if (refused && error.signedOut) throw error;
      throw new PhotoError(t('session.photo_not_loaded', { reason: refused ? error.message : t('session.photo_damaged') }));
    }
    if (photo.width === image.width && photo.height === image.height) return photo;
    // Painting on a photo of another size or rotation would give a mask that fits nothing.
    throw new PhotoError(t('session.photo_size', { here: `${photo.width} × ${photo.height}`, asked: `${image.width} × ${image.height}` }));
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
