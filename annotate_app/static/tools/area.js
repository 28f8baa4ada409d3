import { polygonSpans } from '../canvas/kernel.js';
import { Tool } from './tool.js';

/** What lasso and polygon share: a path whose outline (one pixel wide) and inside are painted together. */
export class AreaTool extends Tool {
  /** @type {import('./tool.js').Point[]} */
  points = [];
  /** @type {0|1} */
  value = 1;

  /** Closes the path and paints it. */
  finish() {
    const { drawing } = this.desk;
    const { points } = this;
    points.forEach((point, i) => this.segment(point, points[(i + 1) % points.length], 1, this.value));
    drawing.write(polygonSpans(drawing.w, drawing.h, points), this.value);
    this.desk.last = points[points.length - 1];
    this.count(this.value);
    drawing.commit();
    this.reset();
  }

  cancel() {
    this.reset();
  }

  reset() {
    this.active = false;
    this.points = [];
  }
}
