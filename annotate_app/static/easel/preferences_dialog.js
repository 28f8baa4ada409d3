/** The dialog of a person's preferences: theme, layout, opening, sizes, breaks and keys. */

import { el } from './dom.js';
import { keyCap, keyNames } from './keyboard.js';
import { BREAKS, THEMES } from './preferences.js';

/** @typedef {import('./preferences.js').Preferences} Preferences */
/** @typedef {import('./commands.js').Command} Command */

/** @type {Object<string, string>} */
const THEME_LABELS = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Keys that cannot be chosen: they move the focus, or are held. */
const FIXED = ['Tab', ' ', 'Shift', 'Control', 'Alt', 'Meta', 'CapsLock'];

/**
 * @param {object} host
 * @param {Preferences} host.preferences at present
 * @param {Command[]} host.commands everything that has a key, with its present keys
 * @param {(chosen: Partial<Preferences>) => void} host.onChange called once, with what was chosen
 * @returns {HTMLDialogElement} to be added to the page and shown; leaves the page when it is closed
 */
export function preferencesDialog({ preferences, commands, onChange }) {
  const { select, checkbox } = controls(preferences);
  const theme = select('theme', 'Theme', THEMES, (value) => THEME_LABELS[value]);
  const breaks = select('breakEvery', 'Suggest a break', BREAKS.map(String), (value) => (value === '0' ? 'Never' : `After ${value} minutes`));
  const boxes = [
    checkbox('openAtBox', 'Open each question zoomed to its box'),
    checkbox('sizeOnScreen', 'Brush and eraser keep their size on the screen when you zoom'),
    checkbox('leftHanded', 'Tools on the right, for the left hand'),
  ];
  const keys = keyTable(commands);
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'painter-preferences-title' }, 'Preferences'),
    theme.row,
    breaks.row,
    ...boxes.map(({ row }) => row),
    el('details', { class: 'keys-chosen' }, el('summary', {}, 'Keys'), keys.element),
    el(
      'div',
      { class: 'dialog-actions' },
      el('button', { type: 'button', class: 'button', 'data-tool': 'preferences-cancel', click: () => dialog.close() }, 'Cancel'),
      el('button', { type: 'submit', class: 'button primary', 'data-tool': 'preferences-save' }, 'Save'),
    ),
  );
  /** @type {HTMLDialogElement} */
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'painter-preferences-title' }, form);
  form.addEventListener('submit', () => {
    const checked = Object.fromEntries(boxes.map(({ name, input }) => [name, input.checked]));
    onChange({ theme: theme.input.value, breakEvery: Number(breaks.input.value), keys: { ...preferences.keys, ...keys.chosen() }, ...checked });
  });
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/** @param {Preferences} preferences */
function controls(preferences) {
  /** @param {'theme'|'breakEvery'} name @param {string} label @param {string[]} values @param {(value: string) => string} text */
  const select = (name, label, values, text) => {
    const options = values.map((value) => el('option', { value, selected: value === String(preferences[name]) }, text(value)));
    const input = el('select', { id: `preference-${name}`, 'data-tool': `preference-${name}` }, ...options);
    return { input, row: el('div', { class: 'preference' }, el('label', { for: input.id }, label), input) };
  };
  /** @param {'openAtBox'|'sizeOnScreen'|'leftHanded'} name @param {string} label */
  const checkbox = (name, label) => {
    const input = el('input', { type: 'checkbox', 'data-tool': `preference-${name}`, checked: preferences[name] });
    return { name, input, row: el('label', { class: 'choice' }, input, label) };
  };
  return { select, checkbox };
}

/** A line for each command, with its first key; the key is changed by pressing another. @param {Command[]} commands */
function keyTable(commands) {
  /** First keys, by command. */
  const first = new Map(commands.map((command) => [command.id, command.keys[0]]));
  const usual = new Map(first);
  const said = el('p', { class: 'hint', role: 'status' }, 'Choose a key, then press the new one.');
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  /** @type {string|null} */
  let waiting = null;

  /** @param {string} id */
  const show = (id) => buttons.get(id)?.replaceChildren(keyCap(first.get(id) ?? ''));
  const stop = () => {
    if (waiting) show(waiting);
    waiting = null;
  };
  /** @param {Command} command */
  const line = ({ id, label }) => {
    const button = el('button', {
      type: 'button',
      class: 'button key-choice',
      'data-key-of': id,
      'aria-label': `Key of: ${label}`,
      click: () => {
        stop();
        waiting = id;
        button.replaceChildren('Press a key');
      },
    });
    buttons.set(id, button);
    show(id);
    return el('div', { class: 'preference' }, el('span', {}, label), button);
  };
  const element = el('div', { class: 'key-table' }, said, ...commands.map(line));
  element.addEventListener('keydown', (event) => {
    if (!waiting || FIXED.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const key = keyNames(event)[0];
    const id = waiting;
    const other = commands.find((command) => command.id !== id && (first.get(command.id) === key || command.keys.slice(1).includes(key)));
    if (other) {
      said.textContent = `${keyCap(key)} is the key of “${other.label}”. Press another.`;
      return;
    }
    first.set(id, key);
    said.textContent = 'Choose a key, then press the new one.';
    stop();
  });
  element.addEventListener('focusout', stop);
  const chosen = () => {
    const changed = commands.filter(({ id }) => first.get(id) !== usual.get(id));
    return Object.fromEntries(changed.map(({ id, keys }) => [id, [first.get(id) ?? keys[0], ...keys.slice(1)]]));
  };
  return { element, chosen };
}
