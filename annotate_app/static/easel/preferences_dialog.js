/** The dialog of a person's preferences: theme, layout, opening, sizes, breaks and keys. */

import { chooseLanguage, chosenLanguage } from '../texts/cookies.js';
import { LANGUAGES, t } from '../texts/texts.js';
import { el } from './dom.js';
import { keyCap, keyNames } from './keyboard.js';
import { BREAKS, THEMES } from './preferences.js';

/** @typedef {import('./preferences.js').Preferences} Preferences */
/** @typedef {import('./commands.js').Command} Command */

/** Keys that cannot be chosen: they move the focus, or are held. */
const FIXED = ['Tab', ' ', 'Shift', 'Control', 'Alt', 'Meta', 'CapsLock'];

/**
 * @param {object} host
 * @param {Preferences} host.preferences at present
 * @param {Command[]} host.commands everything that has a key, with its present keys
 * @param {(chosen: Partial<Preferences>, then: {reload: boolean}) => void} host.onChange called once, with what was chosen;
 *     reload: another language, or keys, which are written on every control
 * @returns {HTMLDialogElement} to be added to the page and shown; leaves the page when it is closed
 */
function preferencesDialog({ preferences, commands, onChange }) {
  const { select, checkbox } = controls(preferences);
  const theme = select('theme', t('preferences.theme'), THEMES, (value) => t(`theme.${value}`));
  const language = languageRow();
  const breaks = select('breakEvery', t('preferences.break'), BREAKS.map(String), (value) => (value === '0' ? t('preferences.never') : t('preferences.after', { minutes: value })));
  const boxes = [
    checkbox('openAtBox'),
    checkbox('sizeOnScreen'),
    checkbox('leftHanded'),
  ];
  const keys = keyTable(commands);
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'painter-preferences-title' }, t('preferences.title')),
    theme.row,
    language.row,
    breaks.row,
    ...boxes.map(({ row }) => row),
    el('details', { class: 'keys-chosen' }, el('summary', {}, t('preferences.keys')), keys.element),
    el(
      'div',
      { class: 'dialog-actions' },
      el('button', { type: 'button', class: 'button', 'data-tool': 'preferences-cancel', click: () => dialog.close() }, t('easel.cancel')),
      el('button', { type: 'submit', class: 'button primary', 'data-tool': 'preferences-save' }, t('preferences.save')),
    ),
  );
  /** @type {HTMLDialogElement} */
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'painter-preferences-title' }, form);
  form.addEventListener('submit', () => {
    const checked = Object.fromEntries(boxes.map(({ name, input }) => [name, input.checked]));
    const other = language.input.value !== chosenLanguage();
    if (other) chooseLanguage(language.input.value);
    const changed = keys.chosen();
    const chosen = { theme: theme.input.value, breakEvery: Number(breaks.input.value), keys: { ...preferences.keys, ...changed }, ...checked };
    onChange(chosen, { reload: other || Object.keys(changed).length > 0 });
  });
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/** The reader's language, which a cookie keeps, not the preferences: the server needs it too. */
function languageRow() {
  const offered = Object.entries({ '': t('page.language_of_browser'), ...LANGUAGES });
  const options = offered.map(([value, name]) => el('option', { value, lang: value || null, selected: value === chosenLanguage() }, name));
  const input = el('select', { id: 'preference-language', 'data-tool': 'preference-language' }, ...options);
  return { input, row: el('div', { class: 'preference' }, el('label', { for: input.id }, t('preferences.language')), input) };
}

/** @param {Preferences} preferences */
function controls(preferences) {
  /** @param {'theme'|'breakEvery'} name @param {string} label @param {string[]} values @param {(value: string) => string} text */
  const select = (name, label, values, text) => {
    const options = values.map((value) => el('option', { value, selected: value === String(preferences[name]) }, text(value)));
    const input = el('select', { id: `preference-${name}`, 'data-tool': `preference-${name}` }, ...options);
    return { input, row: el('div', { class: 'preference' }, el('label', { for: input.id }, label), input) };
  };
  /** @param {'openAtBox'|'sizeOnScreen'|'leftHanded'} name */
  const checkbox = (name) => {
    const input = el('input', { type: 'checkbox', 'data-tool': `preference-${name}`, checked: preferences[name] });
    return { name, input, row: el('label', { class: 'choice' }, input, t(`preferences.${name}`)) };
  };
  return { select, checkbox };
}

/** A line for each command, with its first key; the key is changed by pressing another. @param {Command[]} commands */
function keyTable(commands) {
  /** First keys, by command. */
  const first = new Map(commands.map((command) => [command.id, command.keys[0]]));
  const usual = new Map(first);
  const said = el('p', { class: 'hint', role: 'status' }, t('preferences.choose_key'));
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
      'aria-label': t('preferences.key_of', { command: label }),
      click: () => {
        stop();
        waiting = id;
        button.replaceChildren(t('preferences.press_key'));
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
      said.textContent = t('preferences.key_taken', { key: keyCap(key), command: other.label });
      return;
    }
    first.set(id, key);
    said.textContent = t('preferences.choose_key');
    stop();
  });
  element.addEventListener('focusout', stop);
  const chosen = () => {
    const changed = commands.filter(({ id }) => first.get(id) !== usual.get(id));
    return Object.fromEntries(changed.map(({ id, keys }) => [id, [first.get(id) ?? keys[0], ...keys.slice(1)]]));
  };
  return { element, chosen };
}

/**
 * Shows the dialog over an element, and does as it is chosen.
 * @param {HTMLElement} root
 * @param {import('./settings.js').Settings} settings
 * @param {Command[]} commands everything that has a key
 */
export function openPreferences(root, settings, commands) {
  const dialog = preferencesDialog({
    preferences: settings.preferences,
    commands,
    onChange: (chosen, { reload }) => {
      settings.prefer(chosen);
      if (reload) location.reload(); // the work on the easel is kept by its page
    },
  });
  root.append(dialog);
  dialog.showModal();
}
