/**
 * The practice: five steps on a picture whose answer is known. It asks the server for nothing and sends it nothing, so
 * nothing of it becomes an answer or counts as work.
 */

import { command } from '../easel/commands.js';
import { Easel } from '../easel/easel.js';
import { keyCap } from '../easel/keyboard.js';
import { LANGUAGE, t } from '../texts/texts.js';
import { compare, drawPractice } from '../work/practice_picture.js';

/** @typedef {import('../tools/tool.js').Counter} Counter */

/** The steps in their order, and what ends each: the last ends with a submit. @type {{id: string, ends: Counter[]}[]} */
const STEPS = [
  { id: 'brush', ends: ['strokes', 'lines'] },
  { id: 'zoom', ends: ['zooms'] },
  { id: 'eraser', ends: ['erases'] },
  { id: 'polygon', ends: ['fills'] },
  { id: 'submit', ends: [] },
];

/** An IoU that is good, as in the qualification. */
const GOOD = 0.8;

/** @param {HTMLElement} root emptied and filled; gets a `practice` property for tests @param {{person: string}} options */
export async function mount(root, { person }) {
  const practice = new Practice(person);
  root.replaceChildren(practice.easel.stylesheet(), practice.easel.element);
  await practice.start();
  Object.assign(root, {
    practice: {
      step: () => practice.step,
      maskRle: () => practice.easel.maskRle(),
      screenFromImage: practice.easel.screenFromImage.bind(practice.easel),
    },
  });
}

class Practice {
  easel;
  /** Index of the step, or the number of steps once the mask was submitted. */
  step = 0;
  #picture = drawPractice();
  /** @type {import('../canvas/photo.js').Photo|null} */
  #photo = null;

  /** @param {string} person */
  constructor(person) {
    this.easel = new Easel({ person, onCount: (counter) => this.#did(counter) });
  }

  async start() {
    const { width, height, pixels } = this.#picture;
    const level = await createImageBitmap(new ImageData(pixels, width, height));
    this.#photo = { width, height, levels: [level] };
    this.#restart();
  }

  /** Begins with an empty mask. */
  #restart() {
    this.#show(new Uint8Array(this.#picture.mask.length), {});
    this.#goTo(0);
  }

  /** @param {Uint8Array} mask @param {Partial<Parameters<Easel['show']>[0]>} more */
  #show(mask, more) {
    const { width, height, bbox } = this.#picture;
    const task = { question: '1', category: t('practice.category'), bbox, image: { width, height } };
    if (this.#photo) this.easel.show({ task, photo: this.#photo, mask, ...more });
  }

  /** @param {number} step */
  #goTo(step) {
    this.step = step;
    const { id } = STEPS[step];
    const last = step === STEPS.length - 1;
    this.easel.progress(step, STEPS.length);
    this.easel.setActions([
      last
        ? { id: 'submit', label: t('painter.submit'), keys: ['Enter'], primary: true, run: () => this.#submit() }
        : { id: 'next', label: t('practice.next'), keys: ['Enter'], primary: true, run: () => this.easel.finishGesture() && this.#goTo(step + 1) },
      this.#leaveAction(),
    ]);
    const key = keyCap(command(id === 'submit' ? 'fit' : id === 'zoom' ? 'zoom-box' : id).keys[0]);
    this.easel.notice({ title: t('practice.step', { number: step + 1, all: STEPS.length, what: t(`practice.title_${id}`) }), text: t(`practice.text_${id}`, { key }) });
  }

  /** Something was done at the easel: goes on where that was the step. @param {Counter} counter */
  #did(counter) {
    if (STEPS[this.step]?.ends.includes(counter)) this.#goTo(this.step + 1);
  }

  #submit() {
    const { drawing } = this.easel;
    if (!drawing || !this.easel.finishGesture()) return;
    if (drawing.isEmpty) {
      this.easel.say(t('review.nothing_painted'), 'warning');
      return;
    }
    this.step = STEPS.length;
    this.easel.progress(this.step, STEPS.length);
    const { iou, missed, extra } = compare(drawing.mask, this.#picture.mask);
    this.easel.setActions([
      { id: 'start', label: t('page.go_to_questions'), keys: ['Enter'], primary: true, run: () => location.assign('/') },
      { id: 'again', label: t('practice.again'), keys: ['Backspace'], run: () => this.#restart() },
    ]);
    this.#show(drawing.mask, {
      readOnly: true,
      reference: this.#picture.mask,
      notice: {
        title: t('notice.iou', { iou: percent(iou) }),
        text: `${t('notice.differs', { missed: percent(missed), extra: percent(extra) })} ${t('practice.nothing_kept')}`,
        kind: iou >= GOOD ? 'good' : 'warning',
        legend: [
          { line: 'mask', label: t('notice.your_mask') },
          { line: 'reference', label: t('notice.the_object') },
        ],
      },
    });
  }

  /** @returns {import('../easel/contract.js').Action} */
  #leaveAction() {
    return { id: 'leave', label: t('practice.leave'), keys: ['S'], quiet: true, run: () => location.assign('/') };
  }
}

/** @param {number} share 0–1 */
function percent(share) {
  return share.toLocaleString(LANGUAGE, { style: 'percent' });
}

const root = document.getElementById('practice');
if (root) mount(root, { person: root.dataset.person ?? '' });
