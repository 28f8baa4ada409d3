/** Listens to keys and to the signs that somebody is at work, on the whole page. */

import { isTyping } from './keyboard.js';

/**
 * @param {{onInput: () => void, onKey: (event: KeyboardEvent) => void, onRelease: (code: string|null) => void,
 *     holdSpace: (held: boolean) => void, holdShift: (held: boolean) => void, holdCtrl: (held: boolean) => void}} host onInput: a key, the pointer or the
 *     wheel was used; onRelease: a key was released, or all of them
 */
export function listenForInput({ onInput, onKey, onRelease, holdSpace, holdShift, holdCtrl }) {
  document.addEventListener('keydown', (event) => {
    onInput();
    holdShift(event.shiftKey);
    if (event.key === 'Control') holdCtrl(true);
    if (event.key === ' ' && !isTyping(event)) {
      event.preventDefault();
      holdSpace(true);
    }
    onKey(event);
  });
  document.addEventListener('keyup', (event) => {
    holdShift(event.shiftKey);
    if (event.key === ' ') holdSpace(false);
    if (event.key === 'Control') holdCtrl(false);
    onRelease(event.code);
  });
  const early = { passive: true, capture: true };
  for (const kind of ['pointerdown', 'wheel']) document.addEventListener(kind, onInput, early);
  let rested = '';
  document.addEventListener(
    'pointermove',
    (event) => {
      // Browsers also report a move when only the page under a resting pointer changed; nobody moved it then.
      const place = `${event.screenX} ${event.screenY}`;
      if (place !== rested) onInput();
      rested = place;
    },
    early,
  );
  window.addEventListener('blur', () => {
    holdSpace(false);
    holdShift(false);
    holdCtrl(false);
    onRelease(null);
  });
}
