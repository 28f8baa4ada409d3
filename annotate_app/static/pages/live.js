/** Keeps a part of a page up to date: fetches it again every few seconds while somebody looks. */

const EVERY_MS = 5000;

async function refresh(place) {
  const answer = await fetch(place.dataset.live, { cache: 'no-store' });
  if (answer.redirected) location.reload(); // signed out
  if (!answer.ok || answer.redirected) return;
  // The server escaped whatever anybody wrote; a parsed document runs no script.
  const part = new DOMParser().parseFromString(await answer.text(), 'text/html');
  // Not under the reader's hands: a selection or a focused control would be lost.
  if (place.contains(document.activeElement) || !getSelection().isCollapsed) return;
  place.replaceChildren(...part.body.childNodes);
}

for (const place of document.querySelectorAll('[data-live]')) {
  setInterval(() => {
    if (!document.hidden) refresh(place).catch(() => {}); // the server restarts: next time
  }, EVERY_MS);
}
