/**
 * Turns keys into commands. A key is written as modifiers and name: 'B', 'Ctrl+Z', 'Shift+ArrowUp', '['. Ctrl stands for the
 * Mac's command key as well; shift is written only where it does not already choose the character.
 */

import { textOr } from '../texts/texts.js';

/** Names of physical keys, for keyboards whose characters there are others: '[' is 'ü' on a German one. */
/** @type {Object<string, string>} */
const BY_POSITION = {
  BracketLeft: '[',
  BracketRight: ']',
  Minus: '-',
  Equal: '+',
  Comma: ',',
  Period: '.',
};

/**
 * The ways to read a key press, the most literal first.
 * @param {KeyboardEvent} event
 * @returns {string[]}
 */
export function keyNames(event) {
  const names = [name(event, event.key)];
  // With Cyrillic, Greek or an input method, only the position of the key gives 'B'.
  if (!/^[a-z0-9]$/i.test(event.key)) {
    const position = BY_POSITION[event.code] ?? /^(?:Key|Digit)(\w)$/.exec(event.code)?.[1];
    if (position) names.push(name(event, position));
  }
  return names;
}

/** @param {KeyboardEvent} event @param {string} key */
function name(event, key) {
  const letter = /^[a-z]$/i.test(key);
  const modifiers = [];
  if (event.ctrlKey || event.metaKey) modifiers.push('Ctrl');
  if (event.altKey) modifiers.push('Alt');
  if (event.shiftKey && (letter || key.length > 1)) modifiers.push('Shift');
  return [...modifiers, letter ? key.toUpperCase() : key].join('+');
}

/**
 * Whether a key press belongs to the element that has the focus rather than to the painter.
 * @param {KeyboardEvent} event
 */
export function isTyping(event) {
  const { target } = event;
  if (!(target instanceof Element)) return false;
  if (target.closest('dialog[open]') || (target instanceof HTMLElement && target.isContentEditable)) return true;
  if (target.matches('textarea, select')) return true;
  if (target.matches('input[type="range"]')) return /^(Arrow|Page|Home|End)/.test(event.key);
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio'].includes(target.type) || event.key === ' ';
  if (target.closest('button, a, summary')) return event.key === 'Enter' || event.key === ' ';
  return false;
}

/**
 * Runs commands from the keyboard.
 * @param {import('./commands.js').Command[]} commands
 * @param {(id: string, event: KeyboardEvent) => void} run
 * @returns {(event: KeyboardEvent) => void} keydown listener
 */
export function keyListener(commands, run) {
  const byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command])));
  return (event) => {
    if (event.defaultPrevented || isTyping(event)) return;
    const command = keyNames(event).map((key) => byKey.get(key)).find(Boolean);
    if (!command) return;
    event.preventDefault();
    if (!event.repeat || command.repeats) run(command.id, event);
  };
}

/** @param {string} key @returns {string} as printed on a key cap */
export function keyCap(key) {
  /** @type {Object<string, string>} */
  const signs = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Enter: '↵', Backspace: '⌫', '-': '−' };
  if (key === '+') return key;
  return key.split('+').map((part) => signs[part] ?? textOr(`key.${part}`, part)).join(' ');
}
