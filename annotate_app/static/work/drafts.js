/**
 * Drafts in the rater's own browser (IndexedDB), so that a reload, a crash or a lost connection costs nothing that was
 * painted. The server keeps drafts too, but less often.
 */

const DATABASE = 'o365seg-painter';
const STORE = 'drafts';

/**
 * A draft.
 * @typedef {{mask: {size: number[], counts: string, crc32: number}, activity: object, saved_at: number,
 *     image_sha256?: string, server_saved_at?: number}} Draft
 *     image_sha256: the photo that was painted on; saved_at: this computer's clock, epoch ms; server_saved_at: the server's time of the newest server draft that
 *     this browser wrote or had seen
 */

export class Drafts {
  #owner;
  #opening = null;

  /** Drafts of several raters, or of projects served at one address in turn, stay apart. @param {string} project @param {string} rater */
  constructor(project, rater) {
    this.#owner = `${project}:${rater}`;
  }

  /** @param {number} question @returns {Promise<Draft|undefined>} */
  load(question) {
    return this.#request('readonly', (store) => store.get(this.#key(question)));
  }

  /** @param {number} question @param {Draft} draft */
  save(question, draft) {
    return this.#request('readwrite', (store) => store.put(draft, this.#key(question)));
  }

  /** @param {number} question */
  remove(question) {
    return this.#request('readwrite', (store) => store.delete(this.#key(question)));
  }

  #key(question) {
    return `${this.#owner}:${question}`;
  }

  async #request(mode, act) {
    const database = await (this.#opening ??= open());
    return new Promise((resolve, reject) => {
      // Strict: on the disk when it is said to be, so that even a power cut costs nothing.
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Which of the two drafts holds the later work. The two were stamped by different clocks, so they are compared by time
 * only when the server's draft came from somewhere else: otherwise the browser's own, written more often, is later.
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
