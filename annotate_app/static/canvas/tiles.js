/**
 * The image cut into square tiles. Undo and redraw both work by tile, because the single bounding rectangle of one
 * long diagonal stroke is the whole image.
 */

/** Side of a tile, px. */
export const TILE = 128;

/** @typedef {{x: number, y: number, w: number, h: number}} Rect px */

export class TileGrid {
  /**
   * @param {number} w image width, px
   * @param {number} h image height, px
   */
  constructor(w, h) {
    this.w = w;
    this.h = h;
    this.columns = Math.ceil(w / TILE);
    this.rows = Math.ceil(h / TILE);
  }

  /**
   * The pixels of a tile; tiles at the right and bottom edges are smaller.
   * @param {number} index
   * @returns {Rect}
   */
  rect(index) {
    const x = (index % this.columns) * TILE;
    const y = Math.floor(index / this.columns) * TILE;
    return { x, y, w: Math.min(TILE, this.w - x), h: Math.min(TILE, this.h - y) };
  }

  /**
   * Calls `visit(index)` for the tiles that spans touch. A tile may be visited more than once.
   * @param {Int32Array} spans (y, x0, x1) triples
   * @param {(index: number) => void} visit
   */
  forEach(spans, visit) {
    let lastFrom = -1;
    let lastTo = -1;
    for (let i = 0; i < spans.length; i += 3) {
      const row = Math.floor(spans[i] / TILE) * this.columns;
      const from = row + Math.floor(spans[i + 1] / TILE);
      const to = row + Math.floor((spans[i + 2] - 1) / TILE);
      // The next row of a stroke nearly always lies in the same tiles.
      if (from === lastFrom && to === lastTo) continue;
      for (let index = from; index <= to; index++) visit(index);
      lastFrom = from;
      lastTo = to;
    }
  }
}
