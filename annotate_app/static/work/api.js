/**
 * Talking to the server: JSON over same-origin POST, with time limits and patient retries. Resending is always safe:
 * the server knows a submit by its lease and records it once.
 */

/** Proves to the server that the request comes from our own page: other sites cannot set a header. */
const HEADER = { 'X-O365seg': '1' };

/** Waits between attempts, ms; about half a minute in all. */
const RETRY_AFTER = [400, 800, 1600, 3200, 6400, 9000, 9000];

/** A request that did not succeed. `status` 0 means that no answer came. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status, or 0
   * @param {string} code the server's short name for the error, such as 'lease_lost'
   * @param {string} message for the rater
   * @param {object} body the whole answer
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

export class Api {
  #fetch;
  #wait;

  /** @param {{fetch?: typeof fetch, wait?: (ms: number) => Promise<void>}} options replaceable for tests */
  constructor({ fetch = (...args) => window.fetch(...args), wait = pause } = {}) {
    this.#fetch = fetch;
    this.#wait = wait;
  }

  next(options) {
    return this.#post('/api/next', {}, options);
  }

  /** Goes on until the server is there: the rater may be offline for long. */
  submit(body, options) {
    return this.#post('/api/submit', body, { patient: true, ...options });
  }

  /** @param {object} body @param {{keepalive?: boolean}} options keepalive: go on when the page is left */
  draft(body, { keepalive = false } = {}) {
    return this.#post('/api/draft', body, { attempts: 1, keepalive });
  }

  heartbeat(body) {
    return this.#post('/api/heartbeat', body, { attempts: 2 });
  }

  /** Puts the rater's last answer on the screen again; answers as `next` does, like the two below. */
  reopen() {
    return this.#post('/api/reopen', {}, { attempts: 2 });
  }

  /** Gives a question that was answered before back as it was. */
  letStand(lease) {
    return this.#post('/api/stand', { lease }, { attempts: 2 });
  }

  /** Takes kept work up again. @param {number} id */
  takeUp(id) {
    return this.#post(`/api/kept/${id}`, {}, { attempts: 2 });
  }

  /** @returns {Promise<{kept: object[]}>} work that came too late to be an answer */
  kept() {
    return this.#patiently('/api/kept', { credentials: 'same-origin' }, (response) => response.json(), { attempts: 2 });
  }

  /** A reviewer's requests; see review_api.py. @param {'next'|'open'|'keep'|'judge'|'repaint'} what @param {object} body */
  review(what, body, options) {
    return this.#post(`/api/review/${what}`, body, options);
  }

  /** @param {string} url @returns {Promise<Blob>} */
  async image(url) {
    return this.#patiently(url, { credentials: 'same-origin' }, (response) => response.blob(), { timeout: 60_000 });
  }

  async #post(path, body, { keepalive = false, ...options } = {}) {
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
   * @param {(response: Response) => Promise<T>} read takes what is wanted from the answer
   * @param {{attempts?: number, patient?: boolean, timeout?: number, onRetry?: (error: ApiError) => void}} options
   *     patient: while the server cannot be reached, go on for ever; timeout in ms for each attempt
   */
  async #patiently(url, init, read, { attempts = RETRY_AFTER.length + 1, patient = false, timeout = 30_000, onRetry = () => {} } = {}) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(url, init, read, timeout);
      } catch (error) {
        const passing = error.status === 0 || error.status === 429 || error.status >= 500;
        const unreachable = patient && error.status === 0;
        if (!passing || (attempt >= attempts && !unreachable)) throw error;
        onRetry(error);
        await this.#wait(RETRY_AFTER[Math.min(attempt, RETRY_AFTER.length) - 1]);
      }
    }
  }

  async #once(url, init, read, timeout) {
    let response;
    try {
      response = await this.#fetch(url, { ...init, signal: AbortSignal.timeout(timeout) });
      // Cut off on its way, or somebody else's page in its place: as good as no answer.
      if (response.ok) return await read(response);
    } catch {
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
    }
    const body = await response.json().catch(() => ({}));
    const fallback = response.status === 401 ? 'You are signed out.' : `The server answered with error ${response.status}.`;
    const message = typeof body.message === 'string' && body.message ? body.message : fallback;
    throw new ApiError(response.status, body.error ?? 'failed', message, body);
  }
}

/** Waits, or until the connection is back. */
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
