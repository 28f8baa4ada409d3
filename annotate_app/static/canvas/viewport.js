/**
 * Where the image lies on the screen. Lengths on the screen are device pixels; `scale` is device pixels per image
 * pixel; image coordinates put pixel (i, j) on the square [i, i+1) x [j, j+1).
 */

/** Most device pixels per image pixel. */
export const MAX_SCALE = 64;

/** How much of the image must stay on the screen, device px. */
const KEEP_VISIBLE = 64;

/** A position this close to the edge of a pixel lies on the edge, image px: zooming leaves rounding errors. */
const EDGE = 1e-9;

/**
 * The pixel of a row or column that a position lies on; on an edge, the pixel that begins there.
 * @param {number} place image px
 */
export function wholePixel(place) {
  return Math.floor(place + EDGE);
}

/** @typedef {import('./kernel.js').Point} Point */

export class Viewport {
  width = 1;
  height = 1;
  imageWidth = 1;
  imageHeight = 1;
  scale = 1;
  x = 0; // screen position of the image's top left corner
  y = 0;

  /** @param {number} width device px @param {number} height device px */
  resize(width, height) {
    const fitted = this.scale === this.#fitScale();
    // What was in the middle stays in the middle.
    this.x += (width - this.width) / 2;
    this.y += (height - this.height) / 2;
    this.width = width;
    this.height = height;
    if (fitted) this.fit();
    else this.#keepInside();
  }

  /** @param {number} w px @param {number} h px */
  setImage(w, h) {
    this.imageWidth = w;
    this.imageHeight = h;
    this.fit();
  }

  /** Shows the whole image. */
  fit() {
    this.scale = this.#fitScale();
    this.#centre(this.imageWidth / 2, this.imageHeight / 2);
  }

  /** Shows a part of the image, with some of its surroundings. @param {number[]} box [x, y, w, h], image px */
  zoomTo([x, y, w, h]) {
    const around = 1.3;
    const wanted = Math.min(this.width / (Math.max(w, 8) * around), this.height / (Math.max(h, 8) * around));
    this.scale = this.#clampScale(wanted);
    this.#centre(x + w / 2, y + h / 2);
  }

  /**
   * Zooms so that the image point under a screen point stays there.
   * @param {number} factor @param {number} screenX device px @param {number} screenY device px
   */
  zoomAt(factor, screenX, screenY) {
    const scale = this.#clampScale(this.scale * factor);
    const ratio = scale / this.scale;
    this.x = screenX - (screenX - this.x) * ratio;
    this.y = screenY - (screenY - this.y) * ratio;
    this.scale = scale;
    this.#keepInside();
  }

  /** Shows one image pixel on one device pixel, about the middle of the screen. */
  actualSize() {
    this.zoomAt(1 / this.scale, this.width / 2, this.height / 2);
  }

  /** @param {number} dx device px @param {number} dy device px */
  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#keepInside();
  }

  /**
   * The whole image pixel under a screen point, possibly outside the image.
   * @param {number} screenX device px @param {number} screenY device px @returns {Point}
   */
  pixelAt(screenX, screenY) {
    return { x: wholePixel((screenX - this.x) / this.scale), y: wholePixel((screenY - this.y) / this.scale) };
  }

  /** @param {number} imageX @param {number} imageY @returns {Point} screen position of an image point, device px */
  screenOf(imageX, imageY) {
    return { x: imageX * this.scale + this.x, y: imageY * this.scale + this.y };
  }

  #fitScale() {
    const margin = 0.96;
    const scale = margin * Math.min(this.width / this.imageWidth, this.height / this.imageHeight);
    return Math.min(scale, MAX_SCALE);
  }

  /** @param {number} scale */
  #clampScale(scale) {
    return Math.min(MAX_SCALE, Math.max(Math.min(1, this.#fitScale() / 2), scale));
  }

  /** @param {number} imageX @param {number} imageY */
  #centre(imageX, imageY) {
    this.x = this.width / 2 - imageX * this.scale;
    this.y = this.height / 2 - imageY * this.scale;
  }

  #keepInside() {
    /** @param {number} offset @param {number} image @param {number} screen */
    const limit = (offset, image, screen) => Math.min(screen - KEEP_VISIBLE, Math.max(KEEP_VISIBLE - image, offset));
    this.x = limit(this.x, this.imageWidth * this.scale, this.width);
    this.y = limit(this.y, this.imageHeight * this.scale, this.height);
  }
}
