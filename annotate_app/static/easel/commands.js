/**
 * Everything that can be done at the easel, with its keys. The toolbar, the tooltips, the help sheet and the keyboard
 * are made from this list; the tools in it come from tools/list.js. What ends a question (submit, skip, accept …)
 * belongs to the page that holds the easel: see the actions of easel.js.
 */

import { TOOLS } from '../tools/list.js';
import { loadPreferences } from './preferences.js';

/**
 * @typedef {object} Command
 * @property {string} id also the control's `data-tool`
 * @property {string} label
 * @property {string[]} keys the first is shown on the control; see keyboard.js for how they are written
 * @property {string} group heading in the help sheet
 * @property {boolean} [repeats] whether holding the key down repeats it
 */

/** With their usual keys. @type {Command[]} */
const USUAL = [
  ...TOOLS.map(({ id, label, keys }) => ({ id, label, keys, group: 'Tools' })),
  { id: 'smaller', label: 'Smaller brush or eraser', keys: ['['], group: 'Tools', repeats: true },
  { id: 'larger', label: 'Larger brush or eraser', keys: [']'], group: 'Tools', repeats: true },

  { id: 'undo', label: 'Undo', keys: ['Ctrl+Z'], group: 'Edit', repeats: true },
  { id: 'redo', label: 'Redo', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'], group: 'Edit', repeats: true },
  { id: 'clear', label: 'Erase everything', keys: ['Delete'], group: 'Edit' },
  { id: 'cancel', label: 'Cancel the lasso, polygon or stroke', keys: ['Escape'], group: 'Edit' },

  { id: 'zoom-in', label: 'Zoom in', keys: ['+', '='], group: 'View', repeats: true },
  { id: 'zoom-out', label: 'Zoom out', keys: ['-'], group: 'View', repeats: true },
  { id: 'fit', label: 'Show the whole image', keys: ['0'], group: 'View' },
  { id: 'actual', label: 'Actual size (1:1)', keys: ['1'], group: 'View' },
  { id: 'zoom-box', label: 'Zoom to the box', keys: ['Z'], group: 'View' },
  { id: 'pan-left', label: 'Move the view left', keys: ['ArrowLeft'], group: 'View', repeats: true },
  { id: 'pan-right', label: 'Move the view right', keys: ['ArrowRight'], group: 'View', repeats: true },
  { id: 'pan-up', label: 'Move the view up', keys: ['ArrowUp'], group: 'View', repeats: true },
  { id: 'pan-down', label: 'Move the view down', keys: ['ArrowDown'], group: 'View', repeats: true },

  { id: 'guide', label: 'Box', keys: ['G'], group: 'Show' },
  { id: 'mask', label: 'Mask', keys: ['M'], group: 'Show' },
  { id: 'outline', label: 'Outline only', keys: ['O'], group: 'Show' },
  { id: 'others', label: 'My other masks', keys: ['T'], group: 'Show' },
  { id: 'protect', label: 'Do not paint into my other masks', keys: ['Shift+T'], group: 'Edit' },
  { id: 'fainter', label: 'Fainter mask', keys: [','], group: 'Show', repeats: true },
  { id: 'stronger', label: 'Stronger mask', keys: ['.'], group: 'Show', repeats: true },
  { id: 'colour', label: 'Next mask colour', keys: ['C'], group: 'Show' },
  { id: 'darker', label: 'Darker photo', keys: ['Shift+ArrowDown'], group: 'Show', repeats: true },
  { id: 'brighter', label: 'Brighter photo', keys: ['Shift+ArrowUp'], group: 'Show', repeats: true },
  { id: 'softer', label: 'Less contrast', keys: ['Shift+ArrowLeft'], group: 'Show', repeats: true },
  { id: 'harder', label: 'More contrast', keys: ['Shift+ArrowRight'], group: 'Show', repeats: true },
  { id: 'gamma-lower', label: 'Lower gamma', keys: ['PageDown'], group: 'Show', repeats: true },
  { id: 'gamma-higher', label: 'Higher gamma', keys: ['PageUp'], group: 'Show', repeats: true },
  { id: 'reset-photo', label: 'Reset the photo', keys: ['R'], group: 'Show' },

  { id: 'help', label: 'Help', keys: ['?'], group: 'Question' },
  { id: 'preferences', label: 'Preferences', keys: ['Shift+S'], group: 'Question' },
];

const CHOSEN = loadPreferences().keys;

/** @template {{id: string, keys: string[]}} T @param {T} command @returns {T} with the keys that its user chose */
export function withChosenKeys(command) {
  return { ...command, keys: CHOSEN[command.id] ?? command.keys };
}

export const COMMANDS = USUAL.map(withChosenKeys);

/** Commands that are allowed while the mask is read-only. */
export const LOOKING = new Set([
  ...COMMANDS.filter(({ group }) => group === 'View' || group === 'Show').map(({ id }) => id),
  ...TOOLS.filter(({ cursor }) => cursor === 'grab').map(({ id }) => id),
  'help',
  'preferences',
]);

const BY_ID = new Map(COMMANDS.map((command) => [command.id, command]));

/** @param {string} id @returns {Command} */
export function command(id) {
  const found = BY_ID.get(id);
  if (!found) throw new Error(`unknown command '${id}'`);
  return found;
}

/** Keys that are held and pointer gestures, for the help sheet. */
export const GESTURES = [
  { keys: [`Hold+${command('eraser').keys[0]}`], label: 'Erase while the key is held' },
  { keys: [`Hold+${command('mask').keys[0]}`], label: 'Hide or show the mask while the key is held' },
  { keys: ['Shift+Click'], label: 'Straight line from the last point' },
  { keys: ['Right button'], label: 'Erase with the current tool' },
  { keys: ['Wheel'], label: 'Zoom to the pointer' },
  { keys: ['Alt+Wheel', 'Ctrl+Wheel'], label: 'Change the size' },
  { keys: ['Alt+Drag', 'Ctrl+Drag'], label: 'Change the size: right larger, left smaller' },
  { keys: ['Drag a corner'], label: 'Move a corner of the open polygon' },
  { keys: ['Space+Drag'], label: 'Move the view (also middle button)' },
  { keys: ['Two fingers'], label: 'Zoom and move the view' },
  { keys: ['Double click'], label: 'Close the polygon (also Enter, or its first corner)' },
];
