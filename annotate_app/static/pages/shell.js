/** What every page does: shows the chosen theme, times in the reader's time zone, and buttons that copy. */

import { loadPreferences, savePreferences, showTheme } from '../easel/preferences.js';
import { chooseLanguage, tellTimeZone } from '../texts/cookies.js';
import { t } from '../texts/texts.js';
import { showLocalTimes } from './local_times.js';

showTheme(loadPreferences());
showLocalTimes(document);

const place = document.querySelector('[data-theme-choice]');
const choice = place?.querySelector('select');
if (place instanceof HTMLElement && choice) {
  choice.value = loadPreferences().theme;
  choice.addEventListener('change', () => {
    const chosen = { ...loadPreferences(), theme: choice.value };
    savePreferences(chosen);
    showTheme(chosen);
  });
  place.hidden = false;
}

const language = document.querySelector('[data-language-choice]');
const languages = language?.querySelector('select');
if (language instanceof HTMLElement && languages) {
  languages.addEventListener('change', () => {
    chooseLanguage(languages.value);
    location.reload();
  });
  language.hidden = false;
}

// The charts count by the reader's hours and days.
if (tellTimeZone() && document.querySelector('[data-time-zone]')) location.reload();

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-copy]'))) {
  const field = document.getElementById(button.dataset.copy ?? '');
  if (!(field instanceof HTMLInputElement)) continue;
  button.addEventListener('click', async () => {
    field.select();
    // The clipboard is closed to pages without TLS; the selected text can still be copied the old way.
    const copied = navigator.clipboard ? await navigator.clipboard.writeText(field.value).then(() => true, () => false) : document.execCommand('copy');
    button.textContent = t(copied ? 'page.copied' : 'page.press_copy');
  });
  button.hidden = false;
}
