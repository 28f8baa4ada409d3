import { enclosedSpans } from '../canvas/kernel.js';
import { t } from '../texts/texts.js';
import { Tool } from './tool.js';

/** Fills the inside of a painted outline; an outline with a gap is not filled. */
class FillTool extends Tool {
  /** @param {import('./tool.js').Point} point @param {import('./tool.js').Press} press */
  down(point, { erase }) {
    if (erase) return;
    const { drawing, walls, say } = this.desk;
    const { outcome, spans } = enclosedSpans(drawing.mask, drawing.w, drawing.h, point.x, point.y, walls);
    if (outcome === 'open') say(t('said.fill_gap'));
    if (outcome === 'painted') say(t('said.fill_painted'));
    if (outcome === 'outside') say(t('said.fill_outside'));
    if (outcome !== 'enclosed') return;
    drawing.write(spans, 1);
    drawing.commit();
    this.count(1);
  }
}

/** @type {import('./tool.js').ToolRecord} */
export const FILL = {
  id: 'fill',
  keys: ['F'],
  icon: [
    'm11 3.5 8 8-7 7a1.8 1.8 0 0 1-2.5 0l-5.4-5.4a1.8 1.8 0 0 1 0-2.5L11 3.5Z',
    'M3.8 12.4h14.4',
    'M20.4 15.4c1 1.5 1.5 2.5 1.5 3.300a1.6 1.6 0 0 1-3.2 0c0-.8.6-1.8 1.7-3.300Z',
  ],
  cursor: 'paint',
  size: null,
  counter: 'fills',
  tool: FillTool,
};
