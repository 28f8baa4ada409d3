/**
 * Everything that can be done at the easel, with its keys. The toolbar, the tooltips, the help sheet and the keyboard
 * are made from this list; the tools in it come from tools/list.js. What ends a question (submit, skip, accept …)
 * belongs to the page that holds the easel: see the actions of easel.js.
 */

import { t } from '../texts/texts.js';
import { TOOLS } from '../tools/list.js';
import { loadPreferences } from './preferences.js';

/**
 * @typedef {object} Command
 * @property {string} id also the control's `data-tool`
 * @property {string} label
 * @property {string[]} keys the first is shown on the control; see keyboard.js for how they are written
 * @property {string} group of `command_group`: heading in the help sheet
 * @property {boolean} [repeats] whether holding the key down repeats it
 */

/** With their usual keys. @type {Omit<Command, 'label'>[]} */
const USUAL = [
  ...TOOLS.map(({ id, keys }) => ({ id, keys, group: 'tools' })),
  { id: 'smaller', keys: ['['], group: 'tools', repeats: true },
  { id: 'larger', keys: [']'], group: 'tools', repeats: true },

  { id: 'undo', keys: ['Ctrl+Z'], group: 'edit', repeats: true },
  { id: 'redo', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'], group: 'edit', repeats: true },
  { id: 'clear', keys: ['Delete'], group: 'edit' },
  { id: 'cancel', keys: ['Escape'], group: 'edit' },

  { id: 'zoom-in', keys: ['+', '='], group: 'view', repeats: true },
  { id: 'zoom-out', keys: ['-'], group: 'view', repeats: true },
  { id: 'fit', keys: ['0'], group: 'view' },
  { id: 'actual', keys: ['1'], group: 'view' },
  { id: 'zoom-box', keys: ['Z'], group: 'view' },
  { id: 'pan-left', keys: ['ArrowLeft'], group: 'view', repeats: true },
  { id: 'pan-right', keys: ['ArrowRight'], group: 'view', repeats: true },
  { id: 'pan-up', keys: ['ArrowUp'], group: 'view', repeats: true },
  { id: 'pan-down', keys: ['ArrowDown'], group: 'view', repeats: true },

  { id: 'guide', keys: ['G'], group: 'show' },
  { id: 'mask', keys: ['M'], group: 'show' },
  { id: 'outline', keys: ['O'], group: 'show' },
  { id: 'others', keys: ['T'], group: 'show' },
  { id: 'protect', keys: ['Shift+T'], group: 'edit' },
  { id: 'fainter', keys: [','], group: 'show', repeats: true },
  { id: 'stronger', keys: ['.'], group: 'show', repeats: true },
  { id: 'colour', keys: ['C'], group: 'show' },
  { id: 'darker', keys: ['Shift+ArrowDown'], group: 'show', repeats: true },
  { id: 'brighter', keys: ['Shift+ArrowUp'], group: 'show', repeats: true },
  { id: 'softer', keys: ['Shift+ArrowLeft'], group: 'show', repeats: true },
  { id: 'harder', keys: ['Shift+ArrowRight'], group: 'show', repeats: true },
  { id: 'gamma-lower', keys: ['PageDown'], group: 'show', repeats: true },
  { id: 'gamma-higher', keys: ['PageUp'], group: 'show', repeats: true },
  { id: 'reset-photo', keys: ['R'], group: 'show' },

  { id: 'help', keys: ['?'], group: 'question' },
  { id: 'preferences', keys: ['Shift+S'], group: 'question' },
];

const CHOSEN = loadPreferences().keys;

/** @template {{id: string, keys: string[]}} T @param {T} command @returns {T} with the keys that its user chose */
export function withChosenKeys(command) {
  return { ...command, keys: CHOSEN[command.id] ?? command.keys };
}

/** @type {Command[]} */
export const COMMANDS = USUAL.map((usual) => withChosenKeys({ ...usual, label: t(`command.${usual.id}`) }));

/** Commands that are allowed while the mask is read-only. */
export const LOOKING = new Set([
  ...COMMANDS.filter(({ group }) => group === 'view' || group === 'show').map(({ id }) => id),
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
  { keys: [`Hold+${command('eraser').keys[0]}`], label: t('gesture.hold_eraser') },
  { keys: [`Hold+${command('mask').keys[0]}`], label: t('gesture.hold_mask') },
  { keys: ['Shift+Click'], label: t('gesture.shift_click') },
  { keys: ['RightButton'], label: t('gesture.right_button_does') },
  { keys: ['Wheel'], label: t('gesture.wheel_does') },
  { keys: ['Alt+Wheel', 'Ctrl+Wheel'], label: t('gesture.size_wheel') },
  { keys: ['Alt+Drag', 'Ctrl+Drag'], label: t('gesture.size_drag') },
  { keys: ['DragCorner'], label: t('gesture.corner_does') },
  { keys: ['Space+Drag'], label: t('gesture.space_drag') },
  { keys: ['TwoFingers'], label: t('gesture.two_fingers_do') },
  { keys: ['DoubleClick'], label: t('gesture.double_click_does') },
];
