/**
 * Turns mouse, touch and pen (Pointer Events) into tool gestures, panning and zooming.
 *
 * With Alt or Ctrl, the wheel and dragging change the size.
 *
 * One pointer paints. The middle button, the space bar or the pan tool pan; the right button and a pen's eraser end
 * erase; two fingers pan and zoom. Once a pen was used, a finger only pans, so that a resting palm never paints.
 */

/** Wheel events closer together than this are one zoom in the statistics, ms. */
const ZOOM_GESTURE = 400;

/** Presses of a double click are at most this far apart, ms and CSS px. */
const DOUBLE_CLICK = 400;
const DOUBLE_REACH = 4;

/** A press that moves no farther is a click, CSS px. */
const CLICK_REACH = 3;

/** Turning the wheel this far changes the size by one step, px. */
const SIZE_STEP = 100;

const RIGHT_BUTTON = 2;
const MIDDLE_BUTTON = 1;
const PEN_ERASER = 5;

/** @typedef {import('../canvas/kernel.js').Point} Point */

/**
 * Changes the size of the tool.
 * @typedef {{step: (step: 1|-1) => void, startDrag: () => void, drag: (distance: number) => void}} Sizes distance: to the
 *     right since the drag began, CSS px
 */

export class PointerInput {
  /** Whether a Ctrl key is held; a trackpad's pinch claims it is. */
  ctrlHeld = false;
  /** Whether the space bar is held. */
  spaceHeld = false;
  /** Whether shift is held. */
  shiftHeld = false;
  /** Image pixel under the pointer, or null when it is elsewhere. @type {Point|null} */
  at = null;

  #stage;
  #view;
  #host;
  /** The tool gesture in progress. @type {{id: number, tool: import('../tools/tool.js').Tool, erase: boolean}|null} */
  #stroke = null;
  /** The pointer that pans, at client px, and whether it has only pressed the photo so far. @type {{id: number, x: number, y: number, still: boolean}|null} */
  #pan = null;
  /** The pointer that changes the size, at client px. @type {{id: number, x: number, sizes: Sizes}|null} */
  #sizing = null;
  #turned = 0; // the wheel since the last step of the size, px
  /** The fingers that touch, by pointer id, at client px. @type {Map<number, Point>} */
  #touches = new Map();
  #penSeen = false;
  /** Where the pointer was last, at client px. @type {Point} */
  #client = { x: 0, y: 0 };
  #lastZoom = -Infinity;
  /** The last press, at client px. */
  #press = { x: 0, y: 0, button: -1, time: -Infinity };

  /**
   * @param {HTMLElement} stage
   * @param {import('../canvas/view.js').View} view
   * @param {{tool: () => import('../tools/tool.js').Tool, enabled: () => boolean, onZoom: () => void, onChange: () => void,
   *     onClick: (at: Point) => void, sizes: () => Sizes|null}} host sizes: null: the tool has no size; onClick: a press that could have
   *     moved the view did not;
   *     enabled: whether painting is allowed now; onZoom: once per zoom gesture; onChange: the gesture state changed
   */
  constructor(stage, view, host) {
    this.#stage = stage;
    this.#view = view;
    this.#host = host;
    stage.addEventListener('pointerdown', (event) => this.#down(event));
    stage.addEventListener('pointermove', (event) => this.#move(event));
    stage.addEventListener('pointerup', (event) => this.#up(event));
    stage.addEventListener('pointercancel', (event) => this.#up(event));
    stage.addEventListener('lostpointercapture', (event) => this.#up(event));
    stage.addEventListener('pointerleave', () => this.#left());
    stage.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    stage.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  /** Whether a tool gesture or a pan is in progress. */
  get busy() {
    return this.#stroke !== null || this.#pan !== null || this.#sizing !== null;
  }

  /** Whether the button of the gesture in progress erases whatever the tool; null: it is the tool that says so. */
  get erasing() {
    return this.#stroke?.erase || null;
  }

  get panning() {
    return this.#pan !== null;
  }

  /** Finishes a tool gesture as if the button had been released. */
  finish() {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke?.tool.active) stroke.tool.up();
  }

  /** Cancels a tool gesture. @returns {boolean} whether there was one */
  cancel() {
    const stroke = this.#stroke;
    this.#stroke = null;
    stroke?.tool.cancel();
    return stroke !== null;
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.#host.enabled()) return;
    event.preventDefault(); // no text selection, no focus jump, no middle-button scrolling
    this.#stage.focus({ preventScroll: true });
    if (event.pointerType === 'pen') this.#penSeen = true;
    if (event.pointerType === 'touch') {
      if (this.#stroke && !this.#touches.has(this.#stroke.id)) return; // a palm beside the pen at work
      this.#touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (this.#touches.size > 1) {
        // The first finger's dab was the beginning of a pinch, not of a stroke.
        this.cancel();
        this.#pan = null;
        this.#stage.setPointerCapture(event.pointerId);
        return;
      }
    }
    if (this.busy) return;
    this.#stage.setPointerCapture(event.pointerId);

    const tool = this.#host.tool();
    const sizes = (event.altKey || event.ctrlKey) && event.button === 0 ? this.#host.sizes() : null;
    const palm = event.pointerType === 'touch' && this.#penSeen;
    if (event.button === MIDDLE_BUTTON || this.spaceHeld || palm || tool.pans) {
      this.#pan = { id: event.pointerId, x: event.clientX, y: event.clientY, still: event.button === 0 };
    } else if (sizes) {
      sizes.startDrag();
      this.#sizing = { id: event.pointerId, x: event.clientX, sizes };
    } else {
      const erase = event.button === RIGHT_BUTTON || event.button === PEN_ERASER;
      this.#stroke = { id: event.pointerId, tool, erase };
      const at = this.#hover(event);
      const here = this.#view.screenFromClient(event.clientX, event.clientY);
      tool.down(at, {
        erase,
        shift: event.shiftKey,
        double: this.#isDouble(event),
        near: (point, reach) => this.#isNear(point, here, reach),
      });
    }
    this.#host.onChange();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.shiftHeld = event.shiftKey;
    if (this.#sizing?.id === event.pointerId) {
      this.#sizing.sizes.drag(event.clientX - this.#sizing.x); // the ring stays where it is
      return;
    }
    if (this.#touches.has(event.pointerId) && this.#touches.size > 1) {
      this.#pinch(event);
    } else if (this.#pan?.id === event.pointerId) {
      const { ratio, viewport } = this.#view;
      const { x, y, still } = this.#pan;
      if (still && Math.hypot(event.clientX - x, event.clientY - y) <= CLICK_REACH) return;
      viewport.panBy((event.clientX - x) * ratio, (event.clientY - y) * ratio);
      this.#pan = { id: event.pointerId, x: event.clientX, y: event.clientY, still: false };
      this.#view.moved();
    } else if (this.#stroke?.id === event.pointerId) {
      // Browsers merge moves to one event per frame; the merged ones hold the true path.
      const merged = event.getCoalescedEvents?.() ?? [];
      for (const step of merged.length ? merged : [event]) {
        this.#stroke.tool.move(this.#view.pixelFromClient(step.clientX, step.clientY));
      }
    }
    this.#hover(event);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.#touches.delete(event.pointerId);
    if (this.#stroke?.id === event.pointerId) this.finish();
    if (this.#pan?.id === event.pointerId) {
      const clicked = this.#pan.still && event.type === 'pointerup';
      this.#pan = null;
      if (clicked) this.#host.onClick(this.#view.pixelFromClient(event.clientX, event.clientY));
    }
    if (this.#sizing?.id === event.pointerId) this.#sizing = null;
    if (event.pointerType === 'touch') this.#left();
    this.#host.onChange();
  }

  /** @param {MouseEvent} event @returns {Point} image pixel under the pointer */
  #hover(event) {
    const at = this.#view.pixelFromClient(event.clientX, event.clientY);
    this.at = at;
    this.#client = { x: event.clientX, y: event.clientY };
    if (!this.#stroke) this.#host.tool().hover(at);
    this.#view.touchGuides();
    return at;
  }

  /** The view moved under a resting pointer. */
  viewMoved() {
    if (!this.at) return;
    this.at = this.#view.pixelFromClient(this.#client.x, this.#client.y);
    if (!this.#stroke) this.#host.tool().hover(this.at);
    this.#view.touchGuides();
  }

  #left() {
    this.at = null;
    this.#view.touchGuides();
  }

  /** Whether a press follows another at the same place. @param {PointerEvent} event */
  #isDouble({ clientX: x, clientY: y, button, timeStamp }) {
    const press = this.#press;
    const double = button === press.button && timeStamp - press.time < DOUBLE_CLICK && Math.hypot(x - press.x, y - press.y) <= DOUBLE_REACH;
    // A third press is not the second of another double click.
    this.#press = { x, y, button, time: double ? -Infinity : timeStamp };
    return double;
  }

  /** @param {Point} point image pixel @param {Point} here screen, device px @param {number} reach CSS px */
  #isNear(point, here, reach) {
    const { viewport, ratio } = this.#view;
    const there = viewport.screenOf(point.x + 0.5, point.y + 0.5);
    return Math.hypot(there.x - here.x, there.y - here.y) <= reach * ratio;
  }

  /** @param {PointerEvent} event of one of two or more fingers */
  #pinch(event) {
    const fixed = [...this.#touches].filter(([id]) => id !== event.pointerId)[0][1];
    const now = { x: event.clientX, y: event.clientY };
    const before = this.#touches.get(event.pointerId) ?? now;
    this.#touches.set(event.pointerId, now);
    const { viewport, ratio } = this.#view;
    const spread = (/** @type {Point} */ p) => Math.max(20, Math.hypot(p.x - fixed.x, p.y - fixed.y));
    const middle = this.#view.screenFromClient((now.x + fixed.x) / 2, (now.y + fixed.y) / 2);
    viewport.zoomAt(spread(now) / spread(before), middle.x, middle.y);
    viewport.panBy(((now.x - before.x) / 2) * ratio, ((now.y - before.y) / 2) * ratio);
    this.#noteZoom();
    this.#view.moved();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (!this.#host.enabled()) return;
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0022; // a trackpad pinch arrives as small deltas with ctrl
    const delta = Math.max(-300, Math.min(300, event.deltaY * lines));
    if (event.altKey || (event.ctrlKey && this.ctrlHeld)) {
      this.#turnSize(delta);
      return;
    }
    const here = this.#view.screenFromClient(event.clientX, event.clientY);
    this.#view.viewport.zoomAt(Math.exp(-delta * speed), here.x, here.y);
    this.#noteZoom();
    this.#view.moved();
    this.#hover(event);
  }

  /** @param {number} delta of the wheel, px */
  #turnSize(delta) {
    const sizes = this.#host.sizes();
    if (!sizes) return;
    this.#turned += delta;
    while (Math.abs(this.#turned) >= SIZE_STEP) {
      const down = this.#turned > 0;
      sizes.step(down ? -1 : 1);
      this.#turned -= down ? SIZE_STEP : -SIZE_STEP;
    }
  }

  #noteZoom() {
    const now = performance.now();
    if (now - this.#lastZoom > ZOOM_GESTURE) this.#host.onZoom();
    this.#lastZoom = now;
  }
}
