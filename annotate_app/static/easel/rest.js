/** The message that covers the canvas while there is nothing to paint. */

import { t } from '../texts/texts.js';
import { el } from './dom.js';

/** @typedef {'loading'|'done'|'waiting'|'signed-out'|'broken'} RestState */

/** Texts by their keys. @type {Record<RestState, {title: string, text?: string, retryLabel?: string, link?: {label: string, href: string}}>} */
const RESTS = {
  loading: { title: 'rest.loading' },
  done: { title: 'rest.done', text: 'rest.done_text' },
  waiting: { title: 'rest.waiting', retryLabel: 'rest.look_again' },
  'signed-out': {
    title: 'rest.signed_out',
    text: 'rest.signed_out_text',
    link: { label: 'rest.sign_in', href: '/login' },
  },
  broken: { title: 'rest.broken', retryLabel: 'rest.try_again' },
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
  const body = text ?? (own && t(own));
  /** @param {string} name @param {string} label @param {() => void} click @param {string} kind */
  const button = (name, label, click, kind) => el('button', { type: 'button', class: `button ${kind}`, 'data-tool': name, click }, label);
  place.replaceChildren(
    el(
      'div',
      { class: 'rest-card', role: state === 'broken' ? 'alert' : 'status' },
      el('h2', {}, t(title)),
      body ? el('p', {}, body) : null,
      retryLabel ? button('retry', t(retryLabel), retry, 'primary') : null,
      skip ? button('skip-unseen', t('rest.skip'), skip, '') : null,
      link ? el('a', { class: 'button primary', href: link.href }, t(link.label)) : null,
    ),
  );
  place.hidden = false;
}
