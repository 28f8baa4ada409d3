/**
 * The elements of the easel: toolbar on the left, canvas in the middle, panel on the right. Uses plain divs with roles,
 * because the page that holds the easel may style or hide `header`, `main` and `footer`.
 */

import { t } from '../texts/texts.js';
import { TOOLS } from '../tools/list.js';
import { command } from './commands.js';
import { el, keyCaps } from './dom.js';
import { helpSheet } from './help_sheet.js';
import { icon } from './icons.js';
import { keyCap } from './keyboard.js';
import { COLOURS, SIZES } from './preferences.js';

/**
 * What `buildLayout` makes; `buttons` by command or action, `sliders` and `show` (places for texts) by name.
 * @typedef {ReturnType<typeof buildLayout>} Layout
 */

/**
 * @param {{run: (id: string) => void, set: (name: import('./settings.js').SettingName, value: number) => void, person: string,
 *     eyebrow: string}} host run: runs a command or action; set: a slider or colour was changed; eyebrow: the text above
 *     the category
 */
export function buildLayout({ run, set, person, eyebrow }) {
  /** @type {Object<string, HTMLButtonElement>} */
  const buttons = {};
  /** @type {Object<string, HTMLInputElement>} */
  const sliders = {};
  /** @type {Object<string, HTMLElement>} */
  const show = {};

  /** @param {string} id @param {(Node|string)[]} content @param {object} attributes @param {{label: string, keys: string[]}} named */
  const button = (id, content, attributes = {}, { label, keys } = command(id)) => {
    buttons[id] = el(
      'button',
      {
        type: 'button',
        'data-tool': id,
        'aria-label': label,
        'aria-keyshortcuts': keys.join(' ').replaceAll('Ctrl', 'Control'),
        // A click must not take the focus from the canvas, or Enter would press this button again instead of submitting.
        mousedown: (/** @type {Event} */ event) => event.preventDefault(),
        click: () => run(id),
        ...attributes,
      },
      ...content,
    );
    return buttons[id];
  };
  /** @param {string} id */
  const tip = (id) =>
    el('span', { class: 'tip', 'aria-hidden': 'true' }, command(id).label, ...command(id).keys.slice(0, 1).map(keyCaps));
  /** @param {string} id @param {object} attributes */
  const iconButton = (id, attributes = {}) => button(id, [icon(id), tip(id)], { class: 'tool', ...attributes });
  /** @param {string} name @param {object} attributes */
  const output = (name, attributes = {}) => (show[name] = el('span', { 'data-show': name, ...attributes }));

  /** @param {import('./settings.js').SettingName} name @param {string} label @param {string} lower @param {string} higher @param {object} attributes */
  const slider = (name, label, lower, higher, attributes) => {
    const hints = [lower, higher].map((id) => `${command(id).label}: ${keyCap(command(id).keys[0])}`);
    /** @type {HTMLInputElement} */
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
  /** @param {string} id */
  const toggle = (id) =>
    button(id, [el('span', { class: 'switch', 'aria-hidden': 'true' }), el('span', { class: 'toggle-label' }, command(id).label), keyCaps(command(id).keys[0])], {
      class: 'toggle',
      'aria-pressed': 'false',
    });

  const toolbar = el(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': t('easel.tools'), 'aria-orientation': 'vertical' },
    ...TOOLS.map(({ id }) => iconButton(id, { 'aria-pressed': 'false' })),
    el('span', { class: 'rule' }),
    ...['undo', 'redo', 'clear'].map((id) => iconButton(id)),
    el('span', { class: 'spring' }),
    iconButton('preferences'),
    iconButton('help'),
  );

  const stage = el('div', { class: 'stage', tabindex: 0, role: 'application', 'aria-label': t('easel.canvas') });
  show.rest = el('div', { class: 'rest', hidden: true });
  /** @param {string} id */
  const zoomButton = (id) => iconButton(id, { class: 'tool small' });
  const zoombar = el(
    'div',
    { class: 'zoombar', role: 'group', 'aria-label': t('easel.zoom') },
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
      'aria-label': t('easel.mask_colour_is', { colour: t(`colour.${name}`) }),
      title: t('easel.next_colour', { colour: t(`colour.${name}`), key: keyCap(command('colour').keys[0]) }),
      'aria-pressed': 'false',
      'data-colour': i,
      mousedown: (/** @type {Event} */ event) => event.preventDefault(),
      click: () => set('colour', i),
    }),
  );
  const progressBar = el('progress', { class: 'progress', 'aria-label': t('easel.questions_done'), value: 0, max: 1 });
  /** @param {string} title @param {...Node} children */
  const section = (title, ...children) => el('section', { class: 'section' }, el('h3', {}, title), ...children);

  const actionLine = el('div', { class: 'action-line' });

  const panel = el(
    'aside',
    { class: 'panel', 'aria-label': t('easel.question') },
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
      section(t('easel.brush'), slider('size', t('easel.size'), 'smaller', 'larger', { min: 0, max: SIZES.length - 1, step: 1 })),
      section(
        t('easel.mask'),
        slider('opacity', t('easel.opacity'), 'fainter', 'stronger', { min: 0, max: 100, step: 5 }),
        el('div', { class: 'swatches', role: 'group', 'aria-label': t('easel.mask_colour') }, ...swatches, keyCaps(command('colour').keys[0])),
        el('div', { class: 'toggles' }, toggle('mask'), toggle('outline'), toggle('guide')),
        (show.others = el('div', { class: 'toggles', hidden: true }, toggle('others'), toggle('protect'))),
      ),
      section(
        t('easel.photo'),
        slider('brightness', t('easel.brightness'), 'darker', 'brighter', { min: 25, max: 400, step: 25 }),
        slider('contrast', t('easel.contrast'), 'softer', 'harder', { min: 25, max: 400, step: 25 }),
        slider('gamma', t('easel.gamma'), 'gamma-lower', 'gamma-higher', { min: 25, max: 400, step: 25 }),
        button('reset-photo', [command('reset-photo').label, keyCaps(command('reset-photo').keys[0])], { class: 'button quiet' }),
      ),
    ),
    el(
      'div',
      { class: 'actions' },
      el('div', { class: 'progress-line' }, output('progress'), output('active-time', { class: 'time', title: t('easel.active_time') })),
      progressBar,
      actionLine,
      // A POST, so that no link on another page can sign anybody out.
      el(
        'form',
        { class: 'account', method: 'post', action: '/logout' },
        (show.person = el('a', { 'data-show': 'person', href: '/my-work', title: t('easel.your_pages') })),
        el('button', { type: 'submit', 'data-tool': 'sign-out' }, t('page.sign_out')),
      ),
    ),
  );
  show.person.textContent = person;

  /** @type {string[]} */
  let actionIds = [];
  /** @param {import('./contract.js').Action[]} actions */
  const setActions = (actions) => {
    for (const id of actionIds) delete buttons[id];
    actionIds = actions.map(({ id }) => id);
    const made = actions.map((action) => {
      const kind = action.primary ? 'button primary' : action.quiet ? 'button quiet' : 'button';
      return button(action.id, [action.short ?? action.label, keyCaps(action.keys[0])], { class: kind, title: action.short ? action.label : null }, action);
    });
    actionLine.replaceChildren(...made);
  };

  /** @param {import('./contract.js').Notice|null} said */
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

  const help = helpSheet();
  const { element: gamma, set: setGamma } = gammaFilter();
  const root = el('div', { class: 'painter' }, toolbar, centre, panel, help.dialog, gamma);
  return { root, stage, help, buttons, sliders, swatches, show, progressBar, setActions, setNotice, setGamma };
}

/** The filter that changes the photo's gamma; its id is 'painter-gamma'. */
function gammaFilter() {
  const make = (/** @type {string} */ tag, /** @type {Object<string, string>} */ attributes, /** @type {SVGElement[]} */ ...children) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const curves = ['R', 'G', 'B'].map((channel) => make(`feFunc${channel}`, { type: 'gamma', exponent: '1' }));
  const filter = make('filter', { id: 'painter-gamma', 'color-interpolation-filters': 'sRGB' }, make('feComponentTransfer', {}, ...curves));
  const element = make('svg', { width: '0', height: '0', 'aria-hidden': 'true', class: 'filters' }, filter);
  const set = (/** @type {number} */ exponent) => curves.forEach((curve) => curve.setAttribute('exponent', String(exponent)));
  return { element, set };
}
