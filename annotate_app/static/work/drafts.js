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
 * @property {import('../tools/polygon.js').OpenPolygon|null} [polygon]
 * @property {{past: number[], future: number[]}} [order] of the steps to undo and redo; only in this browser
 * @property {import('../canvas/history.js').SavedSteps|null} [steps] that were loaded with it
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

  /** @param {string|number} question @returns {Promise<Draft|undefined>} with its steps */
  async load(question) {
    const [draft, keys, contents] = await this.#transact('readonly', (store) => [
      store.get(this.#key(question)),
      store.getAllKeys(this.#stepKeys(question)),
      store.getAll(this.#stepKeys(question)),
    ]);
    if (!draft?.order) return draft;
    const tiles = new Map(keys.map((/** @type {string} */ key, /** @type {number} */ i) => [Number(key.slice(key.lastIndexOf(':') + 1)), contents[i]]));
    return { ...draft, steps: { ...draft.order, tiles } };
  }

  /**
   * The draft and its steps become one, or neither is saved.
   * @param {string|number} question
   * @param {Draft} draft
   * @param {import('../canvas/history.js').StepChanges|null} [changes] steps that the last draft of the question lacks
   * @returns {Promise<unknown>}
   */
  save(question, draft, changes = null) {
    return this.#transact('readwrite', (store) => {
      if (changes?.all) store.delete(this.#stepKeys(question));
      for (const id of changes?.removed ?? []) store.delete(this.#stepKey(question, id));
      for (const [id, tiles] of changes?.changed ?? []) store.put(tiles, this.#stepKey(question, id));
      return [store.put(changes ? { ...draft, order: changes.order } : draft, this.#key(question))];
    });
  }

  /** @param {string|number} question @returns {Promise<unknown>} */
  remove(question) {
    return this.#transact('readwrite', (store) => [store.delete(this.#key(question)), store.delete(this.#stepKeys(question))]);
  }

  /** @param {string|number} question */
  #key(question) {
    return `${this.#owner}:${question}`;
  }

  /** @param {string|number} question @param {number} id */
  #stepKey(question, id) {
    return `${this.#key(question)}:step:${id}`;
  }

  /** @param {string|number} question the keys of all its steps */
  #stepKeys(question) {
    const start = `${this.#key(question)}:step:`;
    return IDBKeyRange.bound(start, `${start}\uffff`);
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<any>[]} act
   * @returns {Promise<any[]>} what the requests found
   */
  async #transact(mode, act) {
    const database = await (this.#opening ??= open());
    return new Promise((resolve, reject) => {
      // Strict: on the disk once it completes, so that even a power cut loses nothing.
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const requests = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(requests.map((request) => request.result));
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
 * @typedef {object} Restored
 * @property {Uint8Array} mask row-major 0/1
 * @property {Draft|null} draft the one it comes from
 * @property {import('../tools/polygon.js').OpenPolygon|null} polygon that was open
 * @property {import('../canvas/history.js').SavedSteps|null} steps to undo and redo, if the draft in this browser has this mask
 * @property {import('./clock.js').Activity|null} activity on the question so far
 */

/**
 * The mask to begin a question with: that of the later readable draft, or else the question's own. A draft of another
 * photo is not used.
 * @param {Pick<import('./api.js').Task, 'image'|'draft'|'initial'|'earlier'>} task
 * @param {Draft|undefined} local the draft in this browser
 * @param {(damage: string) => void} onDamaged a draft cannot be read
 * @returns {Restored}
 */
export function restore(task, local, onDamaged) {
  const { width, height, sha256 } = task.image;
  const painted = local?.mask ? local : null;
  const best = newerDraft(painted, task.draft);
  const ours = local && (!local.image_sha256 || local.image_sha256 === sha256) ? local : null;
  for (const draft of [best, best === painted ? task.draft : painted]) {
    if (!draft?.mask) continue;
    try {
      if (draft.image_sha256 && draft.image_sha256 !== sha256) continue;
      const same = draft.mask.crc32 === ours?.mask?.crc32;
      const activity = painted ? draft.activity : longer(draft.activity, local?.activity);
      const kept = same ? ours : draft;
      return { mask: unpackMask(draft.mask, width, height), draft, polygon: kept.polygon ?? null, steps: kept.steps ?? null, activity };
    } catch (error) {
      onDamaged(error instanceof Error ? error.message : String(error));
    }
  }
  const initial = task.earlier?.mask ?? task.initial;
  const mask = initial ? unpackMask(initial, width, height) : new Uint8Array(width * height);
  return { mask, draft: null, polygon: ours?.polygon ?? null, steps: null, activity: local?.activity ?? null };
}

/** @param {import('./clock.js').Activity} a @param {import('./clock.js').Activity} [b] */
function longer(a, b) {
  return b && b.wall_ms > (a.wall_ms ?? 0) ? b : a;
}
