// How far predictions miss by decile of prediction: the middle half as a bar, the middle four fifths as a line.
import type { Unit } from '../../core/frame.ts';
import type { Speech } from '../speech.ts';
import type { Residuals } from '../task-document.ts';
import { axisRoom, legend, type PlotBox, spacedTicks, verticalAxis } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { extent, signedLogScale } from './scale.ts';

const WIDTH = 380;

export function errorDecilesChart(
  speech: Speech,
  { byDecile }: Residuals,
  { unit, smallest }: { readonly unit: Unit; readonly smallest: number },
): Chart {
  const format = (value: number) =>
    value === 0 ? speech.tick(0, unit) : speech.signed(value, (size) => speech.tick(size, unit));
  const [low, high] = extent([0, ...byDecile.flatMap((row) => row.quantiles)]);
  const domain = [low * 1.1, high * 1.1] as const;
  const scaleIn = (range: readonly [number, number]) => signedLogScale({ domain, range, unit: smallest });
  const room = axisRoom(scaleIn([0, 1]), format);
  const box: PlotBox = { left: room, right: WIDTH - 8, top: 46, bottom: 330 };
  const y = scaleIn([box.bottom, box.top]);
  const step = (box.right - box.left) / byDecile.length;
  const marks: Mark[] = [
    ...legend(
      [
        { tone: 'model', shape: 'bar', text: speech.text('errors.half'), opacity: 0.5 },
        { tone: 'model', shape: 'dot', text: speech.text('errors.median') },
      ],
      { width: WIDTH },
    ).marks,
    ...verticalAxis(spacedTicks(y, 16), box, { format }),
    { kind: 'line', tone: 'muted', from: [box.left, y(0)], to: [box.right, y(0)], thickness: 1.25 },
  ];
  byDecile.forEach(({ quantiles, customers, meanError }, i) => {
    const middle = box.left + step * (i + 0.5);
    const [q10, q25, q50, q75, q90] = quantiles;
    const title = speech.text('errors.bar', {
      decile: i + 1,
      count: speech.count(customers),
      median: speech.signed(q50, (size) => speech.value(size, unit)),
      mean: speech.signed(meanError.value, (size) => speech.value(size, unit)),
    });
    marks.push(
      { kind: 'line', tone: 'model', from: [middle, y(q10)], to: [middle, y(q90)], opacity: 0.55 },
      {
        kind: 'rect',
        tone: 'model',
        x: middle - 7,
        y: y(q75),
        width: 14,
        height: y(q25) - y(q75),
        radius: 2,
        opacity: 0.45,
        title,
      },
      { kind: 'dot', tone: 'model', at: [middle, y(q50)], radius: 3.5, title },
      { kind: 'text', tone: 'muted', at: [middle, box.bottom + 16], anchor: 'middle', text: String(i + 1) },
    );
  });
  marks.push({
    kind: 'text',
    tone: 'muted',
    at: [box.left, box.bottom + 34],
    text: speech.text('deciles.x'),
  });
  return {
    width: WIDTH,
    height: box.bottom + 42,
    label: speech.text('errors.label'),
    marks,
    table: {
      columns: [
        speech.text('deciles.column'),
        speech.text('word.customers'),
        speech.text('errors.mean'),
        ...['10', '25', '50', '75', '90'].map((share) => speech.text('errors.quantile', { share })),
      ],
      rows: byDecile.map(({ customers, meanError, quantiles }, i) => [
        String(i + 1),
        speech.count(customers),
        speech.signed(meanError.value, (size) => speech.value(size, unit)),
        ...quantiles.map((error) => speech.signed(error, (size) => speech.value(size, unit))),
      ]),
    },
  };
}
