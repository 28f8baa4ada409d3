/** The message that covers the canvas while there is nothing to paint. */

import { el } from './dom.js';

/** @typedef {'loading'|'done'|'waiting'|'signed-out'|'broken'} RestState */

/** @type {Record<RestState, {title: string, text?: string, retryLabel?: string, link?: {label: string, href: string}}>} */
const RESTS = {
  loading: { title: 'Loading…' },
  done: { title: 'All done. Thank you!', text: 'Every question of this project has an answer.' },
  waiting: { title: 'Nothing to do right now', retryLabel: 'Look again' },
  'signed-out': {
    title: 'You are signed out',
    text: 'Your work is kept on this computer and is restored when you sign in again.',
    link: { label: 'Sign in', href: '/login' },
  },
  broken: { title: 'This did not work', retryLabel: 'Try again' },
};

/**
 * Covers the canvas with a message.
 * @param {HTMLElement} place
 * @param {RestState} state
 * @param {{text?: string, retry: () => void, skip: (() => void)|null}} options text: replaces the state's own;
 *     skip: opens the skip dialog, if the question can be skipped unseen
 */
export function showRest(place, state, { text, retry, skip }) {
  const { title, text: own, retryLabel, link } = RESTS[state];
  const body = text ?? own;
  /** @param {string} name @param {string} label @param {() => void} click @param {string} kind */
  const button = (name, label, click, kind) => el('button', { type: 'button', class: `button ${kind}`, 'data-tool': name, click }, label);
  place.replaceChildren(
    el(
      'div',
      { class: 'rest-card', role: state === 'broken' ? 'alert' : 'status' },
      el('h2', {}, title),
      body ? el('p', {}, body) : null,
      retryLabel ? button('retry', retryLabel, retry, 'primary') : null,
      skip ? button('skip-unseen', 'Skip this question…', skip, '') : null,
      link ? el('a', { class: 'button primary', href: link.href }, link.label) : null,
    ),
  );
  place.hidden = false;
}
