/** Shows times in the reader's own time zone; the server writes them in UTC. */

const SHOWN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** @param {ParentNode} place */
export function showLocalTimes(place) {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (place.querySelectorAll('time[datetime]'))) {
    time.title = time.textContent ?? '';
    time.textContent = SHOWN.format(new Date(time.dateTime));
  }
}
