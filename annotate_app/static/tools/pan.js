import { Tool } from './tool.js';

/** Paints nothing: dragging moves the view. @type {import('./tool.js').ToolRecord} */
export const PAN = {
  id: 'pan',
  keys: ['H'],
  icon: ['M12 3v18', 'M3 12h18', 'm9.2 5.6 2.8-2.8 2.8 2.8', 'm9.2 18.4 2.8 2.8 2.8-2.8', 'M5.6 9.2 2.8 12l2.8 2.8', 'm18.4 9.2 2.8 2.8-2.8 2.8'],
  cursor: 'grab',
  size: null,
  counter: null,
  tool: Tool,
};
