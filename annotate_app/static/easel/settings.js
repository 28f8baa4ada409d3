/** How the photo and the mask look, and the tools' diameters: the sliders, switches and swatches of the panel. */

import { COLOURS, loadPreferences, SIZES, savePreferences } from './preferences.js';

const PHOTO_AS_IT_IS = { brightness: 100, contrast: 100 }; // per cent

/** @typedef {'size'|'opacity'|'colour'|'brightness'|'contrast'} SettingName */

export class Settings {
  #ui;
  #view;
  #tool;
  #preferences = loadPreferences();
  #photo = { ...PHOTO_AS_IT_IS };
  #maskVisible = true;

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
    return this.#preferences[this.#sizeName];
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
    if (name === 'size') this.#prefer({ [this.#sizeName]: SIZES[value] });
    else if (name in this.#photo) this.#setPhoto({ [name]: value });
    else this.#prefer({ [name]: value });
  }

  /** @param {1|-1} step */
  stepSize(step) {
    const index = SIZES.indexOf(this.size) + step;
    if (SIZES[index]) this.set('size', index);
  }

  /** Moves a slider by one of its steps. @param {SettingName} name @param {1|-1} direction */
  stepSlider(name, direction) {
    const slider = this.#ui.sliders[name];
    if (direction > 0) slider.stepUp();
    else slider.stepDown();
    this.set(name, Number(slider.value));
  }

  /** @param {'boxVisible'|'outlineOnly'} name */
  toggle(name) {
    this.#prefer({ [name]: !this.#preferences[name] });
  }

  toggleMask() {
    this.#maskVisible = !this.#maskVisible;
    this.show();
  }

  nextColour() {
    this.#prefer({ colour: (this.#preferences.colour + 1) % COLOURS.length });
  }

  resetPhoto() {
    this.#setPhoto(PHOTO_AS_IT_IS);
  }

  /** Resets what applies to one question only. */
  startQuestion() {
    this.#photo = { ...PHOTO_AS_IT_IS };
    this.#maskVisible = true;
    this.show();
  }

  show() {
    const { sliders, swatches, buttons, show } = this.#ui;
    const { opacity, outlineOnly, colour, boxVisible } = this.#preferences;
    this.showSize();
    sliders.opacity.value = String(opacity);
    show.opacity.textContent = `${opacity} %`;
    for (const [name, value] of Object.entries(this.#photo)) {
      sliders[name].value = String(value);
      show[name].textContent = `${value} %`;
    }
    buttons.guide.setAttribute('aria-pressed', String(boxVisible));
    buttons.mask.setAttribute('aria-pressed', String(this.#maskVisible));
    buttons.outline.setAttribute('aria-pressed', String(outlineOnly));
    this.#ui.root.style.setProperty('--mask-colour', `rgb(${COLOURS[colour].rgb.join(' ')})`);
    swatches.forEach((swatch, i) => swatch.setAttribute('aria-pressed', String(i === colour)));
    this.#view.setMaskStyle({ rgb: COLOURS[colour].rgb, fill: outlineOnly ? 0 : opacity / 100, outline: true });
    this.#view.setMaskVisible(this.#maskVisible);
    this.#view.setImageFilter(this.#filter());
    this.#view.touchGuides();
  }

  showSize() {
    this.#ui.sliders.size.value = String(SIZES.indexOf(this.size));
    this.#ui.show.size.textContent = `${this.#sizeName === 'eraser' ? 'Eraser' : 'Brush'} ${this.size} px`;
  }

  #filter() {
    const { brightness, contrast } = this.#photo;
    return brightness === 100 && contrast === 100 ? 'none' : `brightness(${brightness}%) contrast(${contrast}%)`;
  }

  /** @param {Partial<import('./preferences.js').Preferences>} change */
  #prefer(change) {
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
