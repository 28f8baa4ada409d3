/** What the easel and the page that holds it say to each other. */

/**
 * The question on the easel.
 * @typedef {object} Task
 * @property {string} question
 * @property {string} category
 * @property {number[]} bbox x, y, width, height, image px
 * @property {{width: number, height: number}} image
 * @property {import('../canvas/kernel.js').Point[]} [marks] places that a reviewer marked, image px
 * @property {import('../canvas/kernel.js').Point[]} [earlierMarks] likewise, of an earlier review
 */

/**
 * Something to do with the work: a button at the bottom of the panel, a key, and a line in the help sheet.
 * @typedef {object} Action
 * @property {string} id also the button's `data-tool`
 * @property {string} label
 * @property {string} [short] for the button, if the label is too long for it
 * @property {string[]} keys as in keyboard.js
 * @property {() => unknown} run
 * @property {boolean} [primary] the most usual one
 * @property {boolean} [quiet] a link rather than a button
 * @property {boolean} [always] enabled even if nothing is on the easel
 */

/**
 * A text above the photo, for as long as the question is shown: a reviewer's comment, the outcome of a trial question.
 * @typedef {object} Notice
 * @property {string} title
 * @property {string} [text]
 * @property {'note'|'warning'|'good'} [kind]
 * @property {{line: 'mask'|'reference', label: string}[]} [legend]
 */

export {};
