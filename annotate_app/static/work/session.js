/**
 * Leads through the questions: takes the next, restores its draft, saves drafts while the rater paints, submits or
 * skips, and goes on. It knows the server and the drafts; a `screen` shows things.
 */

import { unpackMask } from '../canvas/rle.js';
import { t } from '../texts/texts.js';
import { ApiError } from './api.js';
import { Autosave } from './autosave.js';
import { Clock } from './clock.js';
import { restore } from './drafts.js';
import { PhotoError } from './images.js';

/** @typedef {import('../canvas/rle.js').PackedMask} PackedMask */
/** @typedef {import('./drafts.js').Draft} Draft */

const HEARTBEAT_EVERY = 60_000; // ms
const WAITING_RETRY = 15_000; // ms
const LOOK_AHEAD_AFTER = 60; // ms

/** @typedef {import('./api.js').Task} Task */
/** @typedef {import('./api.js').Next} Next */
/** @typedef {import('./api.js').Kept} Kept */

export class Session {
  /** The question on the screen, or null. @type {Task|null} */
  task = null;
  clock = new Clock();

  #api;
  #drafts;
  #images;
  #screen;
  #version;
  #autosave;
  /** @type {Task|null} */
  #prefetched = null;
  /** The draft in this browser of the prefetched question, being loaded. @type {{question: string, draft: Promise<Draft|undefined>}|null} */
  #ahead = null;
  #sending = false;
  #activeSinceHeartbeat = false;
  #retryTimer = 0;

  /**
   * @param {{api: import('./api.js').Api, drafts: import('./drafts.js').Drafts, images: import('./images.js').Images,
   *     screen: import('./screen.js').Screen, version: string}} parts
   */
  constructor({ api, drafts, images, screen, version }) {
    this.#api = api;
    this.#drafts = drafts;
    this.#images = images;
    this.#screen = screen;
    this.#version = version;
    this.#autosave = new Autosave({
      activity: () => this.clock.snapshot(),
      polygon: () => screen.polygon(),
      toBrowser: async (draft, steps) => {
        if (this.task) await drafts.save(this.task.question, { ...draft, image_sha256: this.task.image.sha256 }, steps);
      },
      toServer: async (work, options) => {
        const { lease, question } = this.#required();
        return api.draft({ lease, question, ...work }, options);
      },
      onFailed: (error) => this.#failedUpkeep(error, this.task),
    });
    setInterval(() => this.#heartbeat(), HEARTBEAT_EVERY);
  }

  /** Whether the rater may paint now. */
  get painting() {
    return this.#drawing !== null && !this.#sending;
  }

  get #drawing() {
    return this.#autosave.drawing;
  }

  #required() {
    if (!this.task) throw new Error('there is no question');
    return this.task;
  }

  /** @param {boolean} sending an answer is being sent, or another question fetched */
  #setSending(sending) {
    this.#sending = sending;
    this.#autosave.paused = sending;
    this.#screen.sending(sending);
  }

  /** Asks for a question and shows it. */
  async start() {
    clearTimeout(this.#retryTimer);
    this.#screen.rest('loading');
    try {
      await this.#show(await this.#api.next({ onRetry: () => this.#screen.say(t('session.no_connection'), 'warning') }));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The rater did something. */
  input() {
    this.clock.input();
    this.#activeSinceHeartbeat = true;
  }

  /** @param {boolean} visible whether the tab is visible */
  setVisible(visible) {
    this.clock.setVisible(visible);
    // A hidden tab may be discarded, as phones do.
    if (!visible) this.#autosave.saveInBrowser();
  }

  /** A step, or a corner of an open polygon, was painted, undone or redone. */
  changed() {
    this.#autosave.changed();
  }

  /** The page is going away. */
  leave() {
    this.#autosave.leave();
  }

  /** Sends the mask and goes on; an empty mask is not sent. */
  async submit() {
    const drawing = this.#drawing;
    if (!drawing || this.#sending) return;
    if (drawing.isEmpty) {
      this.#screen.say(t('session.nothing_painted'), 'warning');
      return;
    }
    await this.#send({ mask: drawing.pack() });
  }

  /** Skips the question, even if its photo cannot be shown. @param {string} reason @param {string} note */
  async skip(reason, note) {
    if (this.task && !this.#sending) await this.#send({ skip: { reason, note } });
  }

  /** Opens an answer, to correct it. The question on the screen is saved and comes after it. @param {string|number|null} question null: the last answer */
  async reopen(question = null) {
    await this.#go(() => this.#api.reopen(question));
  }

  /** @param {number|null} before id of an answer; null: the newest @returns {Promise<{answers: import('./api.js').OwnAnswer[], more: boolean}>} */
  answers(before) {
    return this.#api.answers(before);
  }

  /** Leaves the earlier answer to the question on the screen as it was. */
  async letStand() {
    const { lease, question } = this.#required();
    this.#autosave.stop(); // the changes are discarded
    await this.#drafts.remove(question).catch(() => {});
    await this.#go(() => this.#api.letStand(lease));
  }

  /** @returns {Promise<Kept[]>} the rater's work that did not become an answer */
  async kept() {
    return (await this.#api.kept()).kept;
  }

  /** Shows kept work until the rater goes back or continues it. @param {Kept} work */
  async look(work) {
    await this.#go(async () => {
      const { width, height } = work.image;
      const photo = await this.#images.get(work.image);
      this.#screen.sending(false);
      const again = await this.#screen.kept(work, photo, work.mask ? unpackMask(work.mask, width, height) : new Uint8Array(width * height));
      this.#screen.sending(true);
      return again ? this.#api.takeUp(work.id) : this.#api.next();
    });
  }

  /** Saves what is on the screen and shows what `ask` returns; if that fails, shows the question again. @param {() => Promise<Next>} ask */
  async #go(ask) {
    if (this.#sending) return;
    await this.#autosave.saveInBrowser();
    await this.#autosave.saveToServer();
    this.#setSending(true);
    try {
      await this.#show(await ask());
    } catch (error) {
      if (!(error instanceof ApiError) || error.signedOut) this.#fail(error);
      else await this.#moveOn(undefined, error.message);
    } finally {
      this.#setSending(false);
    }
  }

  /** @param {{mask: PackedMask}|{skip: {reason: string, note: string}}} answer */
  async #send(answer) {
    const task = this.#required();
    const painted = this.#drawing?.mask;
    this.#setSending(true);
    try {
      const body = {
        lease: task.lease,
        question: task.question,
        answer,
        image_sha256: task.image.sha256,
        activity: this.clock.snapshot(),
        client_version: this.#version,
      };
      const onRetry = () => {
        this.#screen.say(t('session.kept_until_back'), 'warning');
        this.#autosave.saveInBrowser();
      };
      const { next, feedback } = await this.#api.submit(body, { onRetry });
      this.#autosave.stop();
      this.#drafts.remove(task.question).catch(() => {});
      this.#screen.say(t('mask' in answer ? 'session.mask_recorded' : 'session.skip_recorded'));
      if (feedback) await this.#showFeedback(task, painted, feedback);
      await this.#show(next);
    } catch (error) {
      await this.#failedSend(error);
    } finally {
      this.#setSending(false);
    }
  }

  /**
   * Shows what the server says about the answer just recorded, as it does for trial questions.
   * @param {Task} task
   * @param {Uint8Array|undefined} painted
   * @param {{notice: import('../easel/contract.js').Notice, reference?: PackedMask|null}} feedback
   */
  async #showFeedback(task, painted, { notice, reference = null }) {
    const { width, height } = task.image;
    this.task = null;
    const content = {
      notice,
      mask: painted ?? new Uint8Array(width * height),
      reference: reference && unpackMask(reference, width, height),
    };
    const photo = await this.#images.get(task.image);
    this.#screen.sending(false);
    await this.#screen.feedback(task, photo, content);
    this.#screen.sending(true);
  }

  /** @param {unknown} error */
  async #failedSend(error) {
    const refused = error instanceof ApiError ? error : null;
    if (refused?.signedOut) {
      await this.#autosave.saveInBrowser();
      this.#fail(error);
    } else if (refused?.leaseLost) {
      await this.#moveOn(refused.body.next, t('session.does_not_count', { reason: refused.message }));
    } else {
      await this.#autosave.saveInBrowser();
      this.#screen.say(t('session.not_recorded', { reason: error instanceof Error ? error.message : String(error) }), 'warning');
    }
  }

  /** @param {Next|undefined} next if the server sent it along @param {string} message */
  async #moveOn(next, message) {
    try {
      await this.#show(next ?? (await this.#api.next()));
      this.#screen.say(message, 'warning');
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {Next} next */
  async #show({ current, prefetched, progress, waiting, go_to }) {
    this.#autosave.stop();
    this.task = null;
    if (go_to) {
      this.#screen.rest('loading');
      this.#screen.goTo(go_to);
      return;
    }
    this.#prefetched = prefetched;
    this.#screen.progress(progress);
    if (!current) {
      this.#images.keepOnly([]);
      if (waiting > 0) this.#retryTimer = setTimeout(() => this.start(), WAITING_RETRY);
      this.#screen.rest(waiting > 0 ? 'waiting' : 'done', { waiting });
      return;
    }

    let photo;
    try {
      const slow = setTimeout(() => this.#screen.rest('loading'), 150);
      photo = await this.#images.getAsked(current.image).finally(() => clearTimeout(slow));
    } catch (error) {
      if (!(error instanceof PhotoError)) throw error;
      this.#refuse(current, error.message);
      return;
    }

    const { mask, draft, polygon, steps, activity } = await this.#restore(current);
    this.task = current;
    this.clock = new Clock({ visible: document.visibilityState === 'visible', earlier: activity });
    const restored = draft !== null || polygon !== null;
    this.#autosave.start(this.#screen.paint(current, photo, { mask, polygon, steps, restored }), { draft, serverSavedAt: current.draft?.saved_at });
    this.#images.keepOnly([current.image, ...(prefetched ? [prefetched.image] : [])]);
    // After this question is on the screen: decoding the next photo would delay drawing this one.
    setTimeout(() => {
      if (prefetched) this.#lookAhead(prefetched);
      this.#showOthers(current).catch(() => {}); // only shown beside the work
    }, LOOK_AHEAD_AFTER);
  }

  /** Shows the rater's own masks of other objects of the image. @param {Task} task */
  async #showOthers(task) {
    const { width, height } = task.image;
    const { masks } = await this.#api.others(task.question);
    if (!masks.length || this.task?.lease !== task.lease || !this.#drawing) return;
    const all = new Uint8Array(width * height);
    for (const packed of masks) unpackMask(packed, width, height).forEach((painted, i) => (all[i] |= painted));
    this.#screen.others(all);
  }

  /** Fetches what the next question needs; what fails is fetched again when it is needed. @param {Task} task */
  #lookAhead({ question, image }) {
    this.#images.get(image).catch(() => {});
    this.#ahead = { question, draft: this.#loadDraft(question) };
  }

  /** @param {string} question */
  #loadDraft(question) {
    return this.#drafts.load(question).catch(() => undefined);
  }

  /** A question that cannot be painted can be skipped unseen. @param {Task} task @param {string} why */
  #refuse(task, why) {
    this.task = task;
    this.clock = new Clock({ visible: document.visibilityState === 'visible' });
    const message = t('session.tell_owner', { reason: why, question: task.question });
    this.#screen.rest('broken', { message, skippable: true });
  }

  /** @param {Task} task */
  async #restore(task) {
    const ahead = this.#ahead?.question === task.question ? this.#ahead.draft : null;
    this.#ahead = null;
    const local = await (ahead ?? this.#loadDraft(task.question));
    return restore(task, local, (damage) => this.#screen.say(damage, 'warning'));
  }

  async #heartbeat() {
    const { task } = this;
    if (!task || !this.painting || !this.#activeSinceHeartbeat) return;
    this.#activeSinceHeartbeat = false;
    try {
      await this.#api.heartbeat({ lease: task.lease, prefetched: this.#prefetched?.lease ?? null });
    } catch (error) {
      await this.#failedUpkeep(error, task);
    }
  }

  /**
   * A draft or heartbeat failed. Painting goes on unless the lease is lost or the rater is signed out.
   * @param {unknown} error
   * @param {Task|null} task
   */
  async #failedUpkeep(error, task) {
    if (!task || this.task !== task || this.#sending) return;
    await this.#autosave.saveInBrowser();
    if (!(error instanceof ApiError)) return;
    if (error.signedOut) {
      this.#fail(error);
    } else if (error.leaseLost) {
      await this.#renewLease(task);
    }
  }

  /** After a long pause the lease may be lost; most often the question is still free and painting goes on. @param {Task} task */
  async #renewLease(task) {
    try {
      const next = await this.#api.next();
      if (this.task !== task || this.#sending) return;
      if (next.current?.question === task.question) {
        this.task = { ...task, lease: next.current.lease };
        this.#prefetched = next.prefetched;
        this.#screen.progress(next.progress);
      } else {
        await this.#show(next);
        this.#screen.say(t('session.time_over'), 'warning');
      }
    } catch (error) {
      if (error instanceof ApiError && error.signedOut) this.#fail(error);
      // Other errors may be temporary: the work is kept here, and the next heartbeat or the submit tries again.
      else this.#screen.say(t('session.kept_here'), 'warning');
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.#autosave.stop();
    if (error.signedOut) this.#screen.rest('signed-out');
    else this.#screen.rest('broken', { message: error.message });
  }
}
