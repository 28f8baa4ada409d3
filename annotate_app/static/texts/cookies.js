/** What the server should know about a reader: kept in cookies, which scripts of our pages set. */

const YEAR = 365 * 24 * 3600; // s

/** @param {string} name @param {string} value @param {number} [seconds] that it lasts */
function setCookie(name, value, seconds = YEAR) {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on pages without TLS.
  document.cookie = `${name}=${value}; path=/; max-age=${seconds}; samesite=lax`;
}

/** @param {string} code of a language; empty: as the project or the browser says. Counts from the next page on. */
export function chooseLanguage(code) {
  setCookie('o365seg_language', code, code ? YEAR : 0);
}

/** The language that the reader chose, or an empty text. */
export function chosenLanguage() {
  return /(?:^|; )o365seg_language=([\w-]*)/.exec(document.cookie)?.[1] ?? '';
}

/** @returns {boolean} whether the server did not know this time zone before */
export function tellTimeZone() {
  const name = 'o365seg_time_zone';
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isTold = () => document.cookie.split('; ').includes(`${name}=${zone}`);
  if (isTold()) return false;
  setCookie(name, zone);
  return isTold();
}
