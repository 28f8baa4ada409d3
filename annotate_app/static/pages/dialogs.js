/**
 * The dialogs of the pages: why a question is skipped, work that came too late, work that
 * would be discarded, and why an answer is rejected.
 */

import { el, keyCaps } from '../easel/dom.js';
import { LANGUAGE, t, textOr } from '../texts/texts.js';

/** Why a question can be skipped; the server knows the ids, and the catalogue their texts. */
const REASONS = ['too_blurry', 'too_dark', 'box_wrong', 'category_wrong', 'fully_occluded', 'other'];

/** A skip's reason within a sentence; one that this page does not know as it is. @param {string} reason */
export function reasonText(reason) {
  return textOr(`skip_reason.${reason}`, reason);
}

/**
 * @param {(reason: string, note: string) => void} onSkip
 * @returns {HTMLDialogElement}
 */
export function skipDialog(onSkip) {
  const choices = REASONS.map((id, i) =>
    el(
      'label',
      { class: 'choice' },
      el('input', { type: 'radio', name: 'painter-skip-reason', value: id, required: true, 'data-reason': id }),
      el('span', { class: 'choice-text' }, el('span', { class: 'choice-label' }, t(`skip_reason.${id}`)), el('span', { class: 'hint' }, t(`skip_hint.${id}`))),
      keyCaps(String(i + 1)),
    ),
  );
  const note = el('textarea', { id: 'painter-skip-note', rows: 2, maxlength: 500, 'data-tool': 'skip-note' });
  const confirm = el('button', { class: 'button primary', type: 'submit', 'data-tool': 'skip-confirm' }, t('dialog.skip'), keyCaps('Ctrl+Enter'));
  const cancel = el('button', { class: 'button', type: 'button', 'data-tool': 'skip-cancel' }, t('dialog.back_to_painting'));
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'painter-skip-title' }, t('dialog.skip_title')),
    el('div', { class: 'choices', role: 'radiogroup', 'aria-labelledby': 'painter-skip-title' }, ...choices),
    el('label', { class: 'field', for: 'painter-skip-note' }, t('dialog.skip_note')),
    note,
    el('div', { class: 'dialog-actions' }, cancel, confirm),
  );
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'painter-skip-title' }, form);

  const radios = choices.flatMap((choice) => choice.querySelector('input') ?? []);
  const chosen = () => radios.find((radio) => radio.checked)?.value ?? '';
  const check = () => {
    note.required = chosen() === 'other';
    note.setCustomValidity(note.required && !note.value.trim() ? t('dialog.enter_reason') : '');
  };
  let byArrow = false;
  form.addEventListener('input', (event) => {
    check();
    // With the arrow keys the choice may go on to another reason.
    if (chosen() === 'other' && event.target !== note && !byArrow) note.focus();
  });
  form.addEventListener('pointerdown', () => (byArrow = false));
  cancel.addEventListener('click', () => dialog.close());
  form.addEventListener('keydown', (event) => {
    byArrow = event.key.startsWith('Arrow');
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
    const radio = event.target === note ? null : radios[Number(event.key) - 1];
    if (radio) {
      event.preventDefault(); // or the digit would be the first letter of the note
      radio.checked = true;
      check();
      (radio.value === 'other' ? note : radio).focus();
    }
  });
  form.addEventListener('submit', () => onSkip(chosen(), note.value.trim()));
  dialog.addEventListener('close', () => {
    form.reset();
    check();
  });
  return dialog;
}

/**
 * A question before work is discarded; the button that discards nothing has the focus.
 * @param {{title: string, text: string, yes: string, no: string}} texts
 * @param {() => void} onYes
 * @returns {HTMLDialogElement} to be added to the page and shown; leaves the page when it is closed
 */
export function confirmDialog({ title, text, yes, no }, onYes) {
  const discard = () => {
    dialog.close();
    onYes();
  };
  /** @type {HTMLDialogElement} */
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'painter-confirm-title' },
    el('h2', { id: 'painter-confirm-title' }, title),
    el('p', {}, text),
    el(
      'div',
      { class: 'dialog-actions' },
      el('button', { type: 'button', class: 'button primary', 'data-tool': 'confirm-no', autofocus: true, click: () => dialog.close() }, no),
      el('button', { type: 'button', class: 'button', 'data-tool': 'confirm-yes', click: discard }, yes),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/** @typedef {import('../work/api.js').Kept} Kept */

/**
 * Work that did not become an answer.
 * @param {Kept[]} kept
 * @param {(work: Kept) => void} onLook
 * @returns {HTMLDialogElement} to be added to the page and shown; leaves the page when it is closed
 */
export function keptDialog(kept, onLook) {
  const row = (/** @type {Kept} */ work) =>
    el(
      'li',
      { class: 'kept' },
      el(
        'span',
        { class: 'choice-text' },
        el('span', { class: 'choice-label' }, t('dialog.question', { category: work.category, question: work.question })),
        el('span', { class: 'hint' }, `${new Date(work.saved_at).toLocaleString(LANGUAGE)} · ${t(`dialog.kept_${work.standing}`)}`),
      ),
      el(
        'button',
        {
          type: 'button',
          class: 'button',
          'data-tool': 'look',
          'aria-label': t('dialog.look_at', { question: work.question }),
          click: () => {
            dialog.close();
            onLook(work);
          },
        },
        t('dialog.look'),
      ),
    );
  const close = el('button', { type: 'button', class: 'button', 'data-tool': 'kept-close', click: () => dialog.close() }, t('easel.close'));
  /** @type {HTMLDialogElement} */
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'painter-kept-title' },
    el('h2', { id: 'painter-kept-title' }, t('dialog.kept_title')),
    el('p', {}, t('dialog.kept_lead')),
    kept.length ? el('ul', { class: 'kept-list' }, ...kept.map(row)) : el('p', { class: 'nothing' }, t('dialog.no_kept')),
    el('div', { class: 'dialog-actions' }, close),
  );
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/**
 * The rater's own answers.
 * @param {import('../work/api.js').OwnAnswer[]} answers
 * @param {(() => void)|null} onOlder shows older ones; null: there are none
 * @param {(answer: import('../work/api.js').OwnAnswer) => void} onCorrect
 * @returns {HTMLDialogElement} to be added to the page and shown; leaves the page when it is closed
 */
export function answersDialog(answers, onOlder, onCorrect) {
  const leave = (/** @type {() => void} */ then) => () => {
    dialog.close();
    then();
  };
  const row = (/** @type {import('../work/api.js').OwnAnswer} */ answer) => {
    const what = answer.skip_reason ? t('dialog.answer_skipped', { reason: reasonText(answer.skip_reason) }) : t('dialog.answer_mask');
    const button = { type: 'button', class: 'button', 'data-tool': 'correct', 'aria-label': t('dialog.correct_question', { question: answer.question }) };
    return el(
      'li',
      { class: 'kept' },
      el(
        'span',
        { class: 'choice-text' },
        el('span', { class: 'choice-label' }, t('dialog.question', { category: answer.category, question: answer.question })),
        el('span', { class: 'hint' }, `${new Date(answer.received_at).toLocaleString(LANGUAGE)} · ${what}`),
      ),
      el('button', { ...button, click: leave(() => onCorrect(answer)) }, t('dialog.correct')),
    );
  };
  /** @type {HTMLDialogElement} */
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'painter-answers-title' },
    el('h2', { id: 'painter-answers-title' }, t('dialog.answers_title')),
    answers.length ? el('ul', { class: 'kept-list' }, ...answers.map(row)) : el('p', { class: 'nothing' }, t('dialog.no_answers')),
    el(
      'div',
      { class: 'dialog-actions' },
      onOlder && el('button', { type: 'button', class: 'button', 'data-tool': 'older', click: leave(onOlder) }, t('dialog.older')),
      el('button', { type: 'button', class: 'button', 'data-tool': 'answers-close', click: () => dialog.close() }, t('easel.close')),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/** The dialog that asks why an answer is rejected; Enter sends. @param {(comment: string) => void} onReject */
export function rejectDialog(onReject) {
  const texts = { title: t('dialog.reject_title'), label: t('dialog.reject_shown'), send: t('dialog.reject'), empty: t('dialog.enter_wrong') };
  return textDialog('reject', texts, onReject);
}

/**
 * The dialog for a rater's reply to a reviewer; Enter sends.
 * @param {string|null} earlier the reply so far
 * @param {(text: string) => void} onReply
 * @returns {HTMLDialogElement} leaves the page when it is closed
 */
export function replyDialog(earlier, onReply) {
  const texts = { title: t('dialog.reply_title'), label: t('dialog.reply_shown'), send: t('dialog.reply'), empty: t('dialog.enter_reply') };
  const dialog = textDialog('reply', texts, onReply, earlier ?? '');
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/**
 * A dialog with one text; Enter sends it.
 * @param {string} id
 * @param {{title: string, label: string, send: string, empty: string}} texts
 * @param {(text: string) => void} onSend
 * @param {string} earlier the text to begin with
 */
function textDialog(id, texts, onSend, earlier = '') {
  const comment = el('textarea', { id: `${id}-comment`, class: 'reject-comment', rows: 3, maxlength: 2000, required: true, 'data-tool': `${id}-comment` });
  comment.defaultValue = earlier;
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: `${id}-title` }, texts.title),
    el('label', { class: 'field', for: comment.id }, texts.label),
    comment,
    el(
      'div',
      { class: 'dialog-actions' },
      el('button', { class: 'button', type: 'button', click: () => dialog.close() }, t('easel.cancel'), keyCaps('Escape')),
      el('button', { class: 'button primary', type: 'submit', 'data-tool': `${id}-confirm` }, texts.send, keyCaps('Enter')),
    ),
  );
  /** @type {HTMLDialogElement} */
  const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': `${id}-title` }, form);
  const check = () => comment.setCustomValidity(comment.value.trim() ? '' : texts.empty);
  comment.addEventListener('input', check);
  comment.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', () => onSend(comment.value.trim()));
  dialog.addEventListener('close', () => {
    form.reset();
    check();
  });
  check();
  return dialog;
}
