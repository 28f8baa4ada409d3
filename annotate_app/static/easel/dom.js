/** Builds page elements without markup strings: text is always text, whoever wrote it. */

import { keyCap } from './keyboard.js';

/**
 * @param {string} tag
 * @param {Object<string, any>} attributes `class`, `data-…`, `aria-…` and so on; functions become listeners ('click');
 *     true sets a bare attribute; null, undefined and false leave it out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
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
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {string} key as in keyboard.js */
export function keyCaps(key) {
  return el('kbd', {}, keyCap(key));
}

const SVG = 'http://www.w3.org/2000/svg';

/** Line drawings on a 24 x 24 grid. */
const ICONS = {
  brush: ['M4 20c3.5 0 5.5-1.4 5.5-4a2.6 2.6 0 0 0-5.2 0c0 1.7-.5 3-1.8 3.6.5.3 1 .4 1.5.4Z', 'M9 13.6 18.6 3.7a1.7 1.7 0 0 1 2.4 2.4L11.3 15.8'],
  eraser: ['m13.5 4.6 6 6a1.8 1.8 0 0 1 0 2.5L13.6 19H8.2l-3.8-3.8a1.8 1.8 0 0 1 0-2.5L11 4.6a1.8 1.8 0 0 1 2.5 0Z', 'm8 8.4 7.6 7.6', 'M8.2 19H20'],
  line: ['M6.2 17.8 17.8 6.2', 'M5 16.6a2.2 2.2 0 1 0 .01 0Z', 'M19 2.6a2.2 2.2 0 1 0 .01 0Z'],
  lasso: ['M12 4c-5 0-8.6 2.5-8.6 5.8S7 15.6 12 15.6s8.6-2.5 8.6-5.8S17 4 12 4Z', 'M7.6 14.6a2.2 2.2 0 1 0-1.6 3c1.4-.4 2.3-1.4 1.6-3Z', 'M6 17.6c.8 1 .9 2.2.2 3.4'],
  polygon: ['M12 3.6 20.4 9.6 17.2 19.4H6.8L3.6 9.6Z'],
  fill: ['m11 3.5 8 8-7 7a1.8 1.8 0 0 1-2.5 0l-5.4-5.4a1.8 1.8 0 0 1 0-2.5L11 3.5Z', 'M3.8 12.4h14.4', 'M20.4 15.4c1 1.5 1.5 2.5 1.5 3.300a1.6 1.6 0 0 1-3.2 0c0-.8.6-1.8 1.7-3.300Z'],
  pan: ['M12 3v18', 'M3 12h18', 'm9.2 5.6 2.8-2.8 2.8 2.8', 'm9.2 18.4 2.8 2.8 2.8-2.8', 'M5.6 9.2 2.8 12l2.8 2.8', 'm18.4 9.2 2.8 2.8-2.8 2.8'],
  undo: ['M8 5 3.5 9.5 8 14', 'M4 9.500h10a5.5 5.5 0 0 1 0 11h-3'],
  redo: ['m16 5 4.5 4.500L16 14', 'M20 9.500H10a5.5 5.5 0 0 0 0 11h3'],
  clear: ['M4 6.500h16', 'M9 6.500V4h6v2.5', 'm6 6.5 1 13.500h10l1-13.5', 'M10 10.500v6', 'M14 10.500v6'],
  help: ['M9 9a3 3 0 1 1 4.6 2.500c-1 .7-1.6 1.2-1.6 2.5', 'M12 17.600v.1', 'M12 2.800a9.2 9.2 0 1 0 .01 0Z'],
  plus: ['M12 5v14', 'M5 12h14'],
  minus: ['M5 12h14'],
  fit: ['M4 9V4h5', 'M20 9V4h-5', 'M4 15v5h5', 'M20 15v5h-5'],
  box: ['M4 4h16v16H4Z', 'M9 9h6v6H9Z'],
};

/** @param {keyof ICONS} name @returns {SVGElement} a decorative icon; the control that holds it carries the label */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
