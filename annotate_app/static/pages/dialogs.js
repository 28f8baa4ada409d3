/** The dialogs of the rater's page: why a question is skipped, and work that came too late. */

import { el, keyCaps } from '../easel/dom.js';

export const REASONS = [
  { id: 'too_blurry', label: 'Too blurry', hint: 'The object’s edge cannot be made out.' },
  { id: 'too_dark', label: 'Too dark', hint: 'Not even with more brightness.' },
  { id: 'box_wrong', label: 'Box is wrong', hint: 'It holds no single object, or cuts it badly.' },
  { id: 'category_wrong', label: 'Category is wrong', hint: 'The object is something else.' },
  { id: 'fully_occluded', label: 'Fully hidden', hint: 'No pixel of the object can be seen.' },
  { id: 'other', label: 'Other', hint: 'Please say what.' },
];

/**
 * @param {(reason: string, note: string) => void} onSkip
 * @returns {HTMLDialogElement}
 */
export function skipDialog(onSkip) {
  const choices = REASONS.map(({ id, label, hint }, i) =>
    el(
      'label',
      { class: 'choice' },
      el('input', { type: 'radio', name: 'painter-skip-reason', value: id, required: true, 'data-reason': id }),
      el('span', { class: 'choice-text' }, el('span', { class: 'choice-label' }, label), el('span', { class: 'hint' }, hint)),
      keyCaps(String(i + 1)),
    ),
  );
  const note = el('textarea', { id: 'painter-skip-note', rows: 2, maxlength: 500, 'data-tool': 'skip-note' });
  const confirm = el('button', { class: 'button primary', type: 'submit', 'data-tool': 'skip-confirm' }, 'Skip this question');
  const cancel = el('button', { class: 'button', type: 'button', 'data-tool': 'skip-cancel' }, 'Back to painting');
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'painter-skip-title' }, 'Why skip this question?'),
    el('div', { class: 'choices', role: 'radiogroup', 'aria-labelledby': 'painter-skip-title' }, ...choices),
    el('label', { class: 'field', for: 'painter-skip-note' }, 'Note for the owner (needed for “Other”)'),
    note,
    el('div', { class: 'dialog-actions' }, cancel, confirm),
  );
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'painter-skip-title' }, form);

  const radios = choices.map((choice) => choice.querySelector('input'));
  const chosen = () => radios.find((radio) => radio.checked)?.value;
  const check = () => {
    note.required = chosen() === 'other';
    note.setCustomValidity(note.required && !note.value.trim() ? 'Please say why.' : '');
  };
  form.addEventListener('input', check);
  cancel.addEventListener('click', () => dialog.close());
  form.addEventListener('keydown', (event) => {
    const radio = event.target === note ? null : radios[Number(event.key) - 1];
    if (radio) {
      radio.checked = true;
      radio.focus();
      check();
    }
  });
  form.addEventListener('submit', () => onSkip(chosen(), note.value.trim()));
  dialog.addEventListener('close', () => {
    form.reset();
    check();
  });
  return dialog;
}

const STANDINGS = {
  free: 'Can be taken up again',
  taken: 'With another rater now',
  answered: 'Another rater’s answer counts',
};

/**
 * Work that did not become an answer.
 * @param {object[]} kept as the server lists it
 * @param {(work: object) => void} onLook
 * @returns {HTMLDialogElement} to be added to the page and shown; leaves the page when it is closed
 */
export function keptDialog(kept, onLook) {
  const row = (work) =>
    el(
      'li',
      { class: 'kept' },
      el(
        'span',
        { class: 'choice-text' },
        el('span', { class: 'choice-label' }, `${work.category}, question ${work.question}`),
        el('span', { class: 'hint' }, `${new Date(work.saved_at).toLocaleString()} · ${STANDINGS[work.standing]}`),
      ),
      el(
        'button',
        {
          type: 'button',
          class: 'button',
          'data-tool': 'look',
          'aria-label': `Look at question ${work.question}`,
          click: () => {
            dialog.close();
            onLook(work);
          },
        },
        'Look at it',
      ),
    );
  const close = el('button', { type: 'button', class: 'button', 'data-tool': 'kept-close', click: () => dialog.close() }, 'Close');
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'painter-kept-title' },
    el('h2', { id: 'painter-kept-title' }, 'Kept work'),
    el('p', {}, 'What you painted while its question was with somebody else does not count, but is never thrown away.'),
    kept.length ? el('ul', { class: 'kept-list' }, ...kept.map(row)) : el('p', { class: 'nothing' }, 'There is none: everything you sent was recorded.'),
    el('div', { class: 'dialog-actions' }, close),
  );
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}
