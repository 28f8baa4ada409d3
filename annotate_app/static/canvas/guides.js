/** The guide layer: the question's box, the path a tool is about to paint, and the ring at the pointer. */

import { segmentSpans } from './kernel.js';

/** @typedef {import('./kernel.js').Point} Point */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{viewport: import('./viewport.js').Viewport, ratio: number}} View */

/**
 * A path that is about to be painted.
 * @typedef {object} Preview
 * @property {Point[]} points image px
 * @property {number} size diameter, image px
 * @property {boolean} [closed] whether the end is joined to the beginning
 * @property {Point[]} [corners] shown as squares, image px
 */

/**
 * What the guide layer shows.
 * @typedef {object} Guides
 * @property {number[]|null} box [x, y, w, h], image px
 * @property {Preview[]} previews
 * @property {Point[]} marks places that a reviewer marked, numbered from 1, image px
 * @property {Point[]} earlierMarks likewise, of an earlier review; drawn dark
 * @property {Point|null} pointer image px
 * @property {number} size diameter of the ring at the pointer, image px; 0: no ring
 * @property {boolean} erases whether the pointer erases: the ring is dashed, with a minus sign beside it
 */

const DARK = 'rgba(0, 0, 0, 0.65)';
const LIGHT = 'rgba(255, 255, 255, 0.95)';
const BOX = '#ffd60a';
const MARK = '#c1121f';
const MARK_RADIUS = 10; // CSS px
const DASHES = [4, 4];

/** From this scale on single pixels can be seen, and the ring follows their edges, device px per image px. */
const PIXELS_SHOW = 4;

/**
 * @param {Context} context device px
 * @param {View} view
 * @param {Guides} guides
 */
export function drawGuides(context, view, { box, previews, marks, earlierMarks, pointer, size, erases }) {
  if (box) drawBox(context, view, box);
  for (const preview of previews) drawPreview(context, view, preview);
  earlierMarks.forEach((mark, i) => drawMark(context, view, mark, i + 1, DARK));
  marks.forEach((mark, i) => drawMark(context, view, mark, i + 1, MARK));
  if (pointer && size) drawRing(context, view, pointer, size, erases);
}

/** Strokes the current path so that it shows on any photo. @param {Context} context @param {number} ratio @param {string} colour @param {number[]} dash */
function strokeTwice(context, ratio, colour, dash = []) {
  context.setLineDash([]);
  context.lineWidth = 3 * ratio;
  context.strokeStyle = DARK;
  context.stroke();
  context.setLineDash(dash.map((length) => length * ratio));
  context.lineWidth = 1.4 * ratio;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

/** @param {Context} context @param {View} view @param {number[]} box [x, y, w, h], image px */
function drawBox(context, { viewport, ratio }, [x, y, w, h]) {
  const from = viewport.screenOf(x, y);
  const to = viewport.screenOf(x + w, y + h);
  context.beginPath();
  context.rect(from.x, from.y, to.x - from.x, to.y - from.y);
  strokeTwice(context, ratio, BOX);
}

/** A disc with a number, beside the place that it marks with a point. @param {Context} context @param {View} view @param {Point} mark image px @param {number} number @param {string} colour */
function drawMark(context, { viewport, ratio }, { x, y }, number, colour) {
  const place = viewport.screenOf(x + 0.5, y + 0.5);
  const radius = MARK_RADIUS * ratio;
  const centre = { x: place.x + radius * 1.2, y: place.y - radius * 1.2 };
  context.beginPath();
  context.moveTo(place.x, place.y);
  context.lineTo(centre.x, centre.y);
  strokeTwice(context, ratio, LIGHT);
  context.beginPath();
  context.arc(place.x, place.y, 2.5 * ratio, 0, 2 * Math.PI);
  strokeTwice(context, ratio, LIGHT);
  context.beginPath();
  context.arc(centre.x, centre.y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  strokeTwice(context, ratio, LIGHT);
  context.fillStyle = LIGHT;
  context.font = `bold ${12 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(String(number), centre.x, centre.y);
}

/** @param {Context} context @param {View} view @param {Preview} preview */
function drawPreview(context, { viewport, ratio }, { points, size, closed = false, corners = [] }) {
  /** @param {Point} point */
  const onScreen = ({ x, y }) => viewport.screenOf(x + 0.5, y + 0.5);
  const path = points.map(onScreen);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  for (const point of path) context.lineTo(point.x, point.y);
  if (path.length === 1) context.lineTo(path[0].x, path[0].y);
  const width = size * viewport.scale;
  if (width > 4 * ratio) {
    context.lineWidth = width;
    context.strokeStyle = 'rgba(255, 255, 255, 0.35)';
    context.stroke();
  }
  strokeTwice(context, ratio, LIGHT);
  if (closed && path.length > 2) {
    context.beginPath();
    context.moveTo(path[path.length - 1].x, path[path.length - 1].y);
    context.lineTo(path[0].x, path[0].y);
    strokeTwice(context, ratio, LIGHT, DASHES);
  }
  corners.map(onScreen).forEach(({ x, y }, i) => {
    const side = (i === 0 ? 9 : 6) * ratio;
    context.beginPath();
    context.rect(x - side / 2, y - side / 2, side, side);
    context.fillStyle = LIGHT;
    strokeTwice(context, ratio, LIGHT);
    context.fill();
  });
}

/** @param {Context} context @param {View} view @param {Point} pointer @param {number} size image px @param {boolean} erases */
function drawRing(context, { viewport, ratio }, pointer, size, erases) {
  const centre = viewport.screenOf(pointer.x + 0.5, pointer.y + 0.5);
  // Half a pixel more than the radius: the outermost pixels are painted whole.
  const radius = (size / 2 + 0.5) * viewport.scale;
  context.beginPath();
  if (viewport.scale >= PIXELS_SHOW) {
    for (const { x, y } of dabOutline(size)) {
      const at = viewport.screenOf(pointer.x + x, pointer.y + y);
      context.lineTo(at.x, at.y);
    }
    context.closePath();
  } else {
    context.arc(centre.x, centre.y, radius, 0, 2 * Math.PI);
  }
  strokeTwice(context, ratio, LIGHT, erases ? DASHES : []);
  if (!erases) return;
  const beside = radius * Math.SQRT1_2 + 4 * ratio;
  context.beginPath();
  context.moveTo(centre.x + beside, centre.y + beside);
  context.lineTo(centre.x + beside + 8 * ratio, centre.y + beside);
  strokeTwice(context, ratio, LIGHT);
}

/** @type {{size: number, outline: Point[]}} */
let cached = { size: 0, outline: [] };

/** Corners of the exact pixels that one dab sets, image px relative to the pointer's pixel. @param {number} size diameter */
function dabOutline(size) {
  if (cached.size === size) return cached.outline;
  const middle = size;
  const side = 2 * size + 1;
  const spans = segmentSpans(side, side, middle, middle, middle, middle, size);
  /** @type {Point[]} */
  const left = [];
  /** @type {Point[]} */
  const right = [];
  for (let i = 0; i < spans.length; i += 3) {
    const y = spans[i] - middle;
    const x0 = spans[i + 1] - middle;
    const x1 = spans[i + 2] - middle;
    right.push({ x: x1, y }, { x: x1, y: y + 1 });
    left.push({ x: x0, y }, { x: x0, y: y + 1 });
  }
  cached = { size, outline: [...right, ...left.reverse()] };
  return cached.outline;
}
