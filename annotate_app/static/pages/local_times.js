/** Shows times in the reader's own time zone; the server writes them in UTC. */

import { LANGUAGE } from '../texts/texts.js';

const SHOWN = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short' });

/** @param {ParentNode} place */
export function showLocalTimes(place) {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (place.querySelectorAll('time[datetime]'))) {
    time.title = time.textContent ?? '';
    time.textContent = SHOWN.format(new Date(time.dateTime));
  }
}
