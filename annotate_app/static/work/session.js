/**
 * The way through the questions: take the next, restore its draft, keep drafts while the rater paints, submit or skip,
 * and go on. It knows the server and the drafts; what to show is left to a `screen`.
 */

import { ApiError } from './api.js';
import { Clock } from './clock.js';
import { newerDraft } from './drafts.js';
import { unpackMask } from '../canvas/rle.js';

const LOCAL_DRAFT_EVERY = 400; // ms at most between a stroke and its draft
const SERVER_DRAFT_EVERY = 20_000; // ms
const HEARTBEAT_EVERY = 60_000; // ms
const WAITING_RETRY = 15_000; // ms
const LOOK_AHEAD_AFTER = 60; // ms

/**
 * A question as the server gives it.
 * @typedef {object} Task
 * @property {number} question
 * @property {string} lease
 * @property {string} category
 * @property {number[]} bbox x, y, width, height, image px
 * @property {{url: string, sha256: string, width: number, height: number}} image
 * @property {import('./drafts.js').Draft|null} draft work in progress that the server keeps
 * @property {object|null} [initial] packed mask to begin with where there is no draft: an earlier answer
 * @property {{mask: object|null, skip_reason: string|null}|null} [earlier] the rater's own answer, given again to be corrected
 * @property {object|null} [notice] words to show above the photo, such as a reviewer's comment; see Easel.notice
 */

/**
 * What the session shows, and what it reads back.
 * @typedef {object} Screen
 * @property {(task: object, photo: import('./images.js').Photo, mask: Uint8Array, restored: boolean) => import('../canvas/drawing.js').Drawing} paint
 * @property {(task: object, photo: import('./images.js').Photo, content: {mask: Uint8Array, reference: Uint8Array|null, notice: object}) => Promise<void>} feedback
 *     shows the answer just given, with words about it, until the rater has seen them
 * @property {(work: object, photo: import('./images.js').Photo, mask: Uint8Array) => Promise<boolean>} kept shows work that came
 *     too late; true: the rater wants to take it up again
 * @property {(state: 'loading'|'done'|'waiting'|'signed-out'|'broken', details?: object) => void} rest
 * @property {(path: string) => void} goTo another page comes before the next question, such as the guidelines
 * @property {(progress: object) => void} progress
 * @property {(text: string, kind?: 'note'|'warning') => void} say
 * @property {(sending: boolean) => void} sending
 */

export class Session {
  /** The question on the screen, or null. */
  task = null;
  clock = new Clock();

  #api;
  #drafts;
  #images;
  #screen;
  #version;
  #drawing = null;
  #prefetched = null;
  #ahead = null; // {question, draft}: the local draft of the prefetched question, being loaded
  #sending = false;
  #localTimer = 0;
  #savedLocallyAt = 0; // this computer's clock, epoch ms
  #savedVersion = 0; // drawing version in the server's draft
  #serverSavedAt;
  #activeSinceHeartbeat = false;
  #retryTimer = 0;

  /**
   * @param {{api: import('./api.js').Api, drafts: import('./drafts.js').Drafts, images: import('./images.js').Images,
   *     screen: Screen, version: string}} parts
   */
  constructor({ api, drafts, images, screen, version }) {
    this.#api = api;
    this.#drafts = drafts;
    this.#images = images;
    this.#screen = screen;
    this.#version = version;
    setInterval(() => this.#saveToServer(), SERVER_DRAFT_EVERY);
    setInterval(() => this.#heartbeat(), HEARTBEAT_EVERY);
  }

  /** Whether the rater may paint now. */
  get painting() {
    return this.#drawing !== null && !this.#sending;
  }

  /** Asks for a question and shows it. */
  async start() {
    clearTimeout(this.#retryTimer);
    this.#screen.rest('loading');
    try {
      await this.#show(await this.#api.next({ onRetry: () => this.#screen.say('No connection. Trying again…', 'warning') }));
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
    // A hidden tab may never come back: phones discard them.
    if (!visible) this.#saveLocally();
  }

  /** A step was painted, undone or redone: keep it at once, or soon where one was kept just now. */
  changed() {
    if (this.#localTimer) return;
    const wait = Math.max(0, this.#savedLocallyAt + LOCAL_DRAFT_EVERY - Date.now());
    this.#localTimer = setTimeout(() => this.#saveLocally(), wait);
  }

  /** The page is going away: the browser may not finish writing, but it does finish a small request. */
  leave() {
    this.#saveLocally();
    if (this.painting && this.#drawing.version !== this.#savedVersion) {
      this.#api.draft(this.#draftBody(), { keepalive: true }).catch(() => {});
    }
  }

  /** Sends the mask and goes on; an empty mask is not sent. */
  async submit() {
    if (!this.painting) return;
    if (this.#drawing.isEmpty) {
      this.#screen.say('Nothing is painted yet. Paint the object, or skip the question.', 'warning');
      return;
    }
    await this.#send({ mask: this.#drawing.pack() });
  }

  /** Also where the photo cannot be shown. @param {string} reason @param {string} note */
  async skip(reason, note) {
    if (this.task && !this.#sending) await this.#send({ skip: { reason, note } });
  }

  /** Back to the last answer, to correct it. What is on the screen is kept and comes after it. */
  async reopen() {
    await this.#go(() => this.#api.reopen());
  }

  /** The question on the screen was answered before, and that answer stands. */
  async letStand() {
    const { lease, question } = this.task;
    await this.#drafts.remove(question).catch(() => {});
    this.#drawing = null; // what was changed is given up
    await this.#go(() => this.#api.letStand(lease));
  }

  /** @returns {Promise<object[]>} the rater's work that did not become an answer */
  async kept() {
    return (await this.#api.kept()).kept;
  }

  /** Shows kept work, to look at, until the rater has seen it. @param {object} work one of {@link Session#kept} */
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

  /** Keeps what is on the screen, and goes on to what `ask` brings; where that fails, back to where it was. */
  async #go(ask) {
    if (this.#sending) return;
    await this.#saveLocally();
    await this.#saveToServer();
    this.#sending = true;
    this.#screen.sending(true);
    try {
      await this.#show(await ask());
    } catch (error) {
      if (error.signedOut || !(error instanceof ApiError)) this.#fail(error);
      else await this.#moveOn(undefined, error.message);
    } finally {
      this.#sending = false;
      this.#screen.sending(false);
    }
  }

  async #send(answer) {
    const { task } = this;
    const painted = this.#drawing?.mask;
    this.#sending = true;
    this.#screen.sending(true);
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
        this.#screen.say('No connection. Your work is kept on this computer and sent as soon as it is back.', 'warning');
        this.#saveLocally();
      };
      const { next, feedback } = await this.#api.submit(body, { onRetry });
      this.#stopLocalTimer();
      this.#drafts.remove(task.question).catch(() => {});
      this.#screen.say(answer.mask ? 'Mask recorded.' : 'Skip recorded.');
      if (feedback) await this.#showFeedback(task, painted, feedback);
      await this.#show(next);
    } catch (error) {
      await this.#failedSend(error);
    } finally {
      this.#sending = false;
      this.#screen.sending(false);
    }
  }

  /**
   * What the server says of the answer just recorded, as it does of trial questions.
   * @param {{notice: object, reference?: object|null}} feedback notice: see Easel.notice; reference: packed mask
   */
  async #showFeedback(task, painted, { notice, reference = null }) {
    const { width, height } = task.image;
    this.#drawing = null; // it is answered: nothing is left to keep
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

  async #failedSend(error) {
    if (error.signedOut) {
      await this.#saveLocally();
      this.#fail(error);
    } else if (error.leaseLost) {
      await this.#moveOn(error.body.next, `${error.message} Your work does not count but is kept: see Kept work (K).`);
    } else {
      await this.#saveLocally();
      this.#screen.say(`Not recorded: ${error.message}`, 'warning');
    }
  }

  /** @param {object|undefined} next body of /api/next where the server sent it along */
  async #moveOn(next, message) {
    try {
      await this.#show(next ?? (await this.#api.next()));
      this.#screen.say(message, 'warning');
    } catch (error) {
      this.#fail(error);
    }
  }

  async #show({ current, prefetched, progress, waiting, go_to }) {
    this.#drawing = null;
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
      this.#screen.rest(waiting > 0 ? 'waiting' : 'done', { progress, waiting });
      return;
    }

    const { width, height } = current.image;
    let photo;
    try {
      const slow = setTimeout(() => this.#screen.rest('loading'), 150);
      photo = await this.#images.get(current.image).finally(() => clearTimeout(slow));
    } catch (error) {
      if (error.signedOut) throw error;
      const why = error instanceof ApiError ? error.message : 'it is damaged.';
      this.#refuse(current, `The photo could not be loaded: ${why}`);
      return;
    }
    if (photo.width !== width || photo.height !== height) {
      // Painting on a photo of another size or rotation would give a mask that fits nothing.
      const sizes = `${photo.width} × ${photo.height} pixels here, but the question is about one of ${width} × ${height}`;
      this.#refuse(current, `The photo is ${sizes}.`);
      return;
    }

    const { mask, draft } = await this.#restore(current);
    this.task = current;
    this.clock = new Clock({ visible: document.visibilityState === 'visible', earlier: draft?.activity });
    this.#savedVersion = 0;
    this.#serverSavedAt = current.draft?.saved_at;
    this.#drawing = this.#screen.paint(current, photo, mask, draft !== null);
    this.#images.keepOnly([current.image, ...(prefetched ? [prefetched.image] : [])]);
    // Once this question is on the screen: decoding the next photo takes the processor away from drawing this one.
    if (prefetched) setTimeout(() => this.#lookAhead(prefetched), LOOK_AHEAD_AFTER);
  }

  /** Fetches what the next question needs; whatever fails is asked for again, with errors shown, when it is needed. */
  #lookAhead({ question, image }) {
    this.#images.get(image).catch(() => {});
    this.#ahead = { question, draft: this.#loadDraft(question) };
  }

  #loadDraft(question) {
    return this.#drafts.load(question).catch(() => undefined);
  }

  /** A question that cannot be painted must not hold the rater up: it can be skipped without being seen. */
  #refuse(task, why) {
    this.task = task;
    this.clock = new Clock({ visible: document.visibilityState === 'visible' });
    const message = `${why} Please tell the owner of the project: question ${task.question}.`;
    this.#screen.rest('broken', { message, skippable: true });
  }

  /** The newest readable draft, a damaged one being reported and the other tried; or else the mask to begin with. */
  async #restore(task) {
    const { width, height } = task.image;
    const ahead = this.#ahead?.question === task.question ? this.#ahead.draft : null;
    this.#ahead = null;
    const local = await (ahead ?? this.#loadDraft(task.question));
    const best = newerDraft(local, task.draft);
    for (const draft of [best, best === local ? task.draft : local]) {
      if (!draft) continue;
      try {
        if (draft.image_sha256 && draft.image_sha256 !== task.image.sha256) continue;
        return { mask: unpackMask(draft.mask, width, height), draft };
      } catch (error) {
        this.#screen.say(error.message, 'warning');
      }
    }
    const initial = task.initial ?? task.earlier?.mask;
    const mask = initial ? unpackMask(initial, width, height) : new Uint8Array(width * height);
    return { mask, draft: null };
  }

  async #saveLocally() {
    this.#stopLocalTimer();
    if (!this.#drawing || !this.#drawing.version) return;
    this.#savedLocallyAt = Date.now();
    const draft = {
      mask: this.#drawing.pack(),
      activity: this.clock.snapshot(),
      image_sha256: this.task.image.sha256,
      saved_at: this.#savedLocallyAt,
    };
    if (this.#serverSavedAt !== undefined) draft.server_saved_at = this.#serverSavedAt;
    // Private windows may refuse storage; the server's drafts remain.
    await this.#drafts.save(this.task.question, draft).catch(() => {});
  }

  #stopLocalTimer() {
    clearTimeout(this.#localTimer);
    this.#localTimer = 0;
  }

  #draftBody() {
    const { lease, question } = this.task;
    return { lease, question, mask: this.#drawing.pack(), activity: this.clock.snapshot() };
  }

  async #saveToServer() {
    const { task } = this;
    const drawing = this.#drawing;
    if (!this.painting || drawing.version === this.#savedVersion) return;
    const { version } = drawing;
    try {
      const { saved_at } = await this.#api.draft(this.#draftBody());
      if (this.#drawing !== drawing) return;
      this.#savedVersion = version;
      this.#serverSavedAt = saved_at;
    } catch (error) {
      await this.#failedUpkeep(error, task);
    }
  }

  async #heartbeat() {
    const { task } = this;
    if (!this.painting || !this.#activeSinceHeartbeat) return;
    this.#activeSinceHeartbeat = false;
    try {
      await this.#api.heartbeat({ lease: task.lease, prefetched: this.#prefetched?.lease ?? null });
    } catch (error) {
      await this.#failedUpkeep(error, task);
    }
  }

  /** A draft or heartbeat did not get through. Painting goes on unless the lease or the sign-in is gone. */
  async #failedUpkeep(error, task) {
    if (this.task !== task || this.#sending) return;
    await this.#saveLocally();
    if (error.signedOut) {
      this.#fail(error);
    } else if (error.leaseLost) {
      await this.#renewLease(task);
    }
  }

  /** After a long pause the lease may be gone; most often the same question is still free and painting just goes on. */
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
        this.#screen.say('Your time on the last question had run out. It is kept: see Kept work (K).', 'warning');
      }
    } catch (error) {
      if (error.signedOut) this.#fail(error);
      // Anything else may pass: the work is kept here, and the next heartbeat or the submit finds out.
      else this.#screen.say('No connection. Your work is kept on this computer.', 'warning');
    }
  }

  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    this.#drawing = null;
    if (error.signedOut) this.#screen.rest('signed-out');
    else this.#screen.rest('broken', { message: error.message });
  }
}
