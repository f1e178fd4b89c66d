// How the answer moves with one column: the mean over customers with its band, single customers' curves faint behind.
import type { Unit } from '../../core/frame.ts';
import type { Speech } from '../speech.ts';
import type { Effect } from '../task-document.ts';
import { axisRoom, drawnWidth, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark, Point } from './chart.ts';
import { extent, niceScale } from './scale.ts';

const WIDTH = 380;
const HEIGHT = 230;

export interface EffectShape {
  /** Of the prediction. */
  readonly unit: Unit;
  /** Lowest and highest of the vertical axis, so that neighbours can be compared; the chart's own when left out. */
  readonly domain?: readonly [number, number];
}

/** Points stand evenly: quantiles of a number, so that every step has equally many customers, or levels of a category. */
export function partialDependenceChart(
  speech: Speech,
  { feature, unit: columnUnit, points, curves = [] }: Effect,
  { unit, domain }: EffectShape,
): Chart {
  const format = (value: number) => speech.tick(value, unit);
  const own = extent([...points.flatMap(({ mean }) => [mean.low, mean.value, mean.high]), ...curves.flat()]);
  const shape = { domain: domain ?? own, ticks: 4 };
  const left = axisRoom(niceScale({ ...shape, range: [0, 1] }), format);
  const box: PlotBox = { left, right: WIDTH - 12, top: 14, bottom: HEIGHT - 30 };
  const y = niceScale({ ...shape, range: [box.bottom, box.top] });
  const step = (box.right - box.left) / Math.max(1, points.length);
  const x = (at: number): number => box.left + step * (at + 0.5);
  const ordered = points.every(({ at }) => typeof at === 'number');
  const written = points.map(({ at }) => (typeof at === 'number' ? speech.tick(at, columnUnit) : at));
  const label = speech.text('effects.label', { feature: speech.say(feature) });
  const marks: Mark[] = [...verticalAxis(y, box, { format })];
  if (ordered) {
    for (const curve of curves)
      marks.push({
        kind: 'path',
        tone: 'muted',
        points: curve.map((value, at): Point => [x(at), within(y(value), box)]),
        thickness: 1,
        opacity: 0.22,
      });
    const upper = points.map(({ mean }, at): Point => [x(at), y(mean.high)]);
    const lower = points.map(({ mean }, at): Point => [x(at), y(mean.low)]);
    marks.push(
      { kind: 'path', tone: 'model', points: [...upper, ...lower.toReversed()], filled: true, opacity: 0.18 },
      {
        kind: 'path',
        tone: 'model',
        points: points.map(({ mean }, at): Point => [x(at), y(mean.value)]),
        thickness: 2.5,
      },
    );
  }
  let free = Number.NEGATIVE_INFINITY;
  points.forEach(({ mean }, at) => {
    const middle = x(at);
    if (!ordered)
      marks.push({
        kind: 'line',
        tone: 'model',
        from: [middle, y(mean.low)],
        to: [middle, y(mean.high)],
        thickness: 3,
        opacity: 0.4,
      });
    marks.push({
      kind: 'dot',
      tone: 'model',
      at: [middle, y(mean.value)],
      radius: ordered ? 2.5 : 4.5,
      title: `${written[at]}: ${speech.value(mean.value, unit)}`,
    });
    const half = drawnWidth(written[at]) / 2;
    const centre = Math.min(WIDTH - half, Math.max(half, middle));
    if (centre - half < free || written[at] === written[at - 1]) return;
    free = centre + half + 8;
    marks.push({
      kind: 'text',
      tone: 'muted',
      at: [centre, box.bottom + 18],
      anchor: 'middle',
      text: written[at],
    });
  });
  return {
    width: WIDTH,
    height: HEIGHT,
    label,
    marks,
    table: {
      columns: [speech.say(feature), speech.text('effects.mean'), speech.text('word.interval')],
      rows: points.map(({ at, mean }) => [
        typeof at === 'number' ? speech.value(at, columnUnit) : at,
        speech.value(mean.value, unit),
        speech.range(speech.value(mean.low, unit), speech.value(mean.high, unit)),
      ]),
    },
  };
}

/** Curves of single customers may leave the scale of the means. */
const within = (pixel: number, { top, bottom }: PlotBox): number => Math.min(bottom, Math.max(top, pixel));
