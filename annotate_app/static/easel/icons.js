/** The icons on the buttons of tools and commands. */

import { TOOLS } from '../tools/list.js';

/** SVG paths on a 24 × 24 grid, by command. @type {Object<string, string[]>} */
const ICONS = {
  ...Object.fromEntries(TOOLS.map((tool) => [tool.id, tool.icon])),
  undo: ['M8 5 3.5 9.5 8 14', 'M4 9.500h10a5.5 5.5 0 0 1 0 11h-3'],
  redo: ['m16 5 4.5 4.500L16 14', 'M20 9.500H10a5.5 5.5 0 0 0 0 11h3'],
  clear: ['M4 6.500h16', 'M9 6.500V4h6v2.5', 'm6 6.5 1 13.500h10l1-13.5', 'M10 10.500v6', 'M14 10.500v6'],
  help: ['M9 9a3 3 0 1 1 4.6 2.500c-1 .7-1.6 1.2-1.6 2.5', 'M12 17.600v.1', 'M12 2.800a9.2 9.2 0 1 0 .01 0Z'],
  preferences: ['M4 7h9', 'M17 7h3', 'M15 4.800a2.2 2.2 0 1 0 .01 0Z', 'M4 17h3', 'M11 17h9', 'M9 14.800a2.2 2.2 0 1 0 .01 0Z'],
  'zoom-in': ['M12 5v14', 'M5 12h14'],
  'zoom-out': ['M5 12h14'],
  fit: ['M4 9V4h5', 'M20 9V4h-5', 'M4 15v5h5', 'M20 15v5h-5'],
  'zoom-box': ['M4 4h16v16H4Z', 'M9 9h6v6H9Z'],
};

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} id a command with an icon @returns {SVGElement} decorative: its button carries the label */
export function icon(id) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of ICONS[id]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
