/**
 * The rater's page: `mount` builds it into an element. It has an easel (easel/easel.js) to paint on, and a session
 * (work/session.js) that takes the questions from the server, saves drafts and sends the answers.
 */

import { Easel } from '../easel/easel.js';
import { counted, LANGUAGE, t } from '../texts/texts.js';
import { Api } from '../work/api.js';
import { BreakReminder } from '../work/break_reminder.js';
import { Drafts } from '../work/drafts.js';
import { Images } from '../work/images.js';
import { Session } from '../work/session.js';
import { answersDialog, confirmDialog, keptDialog, reasonText, replyDialog, skipDialog } from './dialogs.js';

/** @typedef {import('../work/api.js').Task} Task */

/** @typedef {'specks'|'holes'|'smoothing'} Assistance */

/** Keys of what a project can allow. @type {Record<Assistance, string[]>} */
const ASSISTANCE = { specks: ['Shift+X'], holes: ['Shift+F'], smoothing: ['Shift+M'] };

/** Written into every answer. */
const CLIENT_VERSION = 'painter-3';

/**
 * @param {HTMLElement} root emptied and filled with the painter; gets a read-only `painter` property for tests
 * @param {{rater: string, project: string, assistance?: Assistance[], api?: Api}} options the rater's name and the project's id, the keys of
 *     drafts in the browser; assistance: what the project allows; api: replaces this project's own routes
 */
export function mount(root, { rater, project, assistance = [], api = new Api() }) {
  document.documentElement.lang = LANGUAGE;
  document.title = t('page.application');
  const painter = new Painter({ rater, project, assistance, api });
  root.replaceChildren(painter.easel.stylesheet(), painter.easel.element);
  const ready = painter.session.start();
  Object.assign(root, {
    painter: {
      maskRle: () => painter.easel.maskRle(),
      screenFromImage: painter.easel.screenFromImage.bind(painter.easel),
      question: () => painter.question,
      ready,
    },
  });
}

class Painter {
  easel;
  session;
  /** The question on the easel, or null. @type {string|null} */
  question = null;
  #skipDialog;
  /** @type {number[]} */
  #bbox = [];
  #restored = false; // whether the work on the easel began with a draft
  #api;
  #assistance;
  #breaks = new BreakReminder();
  #submitAnyway = -1; // version of the drawing that was asked about

  /** @param {{rater: string, project: string, assistance: Assistance[], api: Api}} options */
  constructor({ rater, project, assistance, api }) {
    this.#api = api;
    this.#assistance = assistance;
    this.easel = new Easel({
      person: rater,
      onInput: () => this.#input(),
      onStep: () => this.session.changed(),
      onCount: (kind) => this.session.clock.count(kind),
    });
    this.#skipDialog = skipDialog((reason, note) => this.session.skip(reason, note));
    this.easel.element.append(this.#skipDialog);
    this.session = new Session({
      api,
      drafts: new Drafts(project, rater),
      images: new Images(api),
      screen: this.#screen(),
      version: CLIENT_VERSION,
    });
    this.easel.setActions(this.#actions());
    window.addEventListener('pagehide', () => this.session.leave());
    document.addEventListener('visibilitychange', () => this.session.setVisible(document.visibilityState === 'visible'));
    setInterval(() => this.#showTime(), 1000);
  }

  /** @param {Task|null} task the question on the easel @returns {import('../easel/contract.js').Action[]} */
  #actions(task = null) {
    const sentBack = task?.sent_back;
    // An answer that a reviewer sent back must be corrected.
    const back = task?.earlier && !task.notice
      ? { id: 'stand', label: t('painter.stand'), keys: ['Backspace'], quiet: true, run: () => this.#letStand(task) }
      : { id: 'reopen', label: t('painter.reopen'), short: t('painter.last_answer'), keys: ['Backspace'], quiet: true, always: true, run: () => this.session.reopen() };
    return [
      { id: 'submit', label: t('painter.submit'), keys: ['Enter'], primary: true, run: () => this.#submit() },
      { id: 'skip', label: t('painter.skip'), keys: ['S'], run: () => this.#skip() },
      ...(sentBack ? [{ id: 'reply', label: t('painter.reply'), short: t('painter.reply_short'), keys: ['Y'], quiet: true, run: () => this.#reply(sentBack) }] : []),
      back,
      { id: 'answers', label: t('painter.answers'), short: t('painter.answers_short'), keys: ['J'], quiet: true, always: true, run: () => this.#showAnswers(null) },
      { id: 'kept', label: t('painter.kept'), short: t('painter.kept_short'), keys: ['K'], quiet: true, always: true, run: () => this.#showKept() },
      ...(task ? this.#assistance : []).map((id) => ({ id, label: t(`painter.${id}`), keys: ASSISTANCE[id], quiet: true, run: () => this.easel.tidy(id) })),
    ];
  }

  /** The text above the photo: the server's, or that this is the rater's own answer. @param {Task} task @returns {import('../easel/contract.js').Notice|null} */
  #notice({ notice, earlier }) {
    if (notice || !earlier) return notice ?? null;
    const title = earlier.skip_reason ? t('painter.you_skipped', { reason: reasonText(earlier.skip_reason) }) : t('painter.your_answer');
    return { title, text: t('painter.submit_again') };
  }

  /** @param {import('../work/api.js').SentBack} sentBack */
  #reply(sentBack) {
    const dialog = replyDialog(sentBack.reply, async (text) => {
      try {
        await this.#api.reply(sentBack.review, text);
        sentBack.reply = text;
        this.easel.say(t('painter.reply_recorded'));
      } catch (error) {
        this.easel.say(t('session.not_recorded', { reason: error instanceof Error ? error.message : String(error) }), 'warning');
      }
    });
    this.easel.element.append(dialog);
    dialog.showModal();
  }

  #showKept() {
    return this.#showDialog(async () => keptDialog(await this.session.kept(), (work) => this.session.look(work)));
  }

  /** @param {number|null} before id of an answer; null: the newest answers */
  #showAnswers(before) {
    return this.#showDialog(async () => {
      const { answers, more } = await this.session.answers(before);
      const older = more ? () => this.#showAnswers(answers[answers.length - 1].id) : null;
      return answersDialog(answers, older, ({ question }) => this.session.reopen(question));
    });
  }

  /** @param {() => Promise<HTMLDialogElement>} make */
  async #showDialog(make) {
    try {
      const dialog = await make();
      this.easel.element.append(dialog);
      dialog.showModal();
    } catch (error) {
      this.easel.say(error instanceof Error ? error.message : String(error), 'warning');
    }
  }

  /** @returns {import('../work/screen.js').Screen} */
  #screen() {
    const { easel } = this;
    return {
      polygon: () => easel.openPolygon,
      others: (mask) => easel.showOthers(mask),
      paint: (task, photo, { mask, polygon, steps, restored }) => {
        this.question = task.question;
        this.#bbox = task.bbox;
        this.#restored = restored;
        this.#submitAnyway = -1;
        easel.setActions(this.#actions(task));
        const marks = (task.sent_back?.marks ?? []).map(([x, y]) => ({ x, y }));
        const drawing = easel.show({ task: { ...task, marks }, photo, mask, polygon, steps, notice: this.#notice(task) });
        this.#showTime();
        if (restored) easel.say(t('painter.restored'));
        return drawing;
      },
      feedback: (task, photo, { mask, reference, notice }) =>
        new Promise((resolve) => {
          this.question = null;
          easel.setActions([{ id: 'continue', label: t('painter.continue'), keys: ['Enter'], primary: true, run: () => resolve(undefined) }]);
          easel.show({ task, photo, mask, reference, notice, readOnly: true });
        }),
      kept: (work, photo, mask) =>
        new Promise((resolve) => {
          this.question = null;
          const again = { id: 'take-up', label: t('painter.take_up'), keys: ['Enter'], primary: true, run: () => resolve(true) };
          const back = { id: 'back', label: t('painter.back'), keys: ['Backspace'], run: () => resolve(false) };
          easel.setActions(work.standing === 'free' ? [again, back] : [back]);
          const title = t(work.skip_reason ? 'painter.late_skip' : 'painter.late_mask');
          easel.show({ task: work, photo, mask, readOnly: true, notice: { title, text: t(`painter.late_${work.standing}`) } });
        }),
      rest: (state, details) => this.#rest(state, details),
      goTo: (path) => location.assign(path),
      progress: ({ questions, done }) => easel.progress(done, questions),
      say: (text, kind) => easel.say(text, kind),
      sending: (sending) => (easel.busy = sending),
    };
  }

  /** @param {import('../easel/rest.js').RestState} state @param {import('../work/screen.js').RestDetails} details */
  #rest(state, { message, waiting, skippable = false } = {}) {
    this.question = null;
    this.easel.setActions(this.#actions());
    const text = waiting ? t('rest.checks_again', { others: counted('with_others', waiting) }) : message;
    this.easel.rest(state, {
      text,
      retry: () => this.session.start(),
      skip: skippable ? () => this.#skipDialog.showModal() : null,
    });
  }

  #submit() {
    const { drawing } = this.easel;
    if (!drawing || !this.easel.finishGesture()) return;
    // A mask outside the box may be a slip of the mouse, or meant: asks once.
    if (drawing.isEmpty || drawing.touches(this.#bbox) || this.#submitAnyway === drawing.version) {
      this.session.submit();
      return;
    }
    this.#submitAnyway = drawing.version;
    this.easel.say(t('painter.outside_box'), 'warning');
  }

  /** Asks first if there is work to lose. @param {Task} task */
  #letStand(task) {
    const { drawing, openPolygon } = this.easel;
    if (!drawing?.version && !openPolygon && !this.#restored) {
      this.session.letStand();
      return;
    }
    this.easel.finishStroke();
    const ask = confirmDialog(
      { title: t('dialog.discard_title'), text: t('dialog.discard_text', { question: task.question }), yes: t('dialog.discard'), no: t('dialog.keep_painting') },
      () => this.session.letStand(),
    );
    this.easel.element.append(ask);
    ask.showModal();
  }

  #input() {
    this.session.input();
    const worked = this.#breaks.input(this.easel.breakEvery);
    if (worked) this.easel.say(t('painter.take_break', { minutes: worked }));
  }

  #skip() {
    this.easel.finishStroke(); // a polygon stays open: the rater may come back
    this.#skipDialog.showModal();
  }

  #showTime() {
    if (this.question !== null) this.easel.time(this.session.clock.snapshot().active_ms);
  }
}
