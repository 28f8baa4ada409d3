/** The rater's preferences, kept in the browser. Losing them costs no work, so failures are ignored. */

/** @typedef {import('../canvas/raster.js').Rgb} Rgb */

const KEY = 'o365seg-painter';

/** Brush diameters on offer, image px. */
export const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 64, 80, 100, 120, 150, 200, 250, 300];

/** Mask colours on offer, distinct with any kind of colour vision. @type {{name: string, rgb: Rgb}[]} */
export const COLOURS = [
  { name: 'Sky blue', rgb: [40, 170, 255] },
  { name: 'Orange', rgb: [255, 140, 0] },
  { name: 'Green', rgb: [0, 200, 120] },
  { name: 'Pink', rgb: [255, 80, 190] },
  { name: 'Yellow', rgb: [255, 225, 50] },
];

const DEFAULTS = { brush: 12, eraser: 12, opacity: 45, outlineOnly: false, colour: 0, boxVisible: true };

/**
 * @typedef {object} Preferences
 * @property {number} brush diameter, image px, one of SIZES
 * @property {number} eraser diameter, image px, one of SIZES
 * @property {number} opacity of the mask, per cent
 * @property {boolean} outlineOnly
 * @property {number} colour index into COLOURS
 * @property {boolean} boxVisible
 */

/** @returns {Preferences} */
export function loadPreferences() {
  const found = { ...DEFAULTS };
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
    for (const name of Object.keys(DEFAULTS)) {
      const key = /** @type {keyof Preferences} */ (name);
      if (typeof saved[name] === typeof DEFAULTS[key]) Object.assign(found, { [key]: saved[name] });
    }
  } catch {
    return found;
  }
  if (!SIZES.includes(found.brush)) found.brush = DEFAULTS.brush;
  if (!SIZES.includes(found.eraser)) found.eraser = DEFAULTS.eraser;
  if (!COLOURS[found.colour]) found.colour = DEFAULTS.colour;
  return found;
}

/** @param {Preferences} preferences */
export function savePreferences(preferences) {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // A private window or a full disk: the preferences last as long as the page.
  }
}
