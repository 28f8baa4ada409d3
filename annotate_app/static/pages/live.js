/** Keeps a part of a page up to date: fetches it again every few seconds while the page is visible. */

import { showLocalTimes } from './local_times.js';

const EVERY_MS = 5000;

/** @param {HTMLElement} place @param {string} url */
async function refresh(place, url) {
  const answer = await fetch(url, { cache: 'no-store' });
  if (answer.redirected) location.reload(); // signed out
  if (!answer.ok || answer.redirected) return;
  // The server escapes what people wrote, and a parsed document runs no script.
  const part = new DOMParser().parseFromString(await answer.text(), 'text/html');
  showLocalTimes(part);
  // Replacing the part would lose a selection or the focus of a control in it.
  if (place.contains(document.activeElement) || getSelection()?.isCollapsed === false) return;
  place.replaceChildren(...part.body.childNodes);
}

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-live]'))) {
  const url = place.dataset.live ?? '';
  setInterval(() => {
    if (!document.hidden) refresh(place, url).catch(() => {}); // the server may be restarting: try again next time
  }, EVERY_MS);
}
