/** A person's preferences, kept in the browser. Losing them costs no work, so failures are ignored. */

/** @typedef {import('../canvas/raster.js').Rgb} Rgb */

const KEY = 'o365seg-painter';

/** Brush diameters on offer, px. */
export const SIZES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 64, 80, 100, 120, 150, 200, 250, 300, 400, 500, 600, 800, 1000,
];

/** Mask colours on offer, distinct with any kind of colour vision; name: of `colour` in the catalogue. @type {{name: string, rgb: Rgb}[]} */
export const COLOURS = [
  { name: 'sky_blue', rgb: [40, 170, 255] },
  { name: 'orange', rgb: [255, 140, 0] },
  { name: 'green', rgb: [0, 200, 120] },
  { name: 'pink', rgb: [255, 80, 190] },
  { name: 'yellow', rgb: [255, 225, 50] },
];

/** Themes on offer: the system's, or one of these. */
export const THEMES = ['system', 'light', 'dark'];

/** Minutes of work after which a break is suggested; 0: never. */
export const BREAKS = [0, 20, 30, 45, 60, 90];

/**
 * @typedef {object} Preferences
 * @property {number} brush diameter, px, one of SIZES
 * @property {number} eraser diameter, px, one of SIZES
 * @property {boolean} sizeOnScreen whether diameters are screen px, which zooming turns into other image px
 * @property {number} opacity of the mask, per cent
 * @property {boolean} outlineOnly
 * @property {number} colour index into COLOURS
 * @property {boolean} boxVisible
 * @property {boolean} othersVisible whether the person's other masks of the image are shown
 * @property {boolean} othersProtected whether paint stays out of them
 * @property {boolean} openAtBox whether a question opens zoomed to its box
 * @property {boolean} leftHanded whether the tools are on the right
 * @property {string} theme one of THEMES
 * @property {number} breakEvery one of BREAKS
 * @property {Object<string, string[]>} keys chosen keys, by command or action
 */

/** @type {Preferences} */
const DEFAULTS = {
  brush: 12,
  eraser: 12,
  sizeOnScreen: false,
  opacity: 45,
  outlineOnly: false,
  colour: 0,
  boxVisible: true,
  othersVisible: true,
  othersProtected: false,
  openAtBox: false,
  leftHanded: false,
  theme: 'system',
  breakEvery: 0,
  keys: {},
};

/** Values on offer, where not every one of the type is. @type {Partial<Record<keyof Preferences, unknown[]>>} */
const CHOICES = { brush: SIZES, eraser: SIZES, colour: COLOURS.map((_, i) => i), theme: THEMES, breakEvery: BREAKS };

/** @returns {Preferences} */
export function loadPreferences() {
  /** @type {Preferences} */
  const found = { ...DEFAULTS, keys: {} };
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
    for (const [name, usual] of Object.entries(DEFAULTS)) {
      const value = saved[name];
      const choices = CHOICES[/** @type {keyof Preferences} */ (name)];
      if (typeof value === typeof usual && (!choices || choices.includes(value))) Object.assign(found, { [name]: value });
    }
    const isKeys = (/** @type {unknown} */ keys) => Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string' && key);
    found.keys = Object.fromEntries(Object.entries(found.keys ?? {}).filter(([, keys]) => isKeys(keys)));
  } catch {
    return { ...DEFAULTS, keys: {} };
  }
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

/** @param {Pick<Preferences, 'theme'>} preferences */
export function showTheme({ theme }) {
  document.documentElement.dataset.theme = theme;
}
