/** The help sheet: every key and gesture. */

import { t } from '../texts/texts.js';
import { GESTURES } from './commands.js';
import { el, keyCaps } from './dom.js';

/** @returns {{dialog: HTMLDialogElement, fill: (commands: import('./commands.js').Command[]) => void}} `fill` writes the lines */
export function helpSheet() {
  const columns = el('div', { class: 'help-columns' });
  const close = el('button', { type: 'button', class: 'button primary', 'data-tool': 'help-close', click: () => dialog.close() }, t('easel.close'));
  /** @type {HTMLDialogElement} */
  const dialog = el(
    'dialog',
    { class: 'dialog help', 'aria-labelledby': 'painter-help-title' },
    el('h2', { id: 'painter-help-title' }, t('easel.keys_and_gestures')),
    columns,
    el('div', { class: 'dialog-actions' }, close),
  );
  /** @param {import('./commands.js').Command[]} commands */
  const fill = (commands) => {
    const groups = [...new Set(commands.map((command) => command.group))];
    const sections = groups.map((group) => helpSection(t(`command_group.${group}`), commands.filter((command) => command.group === group)));
    columns.replaceChildren(...sections, helpSection(t('command_group.pointer'), GESTURES));
  };
  return { dialog, fill };
}

/** @param {string} title @param {{keys: string[], label: string}[]} entries */
function helpSection(title, entries) {
  const rows = entries.map(({ keys, label }) =>
    el('div', { class: 'help-row' }, el('dt', {}, ...keys.map(keyCaps)), el('dd', {}, label)),
  );
  return el('section', {}, el('h3', {}, title), el('dl', {}, ...rows));
}
