/** Builds page elements without markup strings: text is always text, whoever wrote it. */

import { keyCap } from './keyboard.js';

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Object<string, any>} attributes `class`, `data-…`, `aria-…` and so on; functions become listeners ('click');
 *     true sets a bare attribute; null, undefined and false leave it out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    // Not as an attribute, which the security policy of our own pages refuses.
    else if (name === 'style') element.style.cssText = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flatMap((child) => child ?? []));
  return element;
}

/** @param {string} key as in keyboard.js */
export function keyCaps(key) {
  return el('kbd', {}, keyCap(key));
}
