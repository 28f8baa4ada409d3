/** Photos, fetched and decoded ahead of time, so that the next question shows at once. */

/** A photo with more pixels is kept at half and a quarter of its sides as well: scaling all of it takes several frames. */
const LARGE = 4_000_000;

/**
 * A decoded photo.
 * @typedef {object} Photo
 * @property {number} width px
 * @property {number} height px
 * @property {ImageBitmap[]} levels the photo, and where it is large, at half and at a quarter of its width and height
 */

export class Images {
  #api;
  #decoded = new Map(); // url -> Promise<Photo>

  /** @param {import('./api.js').Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * @param {{url: string}} image
   * @returns {Promise<Photo>}
   */
  get({ url }) {
    if (!this.#decoded.has(url)) {
      const decoding = this.#api.image(url).then(decode);
      // A failure must not stick: the next call tries again.
      decoding.catch(() => this.#decoded.delete(url));
      this.#decoded.set(url, decoding);
    }
    return this.#decoded.get(url);
  }

  /** Frees every photo but these. @param {{url: string}[]} images */
  keepOnly(images) {
    const urls = new Set(images.map((image) => image.url));
    for (const [url, decoding] of this.#decoded) {
      if (urls.has(url)) continue;
      this.#decoded.delete(url);
      decoding.then(free, () => {});
    }
  }
}

async function decode(blob) {
  const full = await createImageBitmap(blob);
  const { width, height } = full;
  const levels = [full];
  if (width * height > LARGE) {
    const size = (n) => ({ resizeWidth: Math.ceil(width / n), resizeHeight: Math.ceil(height / n), resizeQuality: 'medium' });
    // From the file once more, not from the bitmap: that way it happens beside the painting, not between two strokes.
    const half = await createImageBitmap(blob, size(2));
    levels.push(half, await createImageBitmap(half, size(4)));
  }
  return { width, height, levels };
}

function free({ levels }) {
  for (const level of levels) level.close();
}
