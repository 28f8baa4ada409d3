/** The contract between a session and the page that shows it. */

/** @typedef {import('../canvas/photo.js').Photo} Photo */
/** @typedef {import('../easel/contract.js').Notice} Notice */
/** @typedef {import('../tools/polygon.js').OpenPolygon} OpenPolygon */
/** @typedef {import('./api.js').Task} Task */
/** @typedef {import('./api.js').Kept} Kept */
/** @typedef {import('./api.js').Progress} Progress */

/**
 * What the session shows, and what it reads back.
 * @typedef {object} Screen
 * @property {(task: Task, photo: Photo, content: {mask: Uint8Array, polygon: OpenPolygon|null, steps: import('../canvas/history.js').SavedSteps|null, restored: boolean}) => import('../canvas/drawing.js').Drawing} paint
 * @property {() => OpenPolygon|null} polygon the open one
 * @property {(mask: Uint8Array) => void} others shows the rater's own masks of other objects of the image, together
 * @property {(task: Task, photo: Photo, content: {mask: Uint8Array, reference: Uint8Array|null, notice: Notice}) => Promise<unknown>} feedback
 *     shows the answer just given, with a text about it, until the rater continues
 * @property {(work: Kept, photo: Photo, mask: Uint8Array) => Promise<boolean>} kept shows work that came too late; true: the
 *     rater wants to continue it
 * @property {(state: import('../easel/rest.js').RestState, details?: RestDetails) => void} rest
 * @property {(path: string) => void} goTo opens another page
 * @property {(progress: Progress) => void} progress
 * @property {(text: string, kind?: 'note'|'warning') => void} say
 * @property {(sending: boolean) => void} sending
 */

/**
 * @typedef {{message?: string, waiting?: number, skippable?: boolean}} RestDetails waiting: questions that are with other
 *     raters; skippable: the question behind the message can be skipped
 */

export {};
