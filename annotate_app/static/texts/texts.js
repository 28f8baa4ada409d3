/** The texts of the pages, in the reader's language. */

import { LANGUAGE, TEXTS } from './catalogue.js';

export { LANGUAGE, LANGUAGES } from './catalogue.js';

/**
 * @param {string} key of annotate_app/texts/en.toml
 * @param {Object<string, string|number>} [values] of its `{…}`
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = TEXTS[key];
  if (text === undefined) throw new Error(`no text '${key}'`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** @param {string} noun key of `count` @param {number} count */
export function counted(noun, count) {
  return t(`count.${noun}.${count === 1 ? 'one' : 'other'}`, { count: count.toLocaleString(LANGUAGE) });
}

/** The text of a key that the catalogue may lack, or `otherwise`. @param {string} key @param {string} otherwise */
export function textOr(key, otherwise) {
  return TEXTS[key] ?? otherwise;
}
