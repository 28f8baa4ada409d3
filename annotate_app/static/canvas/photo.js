/** Decodes photos for the screen. */

/** A photo with more pixels is kept at half and a quarter of its sides as well: scaling all of it takes several frames. */
const LARGE = 4_000_000;

/**
 * A decoded photo.
 * @typedef {object} Photo
 * @property {number} width px
 * @property {number} height px
 * @property {ImageBitmap[]} levels the photo, and where it is large, at half and at a quarter of its width and height
 */

/** @param {Blob} blob an image file @returns {Promise<Photo>} */
export async function decodePhoto(blob) {
  const full = await createImageBitmap(blob);
  const { width, height } = full;
  const levels = [full];
  if (width * height > LARGE) {
    /** @param {number} n @returns {ImageBitmapOptions} */
    const size = (n) => ({ resizeWidth: Math.ceil(width / n), resizeHeight: Math.ceil(height / n), resizeQuality: 'medium' });
    // Decoded from the file again, not scaled from the bitmap: this runs beside the painting, not between two strokes.
    const half = await createImageBitmap(blob, size(2));
    levels.push(half, await createImageBitmap(half, size(4)));
  }
  return { width, height, levels };
}

/** @param {Photo} photo no longer shown */
export function freePhoto({ levels }) {
  for (const level of levels) level.close();
}
