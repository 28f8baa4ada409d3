/**
 * Requests to the server: JSON over same-origin POST, with time limits and retries. Resending is always safe: the
 * server recognises a submit by its lease and records it once.
 */

import { t, textOr } from '../texts/texts.js';

/** @typedef {import('../canvas/rle.js').PackedMask} PackedMask */

/** Proves to the server that the request comes from our own page: other sites cannot set a header. */
const HEADER = { 'X-O365seg': '1' };

/** Waits between attempts, ms; about half a minute in all. */
const RETRY_AFTER = [400, 800, 1600, 3200, 6400, 9000, 9000];

/** A request that failed. `status` 0 means that there was no answer. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status, or 0
   * @param {string} code the server's short name for the error, such as 'lease_lost'
   * @param {string} message for the rater
   * @param {Body} body the whole answer
   */
  constructor(status, code, message, body = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }

  get signedOut() {
    return this.status === 401;
  }

  get leaseLost() {
    return this.status === 409;
  }
}

/**
 * An answer, or the body of a request: JSON.
 * @typedef {Object<string, any>} Body
 */

/**
 * A question as the server gives it.
 * @typedef {object} Task
 * @property {string} question
 * @property {string} lease
 * @property {string} category
 * @property {number[]} bbox x, y, width, height, image px
 * @property {{url: string, sha256: string, width: number, height: number}} image
 * @property {import('./drafts.js').Draft|null} draft work in progress that the server keeps
 * @property {PackedMask|null} [initial] mask to begin with if there is no draft: an earlier answer
 * @property {{mask: PackedMask|null, skip_reason: string|null}|null} [earlier] the rater's own answer, shown again to be corrected
 * @property {import('../easel/contract.js').Notice|null} [notice] text above the photo, such as a reviewer's comment
 * @property {SentBack|null} [sent_back] the review that sent the rater's answer back
 */

/** @typedef {{review: number, marks: [number, number][], reply: string|null}} SentBack marks: image px; reply: the rater's newest */

/**
 * What to do next, as the server gives it.
 * @typedef {object} Next
 * @property {Task|null} current
 * @property {Task|null} prefetched the question after it
 * @property {Progress} progress
 * @property {number} waiting questions that are with other raters, where there is none for this one
 * @property {string} [go_to] path of another page that comes first, such as the guidelines
 */

/** @typedef {{questions: number, done: number}} Progress */

/**
 * A line of the rater's list of answers.
 * @typedef {{id: number, question: string, category: string, received_at: number, skip_reason: string|null}} OwnAnswer
 */

/**
 * Work that came too late to be an answer.
 * @typedef {object} Kept
 * @property {number} id
 * @property {string} question
 * @property {string} category
 * @property {number[]} bbox
 * @property {{url: string, width: number, height: number}} image
 * @property {PackedMask|null} mask
 * @property {string|null} skip_reason
 * @property {number} saved_at epoch ms
 * @property {'free'|'taken'|'answered'} standing of its question
 */

/**
 * @typedef {{attempts?: number, patient?: boolean, timeout?: number, onRetry?: (error: ApiError) => void}} Options
 *     patient: while the server cannot be reached, retry for ever; timeout: of each attempt, ms
 */

export class Api {
  #fetch;
  #wait;

  /** @param {{fetch?: typeof window.fetch, wait?: (ms: number) => Promise<void>}} options replaceable for tests */
  constructor({ fetch = (...args) => window.fetch(...args), wait = pause } = {}) {
    this.#fetch = fetch;
    this.#wait = wait;
  }

  /** @param {Options} [options] @returns {Promise<Next>} */
  next(options) {
    return this.#post('/api/next', {}, options);
  }

  /**
   * Retries until the server can be reached: the rater may be offline for long.
   * @param {Body} body
   * @param {Options} [options]
   */
  submit(body, options) {
    return this.#post('/api/submit', body, { patient: true, ...options });
  }

  /** @param {Body} body @param {{keepalive?: boolean}} options keepalive: goes on when the page is left */
  draft(body, { keepalive = false } = {}) {
    return this.#post('/api/draft', body, { attempts: 1, keepalive });
  }

  /** @param {Body} body */
  heartbeat(body) {
    return this.#post('/api/heartbeat', body, { attempts: 2 });
  }

  /** Opens an answer of the rater again. @param {string|number|null} question null: the last one @returns {Promise<Next>} */
  reopen(question) {
    return this.#post('/api/reopen', { question }, { attempts: 2 });
  }

  /** @param {number|null} before id of an answer @returns {Promise<{answers: OwnAnswer[], more: boolean}>} the rater's answers, the newest first */
  answers(before) {
    return this.#get(before === null ? '/api/answers' : `/api/answers?before=${before}`);
  }

  /** @param {string|number} question @returns {Promise<{masks: PackedMask[]}>} the rater's own masks of other objects of its image */
  others(question) {
    return this.#get(`/api/others?question=${encodeURIComponent(question)}`);
  }

  /** Leaves the earlier answer to a question as it was. @param {string} lease @returns {Promise<Next>} */
  letStand(lease) {
    return this.#post('/api/stand', { lease }, { attempts: 2 });
  }

  /** Opens kept work to continue it. @param {number} id @returns {Promise<Next>} */
  takeUp(id) {
    return this.#post(`/api/kept/${id}`, {}, { attempts: 2 });
  }

  /** @returns {Promise<{kept: Kept[]}>} work that came too late to be an answer */
  kept() {
    return this.#get('/api/kept');
  }

  /** Replies to the review that sent an answer back. @param {number} review @param {string} text */
  reply(review, text) {
    return this.#post('/api/reply', { review, text }, { attempts: 3 });
  }

  /** A reviewer's requests. @param {'next'|'open'|'keep'|'judge'|'repaint'|'draft'} what @param {Body} body @param {Options & {keepalive?: boolean}} [options] */
  review(what, body, options) {
    return this.#post(`/api/review/${what}`, body, options);
  }

  /** @param {string} url @returns {Promise<Blob>} */
  async image(url) {
    return this.#patiently(url, { credentials: 'same-origin' }, (response) => response.blob(), { timeout: 60_000 });
  }

  /** @param {string} path @returns {Promise<any>} */
  #get(path) {
    return this.#patiently(path, { credentials: 'same-origin' }, (response) => response.json(), { attempts: 2 });
  }

  /** @param {string} path @param {Body} body @param {Options & {keepalive?: boolean}} options */
  async #post(path, body, { keepalive = false, ...options } = {}) {
    /** @type {RequestInit} */
    const init = {
      method: 'POST',
      credentials: 'same-origin',
      keepalive,
      headers: { 'Content-Type': 'application/json', ...HEADER },
      body: JSON.stringify(body),
    };
    return this.#patiently(path, init, (response) => response.json(), options);
  }

  /**
   * @template T
   * @param {string} url
   * @param {RequestInit} init
   * @param {(response: Response) => Promise<T>} read takes what is wanted from the answer
   * @param {Options} options
   * @returns {Promise<T>}
   */
  async #patiently(url, init, read, { attempts = RETRY_AFTER.length + 1, patient = false, timeout = 30_000, onRetry = () => {} } = {}) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(url, init, read, timeout);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const passing = error.status === 0 || error.status === 429 || error.status >= 500;
        const unreachable = patient && error.status === 0;
        if (!passing || (attempt >= attempts && !unreachable)) throw error;
        onRetry(error);
        await this.#wait(RETRY_AFTER[Math.min(attempt, RETRY_AFTER.length) - 1]);
      }
    }
  }

  /**
   * @template T
   * @param {string} url
   * @param {RequestInit} init
   * @param {(response: Response) => Promise<T>} read
   * @param {number} timeout ms
   * @returns {Promise<T>}
   */
  async #once(url, init, read, timeout) {
    let response;
    try {
      response = await this.#fetch(url, { ...init, signal: AbortSignal.timeout(timeout) });
      // An answer that was cut off, or another page in its place, counts as no answer.
      if (response.ok) return await read(response);
    } catch {
      throw new ApiError(0, 'unreachable', t('error.unreachable'));
    }
    const body = await response.json().catch(() => ({}));
    const fallback = response.status === 401 ? t('error.signed_out') : t('error.failed', { status: response.status });
    const message = typeof body.message === 'string' && body.message ? body.message : fallback;
    throw new ApiError(response.status, body.error ?? 'failed', textOr(`error.${body.error}`, message), body);
  }
}

/** Waits, or until the connection is back. @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
  });
}
