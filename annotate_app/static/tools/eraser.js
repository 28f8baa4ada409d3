import { BrushTool } from './brush.js';

/** A brush that erases, with a diameter of its own. */
class EraserTool extends BrushTool {
  /** @type {0|1} */
  paints = 0;
}

/** @type {import('./tool.js').ToolRecord} */
export const ERASER = {
  id: 'eraser',
  keys: ['E'],
  icon: ['m13.5 4.6 6 6a1.8 1.8 0 0 1 0 2.5L13.6 19H8.2l-3.8-3.8a1.8 1.8 0 0 1 0-2.5L11 4.6a1.8 1.8 0 0 1 2.5 0Z', 'm8 8.4 7.6 7.6', 'M8.2 19H20'],
  cursor: 'paint',
  size: 'eraser',
  counter: 'erases',
  tool: EraserTool,
};
