/** What each command does to the easel; those of the list of tools pick the tool (easel.js). */

const ZOOM_STEP = 1.25;
const PAN_STEP = 80; // CSS px

/**
 * @typedef {object} EffectHost
 * @property {import('./settings.js').Settings} settings
 * @property {import('./hand.js').Hand} hand
 * @property {import('../canvas/view.js').View} view
 * @property {() => number[]|null} box of the question, image px
 * @property {(counter: import('../tools/tool.js').Counter) => void} count
 * @property {() => void} protect the masks to protect are others
 */

/** @param {EffectHost} host @returns {Object<string, () => void>} by the command's id */
export function commandEffects({ settings, hand, view, box, count, protect }) {
  /** @param {(viewport: import('../canvas/viewport.js').Viewport) => void} change */
  const zoom = (change) => {
    change(view.viewport);
    count('zooms');
    view.moved();
    hand.viewMoved();
  };
  /** Moves the photo. @param {number} x steps to the right @param {number} y steps down */
  const pan = (x, y) => {
    const step = PAN_STEP * view.ratio;
    view.viewport.panBy(x * step, y * step);
    view.moved();
    hand.viewMoved();
  };
  return {
    smaller: () => settings.stepSize(-1),
    larger: () => settings.stepSize(1),
    undo: () => hand.undo(),
    redo: () => hand.redo(),
    clear: () => hand.clear(),
    cancel: () => hand.cancel(),
    'zoom-in': () => zoom((viewport) => viewport.zoomAt(ZOOM_STEP, viewport.width / 2, viewport.height / 2)),
    'zoom-out': () => zoom((viewport) => viewport.zoomAt(1 / ZOOM_STEP, viewport.width / 2, viewport.height / 2)),
    fit: () => zoom((viewport) => viewport.fit()),
    actual: () => zoom((viewport) => viewport.actualSize()),
    'zoom-box': () => zoom((viewport) => {
      const around = box();
      if (around) viewport.zoomTo(around);
    }),
    'pan-left': () => pan(1, 0),
    'pan-right': () => pan(-1, 0),
    'pan-up': () => pan(0, 1),
    'pan-down': () => pan(0, -1),
    guide: () => settings.toggle('boxVisible'),
    mask: () => settings.toggleMask(),
    outline: () => settings.toggle('outlineOnly'),
    others: () => settings.toggle('othersVisible'),
    protect: () => {
      settings.toggle('othersProtected');
      protect();
    },
    fainter: () => settings.stepSlider('opacity', -1),
    stronger: () => settings.stepSlider('opacity', 1),
    colour: () => settings.nextColour(),
    darker: () => settings.stepSlider('brightness', -1),
    brighter: () => settings.stepSlider('brightness', 1),
    softer: () => settings.stepSlider('contrast', -1),
    harder: () => settings.stepSlider('contrast', 1),
    'gamma-lower': () => settings.stepSlider('gamma', -1),
    'gamma-higher': () => settings.stepSlider('gamma', 1),
    'reset-photo': () => settings.resetPhoto(),
  };
}
