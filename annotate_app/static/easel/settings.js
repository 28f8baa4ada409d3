/** How the photo and the mask look, and the tools' diameters: the sliders, switches and swatches of the panel. */

import { t } from '../texts/texts.js';
import { COLOURS, loadPreferences, SIZES, savePreferences, showTheme } from './preferences.js';

const PHOTO_AS_IT_IS = { brightness: 100, contrast: 100, gamma: 100 }; // per cent

/** Dragging this far changes a size by one step, CSS px. */
const DRAG_STEP = 8;

/** @typedef {'size'|'opacity'|'colour'|'brightness'|'contrast'|'gamma'} SettingName */

export class Settings {
  #ui;
  #view;
  #tool;
  #preferences = loadPreferences();
  #photo = { ...PHOTO_AS_IT_IS };
  #maskVisible = true;
  /** @type {Uint8Array|null} */
  #others = null;
  #dragFrom = 0; // index of the size at the start of a drag

  /**
   * @param {import('./layout.js').Layout} ui
   * @param {import('../canvas/view.js').View} view
   * @param {() => import('../tools/tool.js').ToolRecord} tool the current tool: the eraser has a diameter of its own
   */
  constructor(ui, view, tool) {
    this.#ui = ui;
    this.#view = view;
    this.#tool = tool;
  }

  /** Diameter of the current tool, image px. */
  get size() {
    const size = this.#preferences[this.#sizeName];
    if (!this.#preferences.sizeOnScreen) return size;
    const { ratio, viewport } = this.#view;
    return Math.min(SIZES[SIZES.length - 1], Math.max(1, Math.round((size * ratio) / viewport.scale)));
  }

  get preferences() {
    return this.#preferences;
  }

  get boxVisible() {
    return this.#preferences.boxVisible;
  }

  get maskVisible() {
    return this.#maskVisible;
  }

  get #sizeName() {
    return this.#tool().size ?? 'brush';
  }

  /** A slider or swatch was set to `value`. @param {SettingName} name @param {number} value */
  set(name, value) {
    if (name === 'size') this.prefer({ [this.#sizeName]: SIZES[value] });
    else if (name in this.#photo) this.#setPhoto({ [name]: value });
    else this.prefer({ [name]: value });
  }

  /** @param {1|-1} step */
  stepSize(step) {
    const index = this.#sizeIndex + step;
    if (SIZES[index]) this.set('size', index);
  }

  startSizeDrag() {
    this.#dragFrom = this.#sizeIndex;
  }

  /** @param {number} distance to the right since the drag began, CSS px */
  dragSize(distance) {
    const index = this.#dragFrom + Math.round(distance / DRAG_STEP);
    this.set('size', Math.min(SIZES.length - 1, Math.max(0, index)));
  }

  get #sizeIndex() {
    return SIZES.indexOf(this.#preferences[this.#sizeName]);
  }

  /** Moves a slider by one of its steps. @param {SettingName} name @param {1|-1} direction */
  stepSlider(name, direction) {
    const slider = this.#ui.sliders[name];
    if (direction > 0) slider.stepUp();
    else slider.stepDown();
    this.set(name, Number(slider.value));
  }

  /** @param {'boxVisible'|'outlineOnly'|'othersVisible'|'othersProtected'} name */
  toggle(name) {
    this.prefer({ [name]: !this.#preferences[name] });
  }

  toggleMask() {
    this.#maskVisible = !this.#maskVisible;
    this.show();
  }

  nextColour() {
    this.prefer({ colour: (this.#preferences.colour + 1) % COLOURS.length });
  }

  resetPhoto() {
    this.#setPhoto(PHOTO_AS_IT_IS);
  }

  /** Resets what applies to one question only. */
  startQuestion() {
    this.#others = null;
    this.#photo = { ...PHOTO_AS_IT_IS };
    this.#maskVisible = true;
    this.show();
  }

  /** @param {Uint8Array|null} mask the person's other masks of the image, together */
  setOthers(mask) {
    this.#others = mask;
    this.show();
  }

  /** The mask that is not painted into, or null. */
  get protectedMask() {
    return this.#preferences.othersProtected ? this.#others : null;
  }

  show() {
    const { sliders, swatches, buttons, show } = this.#ui;
    const { opacity, outlineOnly, colour, boxVisible, othersVisible, othersProtected, leftHanded } = this.#preferences;
    showTheme(this.#preferences);
    this.#ui.root.dataset.hand = leftHanded ? 'left' : 'right';
    this.showSize();
    sliders.opacity.value = String(opacity);
    show.opacity.textContent = `${opacity} %`;
    for (const [name, value] of Object.entries(this.#photo)) {
      sliders[name].value = String(value);
      show[name].textContent = `${value} %`;
    }
    buttons.guide.setAttribute('aria-pressed', String(boxVisible));
    buttons.mask.setAttribute('aria-pressed', String(this.#maskVisible));
    buttons.others.setAttribute('aria-pressed', String(othersVisible));
    buttons.protect.setAttribute('aria-pressed', String(othersProtected));
    show.others.hidden = !this.#others;
    this.#view.showOthers(othersVisible ? this.#others : null);
    buttons.outline.setAttribute('aria-pressed', String(outlineOnly));
    this.#ui.root.style.setProperty('--mask-colour', `rgb(${COLOURS[colour].rgb.join(' ')})`);
    swatches.forEach((swatch, i) => swatch.setAttribute('aria-pressed', String(i === colour)));
    this.#view.setMaskStyle({ rgb: COLOURS[colour].rgb, fill: outlineOnly ? 0 : opacity / 100, outline: true });
    this.#view.setMaskVisible(this.#maskVisible);
    this.#view.setImageFilter(this.#filter());
    this.#view.touchGuides();
  }

  showSize() {
    this.#ui.sliders.size.value = String(this.#sizeIndex);
    this.#ui.show.size.textContent = t(this.#sizeName === 'eraser' ? 'easel.eraser_size' : 'easel.brush_size', { size: this.size });
  }

  #filter() {
    const { brightness, contrast, gamma } = this.#photo;
    this.#ui.setGamma(100 / gamma);
    const parts = [
      gamma === 100 ? '' : 'url(#painter-gamma)',
      brightness === 100 && contrast === 100 ? '' : `brightness(${brightness}%) contrast(${contrast}%)`,
    ];
    return parts.join(' ').trim() || 'none';
  }

  /** @param {Partial<import('./preferences.js').Preferences>} change */
  prefer(change) {
    Object.assign(this.#preferences, change);
    savePreferences(this.#preferences);
    this.show();
  }

  /** @param {Partial<typeof PHOTO_AS_IT_IS>} change */
  #setPhoto(change) {
    Object.assign(this.#photo, change);
    this.show();
  }
}
