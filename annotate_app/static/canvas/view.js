/**
 * What the rater sees: stacked canvases (photo, mask, reference mask, guides) as large as the screen area, drawn at most once per
 * frame and only where something changed. The canvases only show; nothing is ever read back from them.
 */

import { TileGrid } from './tiles.js';
import { Viewport } from './viewport.js';
import { rasterise } from './raster.js';

/** Outline of a reference mask; white is none of the mask's own colours. */
const REFERENCE = [255, 255, 255];

export class View {
  viewport = new Viewport();
  #stage;
  #layers = {};
  #photo = null;
  #drawing = null;
  #reference = null;
  #grid = null;
  #style = { rgb: [0, 200, 255], fill: 0.5, outline: true };
  #drawGuides;
  #onChange;
  #dirtyTiles = new Set();
  #stale = { image: false, mask: false, guides: false, reference: false };
  #frame = 0;
  #words = new Uint32Array(0);

  /**
   * @param {HTMLElement} stage the element that the canvases fill
   * @param {{drawGuides: (context: CanvasRenderingContext2D, view: View) => void, onChange: () => void}} hooks
   *     drawGuides paints the guide layer in device px; onChange follows every zoom, pan and resize
   */
  constructor(stage, { drawGuides, onChange }) {
    this.#stage = stage;
    this.#drawGuides = drawGuides;
    this.#onChange = onChange;
    for (const name of ['image', 'mask', 'reference', 'guides']) {
      const canvas = document.createElement('canvas');
      canvas.className = `layer layer-${name}`;
      stage.append(canvas);
      this.#layers[name] = canvas.getContext('2d', { alpha: name !== 'image' });
    }
    new ResizeObserver((entries) => this.#resize(entries[0])).observe(stage);
    // A window moved to another screen changes the pixel ratio, but not the stage.
    window.addEventListener('resize', () => this.#resize(null));
    this.#resize(null);
  }

  /** Device pixels per CSS pixel of the stage, as the browser really laid it out. */
  get ratio() {
    return this.viewport.width / Math.max(1, this.#stage.clientWidth);
  }

  /**
   * @param {import('./photo.js').Photo} photo
   * @param {import('./drawing.js').Drawing} drawing of the same size
   * @param {Uint8Array|null} reference another mask of that size, shown as an outline
   */
  show(photo, drawing, reference = null) {
    this.#photo = photo;
    this.#drawing = drawing;
    this.#reference = reference;
    this.#grid = new TileGrid(drawing.w, drawing.h);
    this.#dirtyTiles.clear();
    this.viewport.setImage(drawing.w, drawing.h);
    this.moved();
  }

  /** Shows nothing. */
  clear() {
    this.#photo = null;
    this.#drawing = null;
    this.#reference = null;
    this.moved();
  }

  /** Draws what is due at once rather than in the next frame, which then only has to be shown. */
  flush() {
    if (!this.#frame) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#draw();
  }

  /** @param {{rgb?: number[], fill?: number, outline?: boolean}} style of the mask; see rasterise */
  setMaskStyle(style) {
    this.#style = { ...this.#style, ...style };
    this.#mark('mask');
  }

  /** Hides or shows the mask layer. */
  setMaskVisible(visible) {
    this.#layers.mask.canvas.hidden = !visible;
  }

  /** @param {string} filter CSS filter for the photo; what is saved does not depend on it */
  setImageFilter(filter) {
    this.#layers.image.canvas.style.filter = filter;
  }

  /** Call after changing the viewport. */
  moved() {
    this.#mark('image', 'mask', 'reference', 'guides');
    this.#onChange();
  }

  touchSpans(spans) {
    this.#grid.forEach(spans, (index) => this.#dirtyTiles.add(index));
    this.#mark();
  }

  touchTiles(tiles) {
    for (const index of tiles) this.#dirtyTiles.add(index);
    this.#mark();
  }

  touchGuides() {
    this.#mark('guides');
  }

  /** @returns {{x: number, y: number}} device px within the stage, of a point in page coordinates (CSS px) */
  screenFromClient(clientX, clientY) {
    const box = this.#stage.getBoundingClientRect();
    return { x: (clientX - box.left) * this.ratio, y: (clientY - box.top) * this.ratio };
  }

  /** @returns {{x: number, y: number}} whole image pixel under a point in page coordinates (CSS px) */
  pixelFromClient(clientX, clientY) {
    const { x, y } = this.screenFromClient(clientX, clientY);
    return this.viewport.pixelAt(x, y);
  }

  /** @returns {{x: number, y: number}} page coordinates (CSS px) of the middle of an image pixel */
  clientFromPixel(x, y) {
    const box = this.#stage.getBoundingClientRect();
    const at = this.viewport.screenOf(x + 0.5, y + 0.5);
    return { x: box.left + at.x / this.ratio, y: box.top + at.y / this.ratio };
  }

  #mark(...layers) {
    for (const layer of layers) this.#stale[layer] = true;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #resize(entry) {
    let width = Math.round(this.#stage.clientWidth * devicePixelRatio);
    let height = Math.round(this.#stage.clientHeight * devicePixelRatio);
    // At a ratio of 1.5 rounding can be one pixel off, which would blur the canvases, so take the exact size where it is
    // told. (An emulated ratio does not reach it: then it is not even near.)
    const exact = entry?.devicePixelContentBoxSize?.[0];
    if (exact && Math.abs(exact.inlineSize - width) <= 1 && Math.abs(exact.blockSize - height) <= 1) {
      width = exact.inlineSize;
      height = exact.blockSize;
    }
    if (width < 1 || height < 1) return;
    for (const { canvas } of Object.values(this.#layers)) {
      canvas.width = width;
      canvas.height = height;
    }
    this.viewport.resize(width, height);
    this.moved();
  }

  #draw() {
    if (this.#stale.image) this.#drawImage();
    if (this.#stale.mask) this.#drawMask([{ x: 0, y: 0, w: this.viewport.width, h: this.viewport.height }]);
    else if (this.#dirtyTiles.size) this.#drawMask(this.#dirtyRects());
    if (this.#stale.reference) this.#drawReference();
    if (this.#stale.guides) {
      const context = this.#layers.guides;
      context.clearRect(0, 0, this.viewport.width, this.viewport.height);
      if (this.#drawing) this.#drawGuides(context, this);
    }
    this.#dirtyTiles.clear();
    this.#stale = { image: false, mask: false, guides: false, reference: false };
  }

  #drawImage() {
    const context = this.#layers.image;
    const { width, height, scale, x, y, imageWidth, imageHeight } = this.viewport;
    context.fillStyle = getComputedStyle(this.#stage).backgroundColor;
    context.fillRect(0, 0, width, height);
    if (!this.#photo) return;
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = 'medium';
    // The smallest that is not enlarged, so nothing that could be seen is lost.
    const level = Math.floor(Math.log2(1 / Math.min(1, scale)));
    const source = this.#photo.levels[Math.min(level, this.#photo.levels.length - 1)];
    context.drawImage(source, x, y, imageWidth * scale, imageHeight * scale);
  }

  /** Screen rectangles of the tiles to redraw; neighbours in a row are joined. */
  #dirtyRects() {
    const rects = [];
    let last = null;
    for (const index of [...this.#dirtyTiles].sort((a, b) => a - b)) {
      const tile = this.#grid.rect(index);
      if (last && last.y === tile.y && last.x + last.w === tile.x) last.w += tile.w;
      else rects.push((last = tile));
    }
    const rim = this.#outlineThickness() + 1; // the outline of a neighbouring tile can change as well
    return rects.map((tile) => {
      const from = this.viewport.screenOf(tile.x, tile.y);
      const to = this.viewport.screenOf(tile.x + tile.w, tile.y + tile.h);
      const x = Math.max(0, Math.floor(from.x) - rim);
      const y = Math.max(0, Math.floor(from.y) - rim);
      const right = Math.min(this.viewport.width, Math.ceil(to.x) + rim);
      const bottom = Math.min(this.viewport.height, Math.ceil(to.y) + rim);
      return { x, y, w: right - x, h: bottom - y };
    });
  }

  #drawMask(rects) {
    const context = this.#layers.mask;
    const { width, height } = this.viewport;
    if (!this.#drawing) {
      context.clearRect(0, 0, width, height);
      return;
    }
    const style = { ...this.#style, thickness: this.#outlineThickness() };
    for (const rect of rects) this.#put(context, this.#drawing.mask, rect, style);
  }

  #drawReference() {
    const context = this.#layers.reference;
    const { width, height } = this.viewport;
    if (!this.#reference) {
      context.clearRect(0, 0, width, height);
      return;
    }
    const style = { rgb: REFERENCE, fill: 0, outline: true, thickness: 2 * this.#outlineThickness() };
    this.#put(context, this.#reference, { x: 0, y: 0, w: width, h: height }, style);
  }

  #put(context, mask, rect, style) {
    if (rect.w <= 0 || rect.h <= 0) return;
    const size = rect.w * rect.h;
    if (this.#words.length < size) this.#words = new Uint32Array(size);
    rasterise(mask, this.#drawing.w, this.#drawing.h, this.viewport, rect, style, this.#words);
    const bytes = new Uint8ClampedArray(this.#words.buffer, 0, 4 * size);
    context.putImageData(new ImageData(bytes, rect.w, rect.h), rect.x, rect.y);
  }

  #outlineThickness() {
    return Math.max(1, Math.round(this.ratio));
  }
}
