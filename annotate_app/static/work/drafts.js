/**
 * Drafts in the rater's own browser (IndexedDB), so that a reload, a crash or a lost connection loses no work. The
 * server keeps drafts too, but less often.
 */

import { unpackMask } from '../canvas/rle.js';

const DATABASE = 'o365seg-painter';
const STORE = 'drafts';

/**
 * A draft.
 * @typedef {object} Draft
 * @property {import('../canvas/rle.js').PackedMask} [mask] missing: nothing was painted yet
 * @property {import('./clock.js').Activity} activity
 * @property {number} saved_at epoch ms, by this computer's clock, or the server's for its drafts
 * @property {import('../tools/polygon.js').OpenPolygon|null} [polygon] only in this browser
 * @property {string} [image_sha256] the photo that was painted on
 * @property {number} [server_saved_at] epoch ms, by the server's clock: the newest server draft that this browser wrote or saw
 */

export class Drafts {
  #owner;
  /** @type {Promise<IDBDatabase>|null} */
  #opening = null;

  /** Each project and rater has drafts of its own. @param {string} project @param {string} rater */
  constructor(project, rater) {
    this.#owner = `${project}:${rater}`;
  }

  /** @param {string|number} question @returns {Promise<Draft|undefined>} */
  load(question) {
    return this.#request('readonly', (store) => store.get(this.#key(question)));
  }

  /** @param {string|number} question @param {Draft} draft @returns {Promise<void>} */
  save(question, draft) {
    return this.#request('readwrite', (store) => store.put(draft, this.#key(question)));
  }

  /** @param {string|number} question @returns {Promise<void>} */
  remove(question) {
    return this.#request('readwrite', (store) => store.delete(this.#key(question)));
  }

  /** @param {string|number} question */
  #key(question) {
    return `${this.#owner}:${question}`;
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<any>} act
   * @returns {Promise<T>}
   */
  async #request(mode, act) {
    const database = await (this.#opening ??= open());
    return new Promise((resolve, reject) => {
      // Strict: on the disk once it completes, so that even a power cut loses nothing.
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * The draft with the later work. The two have times of different clocks, so the times are compared only if the server's
 * draft came from elsewhere; otherwise the browser's own, written more often, is later.
 *
 * @param {Draft|undefined|null} local
 * @param {Draft|undefined|null} server
 * @returns {Draft|null}
 */
export function newerDraft(local, server) {
  if (!local || !server) return local ?? server ?? null;
  if (local.server_saved_at !== undefined && server.saved_at <= local.server_saved_at) return local;
  return local.saved_at >= server.saved_at ? local : server;
}

/**
 * The mask to begin a question with: that of the later readable draft, or else the question's own. A draft of another
 * photo is not used.
 * @param {import('./api.js').Task} task
 * @param {Draft|undefined} local the draft in this browser
 * @param {(damage: string) => void} onDamaged a draft cannot be read
 * @returns {{mask: Uint8Array, draft: Draft|null, polygon: import('../tools/polygon.js').OpenPolygon|null, activity: import('./clock.js').Activity|null}}
 *     mask: row-major 0/1; draft: the one it comes from; polygon: the open one, if the draft in this browser has this mask;
 *     activity: on the question so far
 */
export function restore(task, local, onDamaged) {
  const { width, height, sha256 } = task.image;
  const painted = local?.mask ? local : null;
  const best = newerDraft(painted, task.draft);
  const polygon = (!local?.image_sha256 || local.image_sha256 === sha256) && local?.polygon ? local.polygon : null;
  for (const draft of [best, best === painted ? task.draft : painted]) {
    if (!draft?.mask) continue;
    try {
      if (draft.image_sha256 && draft.image_sha256 !== sha256) continue;
      const same = draft.mask.crc32 === local?.mask?.crc32;
      const activity = painted ? draft.activity : longer(draft.activity, local?.activity);
      return { mask: unpackMask(draft.mask, width, height), draft, polygon: same ? polygon : null, activity };
    } catch (error) {
      onDamaged(error instanceof Error ? error.message : String(error));
    }
  }
  const initial = task.initial ?? task.earlier?.mask;
  return { mask: initial ? unpackMask(initial, width, height) : new Uint8Array(width * height), draft: null, polygon, activity: local?.activity ?? null };
}

/** @param {import('./clock.js').Activity} a @param {import('./clock.js').Activity} [b] */
function longer(a, b) {
  return b && b.wall_ms > (a.wall_ms ?? 0) ? b : a;
}
