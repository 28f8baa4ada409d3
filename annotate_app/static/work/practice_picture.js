/**
 * The picture of the practice: drawn here, pixel by pixel, so that the right answer is known to the pixel. A mug with a
 * handle, whose hole shows the background, stands behind a pencil that covers a part of it.
 */

const WIDTH = 960;
const HEIGHT = 640;

/** @typedef {import('../canvas/raster.js').Rgb} Rgb */

/** Whether a pixel is inside an ellipse. @param {number} x @param {number} y @param {number} cx @param {number} cy @param {number} rx @param {number} ry */
const inEllipse = (x, y, cx, cy, rx, ry) => ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;

/** @param {number} x @param {number} y */
function inMug(x, y) {
  const body = x >= 340 && x <= 560 && y >= 220 && y <= 460;
  const ends = inEllipse(x, y, 450, 220, 110, 34) || inEllipse(x, y, 450, 460, 110, 34);
  const handle = x > 555 && inEllipse(x, y, 565, 335, 95, 85) && !inEllipse(x, y, 565, 335, 55, 48);
  return body || ends || handle;
}

/** @param {number} x @param {number} y */
function inPencil(x, y) {
  const along = (x - 260) * 0.8 + (y - 560) * -0.6;
  const across = (x - 260) * 0.6 + (y - 560) * 0.8;
  return along >= 0 && along <= 330 && Math.abs(across) <= 13;
}

/** @param {number} x @param {number} y @returns {Rgb} */
function colourAt(x, y) {
  const light = 1 - 0.25 * (x / WIDTH) - 0.1 * (y / HEIGHT);
  /** @type {(rgb: Rgb) => Rgb} */
  const lit = ([r, g, b]) => [r * light, g * light, b * light];
  if (inPencil(x, y)) return lit([225, 170, 40]);
  if (inMug(x, y)) {
    const round = 1 - 0.45 * Math.abs((x - 430) / 150) ** 2;
    if (inEllipse(x, y, 450, 220, 92, 24)) return lit([75, 50, 38]);
    return lit([190 * Math.max(0.45, round), 70 * Math.max(0.45, round), 62 * Math.max(0.45, round)]);
  }
  return y > 440 ? lit([150, 120, 90]) : lit([196, 206, 210]);
}

/**
 * @returns {{width: number, height: number, pixels: Uint8ClampedArray<ArrayBuffer>, mask: Uint8Array, bbox: number[]}} pixels: RGBA; mask: the
 *     right answer, row-major 0/1; bbox: around it, x, y, width, height
 */
export function drawPractice() {
  const pixels = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  const mask = new Uint8Array(WIDTH * HEIGHT);
  let [left, top, right, bottom] = [WIDTH, HEIGHT, -1, -1];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const i = y * WIDTH + x;
      pixels.set([...colourAt(x, y), 255], 4 * i);
      if (!inMug(x, y) || inPencil(x, y)) continue;
      mask[i] = 1;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return { width: WIDTH, height: HEIGHT, pixels, mask, bbox: [left, top, right - left + 1, bottom - top + 1] };
}

/**
 * How a mask compares with the right one.
 * @param {Uint8Array} mask row-major 0/1
 * @param {Uint8Array} right of the same size
 * @returns {{iou: number, missed: number, extra: number}} shares, 0–1; missed and extra: of the right one's area
 */
export function compare(mask, right) {
  let [both, either, area, painted] = [0, 0, 0, 0];
  for (let i = 0; i < right.length; i++) {
    both += mask[i] & right[i];
    either += mask[i] | right[i];
    area += right[i];
    painted += mask[i];
  }
  return { iou: both / either, missed: (area - both) / area, extra: (painted - both) / area };
}
