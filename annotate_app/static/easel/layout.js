/**
 * The painter's page: toolbar on the left, canvas in the middle, panel on the right. Builds elements, decides nothing.
 * Plain divs with roles, because the page around may style or hide `header`, `main` and `footer` as its own.
 */

import { command } from './commands.js';
import { el, icon, keyCaps } from './dom.js';
import { helpDialog } from './help_sheet.js';
import { keyCap } from './keyboard.js';
import { COLOURS, SIZES } from './preferences.js';

/** Tools that stay in hand, as against commands that act once. */
export const TOOL_IDS = ['brush', 'eraser', 'line', 'lasso', 'polygon', 'fill', 'pan'];

const ZOOM_ICONS = { 'zoom-out': 'minus', 'zoom-in': 'plus', fit: 'fit', 'zoom-box': 'box' };

/**
 * @param {{run: (id: string) => void, set: (name: string, value: number) => void, person: string, eyebrow: string}} host
 *     run: a command; set: a slider or colour was moved; eyebrow: the words above the category
 * @returns {object} the root element, the stage for the canvases, the dialogs, `show`, `buttons`, `sliders` by name, and
 *     `setActions`, `setNotice`
 */
export function buildLayout({ run, set, person, eyebrow }) {
  const buttons = {};
  const sliders = {};
  const show = {};

  const button = (id, content, attributes = {}, { label, keys } = command(id)) => {
    buttons[id] = el(
      'button',
      {
        type: 'button',
        'data-tool': id,
        'aria-label': label,
        'aria-keyshortcuts': keys.join(' ').replaceAll('Ctrl', 'Control'),
        // A click must not take the focus from the canvas, or Enter would press this button again instead of submitting.
        mousedown: (event) => event.preventDefault(),
        click: () => run(id),
        ...attributes,
      },
      ...content,
    );
    return buttons[id];
  };
  const tip = (id) =>
    el('span', { class: 'tip', 'aria-hidden': 'true' }, command(id).label, ...command(id).keys.slice(0, 1).map(keyCaps));
  const iconButton = (id, name = id, attributes = {}) => button(id, [icon(name), tip(id)], { class: 'tool', ...attributes });
  const output = (name, attributes = {}) => (show[name] = el('span', { 'data-show': name, ...attributes }));

  const slider = (name, label, lower, higher, attributes) => {
    const hints = [lower, higher].map((id) => `${command(id).label}: ${keyCap(command(id).keys[0])}`);
    const input = el('input', {
      type: 'range',
      'data-tool': name,
      'aria-label': label,
      title: hints.join('\n'),
      input: () => set(name, Number(input.value)),
      ...attributes,
    });
    sliders[name] = input;
    const keys = [lower, higher].map((id) => keyCap(command(id).keys[0]));
    return el(
      'div',
      { class: 'slider' },
      el('div', { class: 'slider-head' }, el('span', {}, label), el('span', { class: 'keys' }, ...keys.map((key) => el('kbd', {}, key))), output(name)),
      input,
    );
  };
  const toggle = (id) =>
    button(id, [el('span', { class: 'switch', 'aria-hidden': 'true' }), el('span', { class: 'toggle-label' }, command(id).label), keyCaps(command(id).keys[0])], {
      class: 'toggle',
      'aria-pressed': 'false',
    });

  const toolbar = el(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Tools', 'aria-orientation': 'vertical' },
    ...TOOL_IDS.map((id) => iconButton(id, id, { 'aria-pressed': 'false' })),
    el('span', { class: 'rule' }),
    ...['undo', 'redo', 'clear'].map((id) => iconButton(id)),
    el('span', { class: 'spring' }),
    iconButton('help'),
  );

  const stage = el('div', { class: 'stage', tabindex: 0, role: 'application', 'aria-label': 'Image to paint on' });
  show.rest = el('div', { class: 'rest', hidden: true });
  const zoomButton = (id) => iconButton(id, ZOOM_ICONS[id], { class: 'tool small' });
  const zoombar = el(
    'div',
    { class: 'zoombar', role: 'group', 'aria-label': 'Zoom' },
    zoomButton('zoom-out'),
    output('zoom', { class: 'zoom' }),
    zoomButton('zoom-in'),
    el('span', { class: 'rule' }),
    zoomButton('fit'),
    button('actual', ['1:1', tip('actual')], { class: 'tool small text' }),
    zoomButton('zoom-box'),
  );
  const status = output('status', { class: 'status', role: 'status', 'aria-live': 'polite' });
  const bar = el('div', { class: 'bar' }, zoombar);
  const notice = el('div', { class: 'notice', role: 'note', 'data-show': 'notice', hidden: true });
  const centre = el('div', { class: 'centre' }, notice, stage, show.rest, el('div', { class: 'status-place' }, status), bar);

  const swatches = COLOURS.map(({ name, rgb }, i) =>
    el('button', {
      type: 'button',
      class: 'swatch',
      style: `--swatch: rgb(${rgb.join(' ')})`,
      'aria-label': `Mask colour: ${name}`,
      title: `${name} (${command('colour').keys[0]}: next)`,
      'aria-pressed': 'false',
      'data-colour': i,
      mousedown: (event) => event.preventDefault(),
      click: () => set('colour', i),
    }),
  );
  const progressBar = el('progress', { class: 'progress', 'aria-label': 'Questions done', value: 0, max: 1 });
  const section = (title, ...children) => el('section', { class: 'section' }, el('h3', {}, title), ...children);

  const actionLine = el('div', { class: 'action-line' });

  const panel = el(
    'aside',
    { class: 'panel', 'aria-label': 'Question' },
    el(
      'div',
      { class: 'question' },
      el('span', { class: 'eyebrow' }, eyebrow),
      (show.category = el('h2', { class: 'category', 'data-show': 'category' })),
      output('question', { class: 'hint' }),
    ),
    el(
      'div',
      { class: 'controls' },
      section('Brush', slider('size', 'Size', 'smaller', 'larger', { min: 0, max: SIZES.length - 1, step: 1 })),
      section(
        'Mask',
        slider('opacity', 'Opacity', 'fainter', 'stronger', { min: 0, max: 100, step: 5 }),
        el('div', { class: 'swatches', role: 'group', 'aria-label': 'Mask colour' }, ...swatches, keyCaps(command('colour').keys[0])),
        el('div', { class: 'toggles' }, toggle('mask'), toggle('outline'), toggle('guide')),
      ),
      section(
        'Photo',
        slider('brightness', 'Brightness', 'darker', 'brighter', { min: 25, max: 400, step: 25 }),
        slider('contrast', 'Contrast', 'softer', 'harder', { min: 25, max: 400, step: 25 }),
        button('reset-photo', ['Photo as it is', keyCaps('R')], { class: 'button quiet' }),
      ),
    ),
    el(
      'div',
      { class: 'actions' },
      el('div', { class: 'progress-line' }, output('progress'), output('active-time', { class: 'time', title: 'Active time on this question' })),
      progressBar,
      actionLine,
      // A post, so that no link on another page can sign anybody out.
      el(
        'form',
        { class: 'account', method: 'post', action: '/logout' },
        (show.person = el('a', { 'data-show': 'person', href: '/my-work', title: 'Your work, the guidelines and all other pages' })),
        el('button', { type: 'submit', 'data-tool': 'sign-out' }, 'Sign out'),
      ),
    ),
  );
  show.person.textContent = person;

  let actionIds = [];
  const setActions = (actions) => {
    for (const id of actionIds) delete buttons[id];
    actionIds = actions.map(({ id }) => id);
    const made = actions.map((action) => {
      const kind = action.primary ? 'button primary' : action.quiet ? 'button quiet' : 'button';
      return button(action.id, [action.short ?? action.label, keyCaps(action.keys[0])], { class: kind, title: action.short ? action.label : null }, action);
    });
    actionLine.replaceChildren(...made);
  };

  const setNotice = (said) => {
    notice.hidden = !said;
    if (!said) return;
    const { title, text = '', kind = 'note', legend = [] } = said;
    notice.dataset.kind = kind;
    notice.replaceChildren(
      el('strong', {}, title),
      text ? el('span', { class: 'notice-text' }, text) : '',
      ...legend.map(({ line, label }) => el('span', { class: 'legend' }, el('span', { class: `legend-line ${line}`, 'aria-hidden': 'true' }), label)),
    );
  };

  const dialogs = { help: helpDialog() };
  const root = el('div', { class: 'painter' }, toolbar, centre, panel, dialogs.help);
  return { root, stage, dialogs, buttons, sliders, swatches, show, progressBar, setActions, setNotice };
}

const RESTS = {
  loading: { title: 'Loading…' },
  done: { title: 'All done. Thank you!', text: 'Every question of this project has an answer.' },
  waiting: { title: 'Nothing to do right now', retryLabel: 'Look again' },
  'signed-out': {
    title: 'You are signed out',
    text: 'What you painted is kept on this computer and comes back when you sign in again.',
    link: { label: 'Sign in', href: '/login' },
  },
  broken: { title: 'This did not work', retryLabel: 'Try again' },
};

/**
 * Covers the canvas with a message.
 * @param {HTMLElement} place
 * @param {keyof RESTS} state
 * @param {{text?: string, retry: () => void, skip: (() => void)|null}} options text: instead of the state's own;
 *     skip: opens the skip dialog, where the question behind the message may be skipped
 */
export function showRest(place, state, { text, retry, skip }) {
  const { title, text: own, retryLabel, link } = RESTS[state];
  const body = text ?? own;
  const button = (name, label, click, kind) => el('button', { type: 'button', class: `button ${kind}`, 'data-tool': name, click }, label);
  place.replaceChildren(
    el(
      'div',
      { class: 'rest-card', role: state === 'broken' ? 'alert' : 'status' },
      el('h2', {}, title),
      body ? el('p', {}, body) : null,
      retryLabel ? button('retry', retryLabel, retry, 'primary') : null,
      skip ? button('skip-unseen', 'Skip this question…', skip, '') : null,
      link ? el('a', { class: 'button primary', href: link.href }, link.label) : null,
    ),
  );
  place.hidden = false;
}
