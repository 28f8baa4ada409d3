/**
 * What the rater sees: stacked canvases (photo, mask, reference mask, guides) as large as the screen area, drawn at
 * most once per frame and only where something changed. Nothing is ever read back from the canvases.
 */

import { rasterise } from './raster.js';
import { TileGrid } from './tiles.js';
import { Viewport } from './viewport.js';

/** @typedef {import('./raster.js').MaskStyle} MaskStyle */
/** @typedef {import('./tiles.js').Rect} Rect */
/** @typedef {import('./kernel.js').Point} Point */
/** @typedef {'image'|'others'|'mask'|'reference'|'guides'} Layer */

/** Outline of a reference mask; white is none of the mask's own colours. @type {import('./raster.js').Rgb} */
const REFERENCE = [255, 255, 255];

/** Outline of the person's other masks of the image. @type {import('./raster.js').Rgb} */
const OTHERS = [190, 190, 190];

const NOTHING_STALE = { image: false, others: false, mask: false, guides: false, reference: false };

export class View {
  viewport = new Viewport();
  #stage;
  #layers;
  /** @type {import('./photo.js').Photo|null} */
  #photo = null;
  /** @type {import('./drawing.js').Drawing|null} */
  #drawing = null;
  /** @type {Uint8Array|null} */
  #reference = null;
  /** @type {Uint8Array|null} */
  #others = null;
  #grid = new TileGrid(0, 0);
  /** @type {Omit<MaskStyle, 'thickness'>} */
  #style = { rgb: [0, 200, 255], fill: 0.5, outline: true };
  #drawGuides;
  #onChange;
  /** @type {Set<number>} */
  #dirtyTiles = new Set();
  #stale = { ...NOTHING_STALE };
  #frame = 0;
  #words = new Uint32Array(0);

  /**
   * @param {HTMLElement} stage the element that the canvases fill
   * @param {{drawGuides: (context: CanvasRenderingContext2D, view: View) => void, onChange: (view: View) => void}} hooks
   *     drawGuides paints the guide layer in device px; onChange follows every zoom, pan and resize
   */
  constructor(stage, { drawGuides, onChange }) {
    this.#stage = stage;
    this.#drawGuides = drawGuides;
    this.#onChange = onChange;
    this.#layers = { image: addLayer(stage, 'image'), others: addLayer(stage, 'others'), mask: addLayer(stage, 'mask'), reference: addLayer(stage, 'reference'), guides: addLayer(stage, 'guides') };
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
    this.#others = null;
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
    this.#others = null;
    this.moved();
  }

  /** @param {Uint8Array|null} mask of the same size, shown as an outline below the mask */
  showOthers(mask) {
    this.#others = mask;
    this.#mark('others');
  }

  /** Draws what is due at once rather than in the next frame, which then only has to be shown. */
  flush() {
    if (!this.#frame) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#draw();
  }

  /** @param {Partial<MaskStyle>} style of the mask */
  setMaskStyle(style) {
    this.#style = { ...this.#style, ...style };
    this.#mark('mask');
  }

  /** @param {boolean} visible whether the mask layer is shown */
  setMaskVisible(visible) {
    this.#layers.mask.canvas.hidden = !visible;
  }

  /** @param {string} filter CSS filter for the photo; what is saved does not depend on it */
  setImageFilter(filter) {
    this.#layers.image.canvas.style.filter = filter;
  }

  /** Call after changing the viewport. */
  moved() {
    this.#mark('image', 'others', 'mask', 'reference', 'guides');
    this.#onChange(this);
  }

  /** Pixels may have changed. @param {Int32Array} spans */
  touchSpans(spans) {
    this.#grid.forEach(spans, (index) => this.#dirtyTiles.add(index));
    this.#mark();
  }

  /** Pixels may have changed. @param {number[]} tiles */
  touchTiles(tiles) {
    for (const index of tiles) this.#dirtyTiles.add(index);
    this.#mark();
  }

  /** The guide layer may have changed. */
  touchGuides() {
    this.#mark('guides');
  }

  /** @param {number} clientX CSS px @param {number} clientY @returns {Point} device px within the stage */
  screenFromClient(clientX, clientY) {
    const box = this.#stage.getBoundingClientRect();
    return { x: (clientX - box.left) * this.ratio, y: (clientY - box.top) * this.ratio };
  }

  /** @param {number} clientX CSS px @param {number} clientY @returns {Point} whole image pixel at a point of the page */
  pixelFromClient(clientX, clientY) {
    const { x, y } = this.screenFromClient(clientX, clientY);
    return this.viewport.pixelAt(x, y);
  }

  /** @param {number} x @param {number} y @returns {Point} page coordinates (CSS px) of the centre of an image pixel */
  clientFromPixel(x, y) {
    const box = this.#stage.getBoundingClientRect();
    const at = this.viewport.screenOf(x + 0.5, y + 0.5);
    return { x: box.left + at.x / this.ratio, y: box.top + at.y / this.ratio };
  }

  /** @param {...Layer} layers to be drawn in the next frame */
  #mark(...layers) {
    for (const layer of layers) this.#stale[layer] = true;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** @param {ResizeObserverEntry|null} entry */
  #resize(entry) {
    let width = Math.round(this.#stage.clientWidth * devicePixelRatio);
    let height = Math.round(this.#stage.clientHeight * devicePixelRatio);
    // At a ratio of 1.5 rounding can be one pixel off, which would blur the canvases, so use the exact size if
    // there is one. (With an emulated ratio it is far off.)
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
    if (this.#stale.others) this.#drawOutline(this.#layers.others, this.#others, OTHERS, 1);
    if (this.#stale.reference) this.#drawOutline(this.#layers.reference, this.#reference, REFERENCE, 2);
    if (this.#stale.guides) {
      const context = this.#layers.guides;
      context.clearRect(0, 0, this.viewport.width, this.viewport.height);
      if (this.#drawing) this.#drawGuides(context, this);
    }
    this.#dirtyTiles.clear();
    this.#stale = { ...NOTHING_STALE };
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
    /** @type {Rect[]} */
    const rects = [];
    /** @type {Rect|null} */
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

  /** @param {Rect[]} rects */
  #drawMask(rects) {
    const context = this.#layers.mask;
    const { width, height } = this.viewport;
    if (!this.#drawing) {
      context.clearRect(0, 0, width, height);
      return;
    }
    const style = { ...this.#style, thickness: this.#outlineThickness() };
    for (const rect of rects) this.#put(context, this.#drawing, this.#drawing.mask, rect, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {Uint8Array|null} mask @param {import('./raster.js').Rgb} rgb @param {number} thickness CSS px */
  #drawOutline(context, mask, rgb, thickness) {
    const { width, height } = this.viewport;
    if (!this.#drawing || !mask) {
      context.clearRect(0, 0, width, height);
      return;
    }
    const style = { rgb, fill: 0, outline: true, thickness: thickness * this.#outlineThickness() };
    this.#put(context, this.#drawing, mask, { x: 0, y: 0, w: width, h: height }, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {{w: number, h: number}} size of the mask @param {Uint8Array} mask @param {Rect} rect @param {MaskStyle} style */
  #put(context, { w, h }, mask, rect, style) {
    if (rect.w <= 0 || rect.h <= 0) return;
    const size = rect.w * rect.h;
    if (this.#words.length < size) this.#words = new Uint32Array(size);
    rasterise(mask, w, h, this.viewport, rect, style, this.#words);
    const bytes = new Uint8ClampedArray(this.#words.buffer, 0, 4 * size);
    context.putImageData(new ImageData(bytes, rect.w, rect.h), rect.x, rect.y);
  }

  #outlineThickness() {
    return Math.max(1, Math.round(this.ratio));
  }
}

/** @param {HTMLElement} stage @param {Layer} name */
function addLayer(stage, name) {
  const canvas = document.createElement('canvas');
  canvas.className = `layer layer-${name}`;
  stage.append(canvas);
  const context = canvas.getContext('2d', { alpha: name !== 'image' });
  if (!context) throw new Error('this browser has no 2D canvas');
  return context;
}
