/**
 * The reviewer's page: shows one answer after the other on an easel, to be judged from the keyboard. The queue
 * (work/review_queue.js) has the next ones ready; a verdict is sent while the next answer is already on the screen.
 */

import { unpackMask } from '../canvas/rle.js';
import { Easel } from '../easel/easel.js';
import { t } from '../texts/texts.js';
import { Api, ApiError } from '../work/api.js';
import { Autosave } from '../work/autosave.js';
import { Clock } from '../work/clock.js';
import { Drafts, restore } from '../work/drafts.js';
import { Images } from '../work/images.js';
import { ReviewQueue } from '../work/review_queue.js';
import { confirmDialog, reasonText, rejectDialog } from './dialogs.js';

/** @typedef {import('../work/review_queue.js').ReviewItem} ReviewItem */
/** @typedef {import('../work/review_queue.js').Verdict} Verdict */
/** @typedef {import('../canvas/photo.js').Photo} Photo */
/** @typedef {import('../easel/contract.js').Action} Action */
/** @typedef {import('../easel/contract.js').Notice} Notice */

const CLIENT_VERSION = 'review-1';
const KEEP_EVERY = 120_000; // ms
const MOST_MARKS = 20; // the server takes no more
const MARK_REACH = 14; // a click this close to a mark removes it, CSS px

/**
 * @param {HTMLElement} root emptied and filled; gets a `review` property for tests
 * @param {{person: string, project: string, filters: HTMLFormElement, api?: Api}} options
 */
export function mount(root, { person, project, filters, api = new Api() }) {
  const review = new Review({ person, project, filters, api });
  root.replaceChildren(review.easel.stylesheet(), review.easel.element);
  Object.assign(root, {
    review: {
      answer: () => review.item?.answer ?? null,
      screenFromImage: review.easel.screenFromImage.bind(review.easel),
      settled: () => review.settled(),
      maskRle: () => review.easel.maskRle(),
      ready: review.start(),
    },
  });
}

class Review {
  easel;
  /** The answer on the screen, or null. @type {ReviewItem|null} */
  item = null;
  #api;
  #images;
  #queue;
  #filters;
  #reject;
  #clock = new Clock();
  #drafts;
  #autosave;
  /** The answer that is repainted, or null. @type {ReviewItem|null} */
  #repainted = null;
  /** Answers seen, the last one last. @type {number[]} */
  #before = [];
  /** @type {Set<Promise<unknown>>} */
  #sending = new Set();
  #judged = 0;

  /** @param {{person: string, project: string, filters: HTMLFormElement, api: Api}} options */
  constructor({ person, project, filters, api }) {
    this.#api = api;
    this.#filters = filters;
    this.#images = new Images(api);
    this.#queue = new ReviewQueue(api, this.#images);
    this.#drafts = new Drafts(project, `review:${person}`);
    this.#autosave = new Autosave({
      activity: () => this.#clock.snapshot(),
      polygon: () => this.easel.openPolygon,
      toBrowser: async (draft, steps) => {
        if (this.#repainted && (draft.mask || draft.polygon)) await this.#drafts.save(this.#repainted.answer, draft, steps);
      },
      toServer: (work, options) => this.#sendDraft(work, options),
    });
    this.easel = new Easel({
      person,
      eyebrow: t('review.eyebrow'),
      onInput: () => this.#clock.input(),
      onStep: () => this.#autosave.changed(),
      onCount: (kind) => this.#clock.count(kind),
      onClick: (at) => this.#mark(at),
    });
    this.#reject = rejectDialog((comment) => this.#judge('rejected', comment));
    this.easel.element.append(this.#reject);
    filters.addEventListener('change', () => this.start());
    filters.addEventListener('submit', (event) => event.preventDefault());
    filters.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
    });
    document.addEventListener('visibilitychange', () => {
      this.#clock.setVisible(document.visibilityState === 'visible');
      this.#autosave.saveInBrowser();
    });
    window.addEventListener('pagehide', () => this.#autosave.leave());
    setInterval(() => this.item && this.#api.review('keep', {}).catch(() => {}), KEEP_EVERY);
  }

  /** Starts at the beginning of the queue, with the current filters. */
  async start() {
    /** @type {import('../work/review_queue.js').Filters} */
    const wanted = Object.fromEntries([...new FormData(this.#filters)].map(([name, value]) => [name, String(value) || null]));
    const left = this.#repainted;
    await this.#pauseRepaint();
    if (this.item) this.#queue.letGo(this.item.answer); // it may come again
    this.#queue.restart(wanted);
    this.easel.rest('loading');
    await this.#next();
    if (left && left.answer !== this.item?.answer) this.easel.say(t('review.kept', { question: left.question }));
  }

  /** Resolves when every verdict has reached the server. */
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

  /** @param {ReviewItem|null} item */
  async #show(item) {
    this.item = null;
    this.#showProgress();
    if (!item) {
      const again = { id: 'again', label: t('review.check_again'), keys: ['Enter'], primary: true, always: true, run: () => this.start() };
      this.easel.setActions([again, this.#previousAction()]);
      const text = t('review.none');
      this.easel.rest('waiting', { text, retry: () => this.start() });
      return;
    }
    const photo = await this.#images.get(item.image);
    const local = item.reviewable ? await this.#drafts.load(item.answer).catch(() => undefined) : undefined;
    const damages = /** @type {string[]} */ ([]);
    const begun = restore({ image: item.image, draft: item.draft, initial: item.mask }, local, (damage) => damages.push(damage));
    const continues = item.reviewable && (begun.draft !== null || begun.polygon !== null);
    this.item = item;
    this.#clock = new Clock({ visible: document.visibilityState === 'visible', earlier: continues ? begun.activity : null });
    this.#look(item, photo);
    if (continues) this.#continue(item, photo, begun);
    for (const damage of damages) this.easel.say(damage, 'warning');
    this.#images.keepOnly([item.image, ...this.#queue.images]);
  }

  /** Shows the answer, to be judged. @param {ReviewItem} item @param {Photo} photo */
  #look(item, photo) {
    const { easel } = this;
    const { width, height } = item.image;
    const mask = item.mask ? unpackMask(item.mask, width, height) : new Uint8Array(width * height);
    easel.setActions(item.reviewable ? this.#actions(item) : [this.#laterAction(), this.#previousAction()]);
    easel.show({ task: marked(item), photo, mask, readOnly: true, notice: describe(item) });
    easel.time(item.active_ms);
  }

  /** @param {ReviewItem} item @returns {Action[]} */
  #actions(item) {
    return [
      { id: 'accept', label: t('review.accept'), keys: ['A'], primary: true, run: () => this.#judge('accepted', '') },
      { id: 'reject', label: t('review.reject'), keys: ['R'], run: () => this.#reject.showModal() },
      { id: 'repaint', label: t('review.repaint'), keys: ['P'], run: () => this.#repaint(item) },
      { id: 'mark', label: t('review.mark'), short: t('review.mark_short'), keys: ['X'], quiet: true, run: () => this.#mark(this.easel.pointed) },
      this.#laterAction(),
      this.#previousAction(),
      { id: 'filters', label: t('review.filters'), keys: ['/'], quiet: true, run: () => this.#filters.querySelector('select')?.focus() },
    ];
  }

  /** @returns {Action} */
  #laterAction() {
    return { id: 'later', label: t('review.later'), keys: ['N', 'S'], quiet: true, run: () => this.#leave() };
  }

  /** @returns {Action} */
  #previousAction() {
    return { id: 'previous', label: t('review.previous'), keys: ['Backspace'], quiet: true, always: true, run: () => this.#previous() };
  }

  /** Marks a place that is wrong, or removes the mark that is there. @param {import('../canvas/kernel.js').Point} at image px */
  #mark({ x, y }) {
    const { item } = this;
    if (!item?.reviewable || this.#repainted) return;
    if (x < 0 || y < 0 || x >= item.image.width || y >= item.image.height) return;
    const here = this.easel.screenFromImage(x, y);
    const found = item.marks.findIndex(([markX, markY]) => {
      const there = this.easel.screenFromImage(markX, markY);
      return Math.hypot(there.x - here.x, there.y - here.y) <= MARK_REACH;
    });
    if (found >= 0) {
      item.marks.splice(found, 1);
      this.easel.say(t('review.mark_removed'));
    } else if (item.marks.length >= MOST_MARKS) {
      this.easel.say(t('review.most_marks', { most: MOST_MARKS }), 'warning');
      return;
    } else {
      item.marks.push([x, y]);
      this.easel.say(t('review.marked', { number: item.marks.length }));
    }
    this.easel.showMarks(points(item.marks));
  }

  #leave() {
    const { item } = this;
    if (!item) return;
    this.#before.push(item.answer);
    this.#queue.letGo(item.answer);
    this.#next();
  }

  async #previous() {
    const answer = this.#before.pop();
    if (answer === undefined) {
      this.easel.say(t('review.no_earlier'));
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

  /** Goes on at once; a refused verdict is reported when the server answers. @param {Verdict} verdict @param {string} comment */
  #judge(verdict, comment) {
    const { item } = this;
    if (!item) return;
    const marks = verdict === 'rejected' ? item.marks : [];
    this.#send(item, 'judge', { answer: item.answer, verdict, comment, marks });
    this.#before.push(item.answer);
    this.#judged += 1;
    if (!item.verdict) this.#queue.countDown();
    this.#next().then(() => this.easel.say(t(`review.said.${verdict}`)));
  }

  /** Saves an unfinished repaint, which opens again with its answer. */
  async #pauseRepaint() {
    if (!this.#repainted) return;
    this.easel.finishStroke();
    await this.#autosave.saveInBrowser();
    await this.#autosave.saveToServer();
    this.#stopRepaint();
  }

  /** @param {import('../work/autosave.js').Work} work @param {{keepalive: boolean}} options */
  #sendDraft(work, options) {
    if (!this.#repainted) throw new Error('nothing is repainted');
    const { answer, token } = this.#repainted;
    return this.#api.review('draft', { answer, token, ...work }, { attempts: 1, ...options });
  }

  #stopRepaint() {
    this.#autosave.stop();
    this.#repainted = null;
  }

  /** Goes on with an unfinished repaint. @param {ReviewItem} item @param {Photo} photo @param {import('../work/drafts.js').Restored} begun */
  #continue(item, photo, { mask, polygon, steps, draft }) {
    const { easel } = this;
    easel.show({ task: marked(item), photo, mask, polygon, steps });
    this.#repaint(item, draft);
    easel.say(t('review.restored'));
  }

  /** @param {ReviewItem} item @param {import('../work/drafts.js').Draft|null} draft that the mask on the easel comes from */
  #repaint(item, draft = null) {
    const { easel } = this;
    const { drawing } = easel;
    if (!drawing) return;
    easel.setActions([
      { id: 'submit', label: t('review.submit'), keys: ['Enter'], primary: true, run: () => this.#submit(item) },
      { id: 'unpaint', label: t('painter.stand'), keys: ['Shift+Backspace'], quiet: true, run: () => this.#leaveAsItWas(item, draft !== null) },
    ]);
    easel.notice({ title: t('review.repaint'), text: t('review.replaces') });
    if (easel.readOnly) easel.readOnly = false;
    this.#repainted = item;
    this.#autosave.start(drawing, { draft, serverSavedAt: item.draft?.saved_at });
  }

  /** Asks first if there is work to lose. @param {ReviewItem} item @param {boolean} restored */
  #leaveAsItWas(item, restored) {
    const { drawing, openPolygon } = this.easel;
    if (!drawing?.version && !openPolygon && !restored) {
      this.#unpaint(item);
      return;
    }
    this.easel.finishStroke();
    const ask = confirmDialog(
      { title: t('review.discard_title'), text: t('review.discard_text', { question: item.question }), yes: t('review.discard'), no: t('dialog.keep_painting') },
      () => this.#unpaint(item),
    );
    this.easel.element.append(ask);
    ask.showModal();
  }

  /** @param {ReviewItem} item */
  async #unpaint(item) {
    this.#stopRepaint();
    await this.#drafts.remove(item.answer).catch(() => {});
    const { answer, token } = item;
    item.draft = null;
    this.#api.review('draft', { answer, token, mask: null, activity: {} }).catch(() => {}); // the mask is asked about again
    this.#look(item, await this.#images.get(item.image));
  }

  /** @param {ReviewItem} item */
  async #submit(item) {
    const { easel } = this;
    const { drawing } = easel;
    if (!drawing || !easel.finishGesture()) return;
    if (drawing.isEmpty) {
      easel.say(t('review.nothing_painted'), 'warning');
      return;
    }
    const body = {
      answer: item.answer,
      token: item.token,
      mask: drawing.pack(),
      activity: this.#clock.snapshot(),
      client_version: CLIENT_VERSION,
    };
    // Unlike a verdict a mask is work: it stays on the screen until the server has it.
    easel.busy = true;
    try {
      await this.#api.review('repaint', body, { onRetry: () => easel.say(t('review.sending_again'), 'warning') });
    } catch (error) {
      easel.say(t('session.not_recorded', { reason: error instanceof Error ? error.message : String(error) }), 'warning');
      return;
    } finally {
      easel.busy = false;
    }
    this.#stopRepaint();
    this.#drafts.remove(item.answer).catch(() => {});
    this.#before.push(item.answer);
    this.#judged += 1;
    this.#queue.letGo(item.answer);
    this.#queue.countDown();
    await this.#next();
    easel.say(t('review.recorded'));
  }

  /** @param {ReviewItem} item @param {'judge'} path @param {object} body */
  #send(item, path, body) {
    const sending = this.#api.review(path, body).catch((error) => {
      this.#judged -= 1;
      if (error.signedOut) this.#fail(error);
      else this.easel.say(t('review.not_recorded', { question: item.question, reason: error.message }), 'warning');
    });
    this.#sending.add(sending);
    sending.finally(() => {
      this.#sending.delete(sending);
      this.#queue.letGo(item.answer);
    });
  }

  #showProgress() {
    const { waiting } = this.#queue;
    this.easel.progress(this.#judged, this.#judged + waiting, t('review.progress', { judged: this.#judged, waiting }));
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.item = null;
    if (error.signedOut) this.easel.rest('signed-out', { text: t('review.sign_in_again') });
    else this.easel.rest('broken', { text: error.message, retry: () => this.start() });
  }
}

/** @param {[number, number][]} marks @returns {import('../canvas/kernel.js').Point[]} */
const points = (marks) => marks.map(([x, y]) => ({ x, y }));

/** The question with its marks: the reviewer's own, and those of the last earlier review. @param {ReviewItem} item */
function marked(item) {
  return { ...item, marks: points(item.marks), earlierMarks: points(item.earlier.at(-1)?.marks ?? []) };
}

/** @param {string|null} reply of the rater */
const replied = (reply) => (reply ? [t('review.replied', { reply })] : []);

/** The text above the photo: whose answer it is, how long it took, what was said about it. @param {ReviewItem} item @returns {Notice} */
function describe(item) {
  const seconds = Math.round(item.active_ms / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const { rater } = item;
  const title = item.mask ? t('review.painted_by', { rater, time }) : t('review.skipped_by', { rater, time, reason: reasonText(item.skip_reason ?? '') });
  const said = [
    ...(item.skip_note ? [`“${item.skip_note}”`] : []),
    ...item.earlier.flatMap(({ reviewer, verdict, comment, reply }) => [
      t(`review.${comment ? 'before_comment' : 'before'}.${verdict}`, { reviewer, comment }),
      ...replied(reply),
    ]),
    ...(item.verdict ? [t(`review.${item.comment ? 'said_comment' : 'said'}.${item.verdict}`, { comment: item.comment ?? '' })] : []),
    ...replied(item.reply),
  ];
  return { title, text: said.join(' '), kind: item.mask ? 'note' : 'warning' };
}

const root = document.getElementById('review');
const filters = document.getElementById('review-filters');
if (root && filters instanceof HTMLFormElement) mount(root, { person: root.dataset.person ?? '', project: root.dataset.project ?? '', filters });
