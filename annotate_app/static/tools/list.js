/**
 * The one list of tools, in the order of their buttons. The toolbar, the keys, the tooltips, the help sheet, the
 * cursors and the counters are made from it: a new tool is one file and one line here.
 */

import { BRUSH } from './brush.js';
import { ERASER } from './eraser.js';
import { FILL } from './fill.js';
import { LASSO } from './lasso.js';
import { LINE } from './line.js';
import { PAN } from './pan.js';
import { POLYGON } from './polygon.js';

export const TOOLS = [BRUSH, ERASER, LINE, LASSO, POLYGON, FILL, PAN];

/** @param {import('./tool.js').Desk} desk @returns {Object<string, import('./tool.js').Tool>} every tool by its id */
export function makeTools(desk) {
  return Object.fromEntries(TOOLS.map((record) => [record.id, new record.tool(desk, record)]));
}
