/**
 * The reviewer's page: one answer after the other on an easel, judged by the keyboard. The queue (review_queue.js) has the
 * next ones ready; a verdict is sent while the next answer is already on the screen.
 */

import { Api, ApiError } from '../work/api.js';
import { Clock } from '../work/clock.js';
import { el, keyCaps } from '../easel/dom.js';
import { REASONS } from './dialogs.js';
import { Easel } from '../easel/easel.js';
import { Images } from '../work/images.js';
import { ReviewQueue } from '../work/review_queue.js';
import { packMask, unpackMask } from '../canvas/rle.js';

const CLIENT_VERSION = 'review-1';
const KEEP_EVERY = 120_000; // ms
const VERDICTS = { accepted: 'Accepted', rejected: 'Rejected', repainted: 'Repainted' };

/**
 * @param {HTMLElement} root emptied and filled; gets a `review` property for tests
 * @param {{person: string, filters: HTMLFormElement, api?: Api}} options
 */
export function mount(root, { person, filters, api = new Api() }) {
  const review = new Review({ person, filters, api });
  root.replaceChildren(review.easel.stylesheet(), review.easel.element);
  root.review = {
    answer: () => review.item?.answer ?? null,
    screenFromImage: (x, y) => review.easel.screenFromImage(x, y),
    settled: () => review.settled(),
    maskRle: () => packMask(review.easel.drawing.mask, review.easel.drawing.w, review.easel.drawing.h).counts,
    ready: review.start(),
  };
}

class Review {
  easel;
  /** The answer on the screen, or null. */
  item = null;
  #api;
  #images;
  #queue;
  #filters;
  #reject;
  #clock = new Clock();
  #before = []; // answers seen, the last one last
  #sending = new Set();
  #judged = 0;

  constructor({ person, filters, api }) {
    this.#api = api;
    this.#filters = filters;
    this.#images = new Images(api);
    this.#queue = new ReviewQueue(api, this.#images);
    this.easel = new Easel({
      person,
      eyebrow: 'Is this every visible pixel of the',
      onInput: () => this.#clock.input(),
      onCount: (kind) => this.#clock.count(kind),
    });
    this.#reject = rejectDialog((comment) => this.#judge('rejected', comment));
    this.easel.element.append(this.#reject);
    filters.addEventListener('change', () => this.start());
    filters.addEventListener('submit', (event) => event.preventDefault());
    filters.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') event.target.blur();
    });
    document.addEventListener('visibilitychange', () => this.#clock.setVisible(document.visibilityState === 'visible'));
    setInterval(() => this.item && this.#api.review('keep', {}).catch(() => {}), KEEP_EVERY);
  }

  /** From the beginning of the queue, with the filters as they are. */
  async start() {
    const wanted = Object.fromEntries([...new FormData(this.#filters)].map(([name, value]) => [name, value || null]));
    if (wanted.category_id) wanted.category_id = Number(wanted.category_id);
    this.#queue.restart(wanted);
    this.easel.rest('loading');
    await this.#next();
  }

  /** Once every verdict has reached the server. */
  async settled() {
    await Promise.all(this.#sending);
  }

  async #next() {
    this.item = null;
    try {
      await this.#show(await this.#queue.next());
    } catch (error) {
      this.#fail(error);
    }
  }

  async #show(item) {
    this.item = null;
    this.#showProgress();
    if (!item) {
      const again = { id: 'again', label: 'Look again', keys: ['Enter'], primary: true, always: true, run: () => this.start() };
      this.easel.setActions([again, this.#previousAction()]);
      const text = 'No answer waits for your review with these filters. What you left for later comes again.';
      this.easel.rest('waiting', { text, retry: () => this.start() });
      return;
    }
    const photo = await this.#images.get(item.image);
    this.item = item;
    this.#clock = new Clock({ visible: document.visibilityState === 'visible' });
    this.#look(photo);
    this.#images.keepOnly([item.image, ...this.#queue.images]);
  }

  /** The answer as it is, to be judged. */
  #look(photo) {
    const { item, easel } = this;
    const { width, height } = item.image;
    const mask = item.mask ? unpackMask(item.mask, width, height) : new Uint8Array(width * height);
    easel.setActions(item.reviewable ? this.#actions() : [this.#laterAction(), this.#previousAction()]);
    easel.show({ task: item, photo, mask, readOnly: true, notice: describe(item) });
    easel.time(item.active_ms);
  }

  #actions() {
    return [
      { id: 'accept', label: 'Accept', keys: ['A'], primary: true, run: () => this.#judge('accepted', '') },
      { id: 'reject', label: 'Reject…', keys: ['R'], run: () => this.#reject.showModal() },
      { id: 'repaint', label: 'Repaint', keys: ['P'], run: () => this.#repaint() },
      this.#laterAction(),
      this.#previousAction(),
      { id: 'filters', label: 'Filters', keys: ['/'], quiet: true, run: () => this.#filters.querySelector('select').focus() },
    ];
  }

  #laterAction() {
    return { id: 'later', label: 'Later', keys: ['N', 'S'], quiet: true, run: () => this.#leave() };
  }

  #previousAction() {
    return { id: 'previous', label: 'Previous', keys: ['Backspace'], quiet: true, always: true, run: () => this.#previous() };
  }

  #leave() {
    this.#before.push(this.item.answer);
    this.#queue.letGo(this.item.answer);
    return this.#next();
  }

  async #previous() {
    const answer = this.#before.pop();
    if (answer === undefined) {
      this.easel.say('There is nothing before this.');
      return;
    }
    if (this.item) this.#queue.putBack(this.item);
    this.easel.rest('loading');
    try {
      await this.settled();
      await this.#show(await this.#api.review('open', { answer }));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Goes on at once; where the verdict is refused, it says so. */
  #judge(verdict, comment) {
    const { item } = this;
    this.#send(item, 'judge', { answer: item.answer, verdict, comment });
    this.#before.push(item.answer);
    this.#judged += 1;
    if (!item.verdict) this.#queue.countDown();
    this.#next().then(() => this.easel.say(`${VERDICTS[verdict]}.`));
  }

  #repaint() {
    const { item, easel } = this;
    easel.setActions([
      { id: 'submit', label: 'Submit my mask', keys: ['Enter'], primary: true, run: () => this.#submit(item) },
      { id: 'unpaint', label: 'Leave it as it was', keys: ['Shift+Backspace'], quiet: true, run: () => this.#reload(item) },
    ]);
    easel.notice({ title: 'Repaint', text: 'Your mask takes the place of this answer.' });
    easel.readOnly = false;
  }

  async #reload(item) {
    this.#look(await this.#images.get(item.image));
  }

  async #submit(item) {
    const { easel } = this;
    if (!easel.finishGesture()) return;
    if (easel.drawing.isEmpty) {
      easel.say('Nothing is painted.', 'warning');
      return;
    }
    const body = {
      answer: item.answer,
      token: item.token,
      mask: easel.drawing.pack(),
      activity: this.#clock.snapshot(),
      client_version: CLIENT_VERSION,
    };
    // Unlike a verdict a mask is work: it stays on the screen until the server has it.
    easel.busy = true;
    try {
      await this.#api.review('repaint', body, { onRetry: () => easel.say('No connection. Sending again…', 'warning') });
    } catch (error) {
      easel.say(`Not recorded: ${error.message}`, 'warning');
      return;
    } finally {
      easel.busy = false;
    }
    this.#before.push(item.answer);
    this.#judged += 1;
    this.#queue.letGo(item.answer);
    this.#queue.countDown();
    await this.#next();
    easel.say('Your mask is recorded.');
  }

  #send(item, path, body) {
    const sending = this.#api.review(path, body).catch((error) => {
      this.#judged -= 1;
      if (error.signedOut) this.#fail(error);
      else this.easel.say(`Question ${item.question} was not recorded: ${error.message}`, 'warning');
    });
    this.#sending.add(sending);
    sending.finally(() => {
      this.#sending.delete(sending);
      this.#queue.letGo(item.answer);
    });
  }

  #showProgress() {
    const { waiting } = this.#queue;
    this.easel.progress(this.#judged, this.#judged + waiting, `${this.#judged} judged · ${waiting} waiting`);
  }

  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.item = null;
    if (error.signedOut) this.easel.rest('signed-out', { text: 'Sign in again, and go on.' });
    else this.easel.rest('broken', { text: error.message, retry: () => this.start() });
  }
}

/** Words above the photo: whose it is, how long it took, what was said of it. */
function describe(item) {
  const seconds = Math.round(item.active_ms / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const reason = REASONS.find(({ id }) => id === item.skip_reason)?.label.toLowerCase() ?? item.skip_reason;
  const title = item.mask ? `Painted by ${item.rater} in ${time}` : `Skipped by ${item.rater} after ${time}: ${reason}`;
  const said = [
    ...(item.skip_note ? [`“${item.skip_note}”`] : []),
    ...item.earlier.map(({ reviewer, verdict, comment }) => `Before: ${VERDICTS[verdict].toLowerCase()} by ${reviewer}${comment ? `: “${comment}”` : ''}.`),
    ...(item.verdict ? [`${VERDICTS[item.verdict]}${item.comment ? `: “${item.comment}”` : ''}.`] : []),
  ];
  return { title, text: said.join(' '), kind: item.mask ? 'note' : 'warning' };
}

/** Why it goes back; Enter sends. @param {(comment: string) => void} onReject */
function rejectDialog(onReject) {
  const comment = el('textarea', { id: 'reject-comment', class: 'reject-comment', rows: 3, maxlength: 2000, required: true, 'data-tool': 'reject-comment' });
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'reject-title' }, 'What is wrong with it?'),
    el('label', { class: 'field', for: 'reject-comment' }, 'The rater sees this above the photo'),
    comment,
    el(
      'div',
      { class: 'dialog-actions' },
      el('button', { class: 'button', type: 'button', click: () => dialog.close() }, 'Cancel', keyCaps('Escape')),
      el('button', { class: 'button primary', type: 'submit', 'data-tool': 'reject-confirm' }, 'Reject', keyCaps('Enter')),
    ),
  );
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'reject-title' }, form);
  const check = () => comment.setCustomValidity(comment.value.trim() ? '' : 'Please say what is wrong.');
  comment.addEventListener('input', check);
  comment.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', () => onReject(comment.value.trim()));
  dialog.addEventListener('close', () => {
    form.reset();
    check();
  });
  check();
  return dialog;
}

const root = document.getElementById('review');
if (root) mount(root, { person: root.dataset.person, filters: document.getElementById('review-filters') });
