// Whether intervals keep their promise for small and large customers alike: share covered by decile of prediction.
import type { Speech } from '../speech.ts';
import type { Coverage } from '../task-document.ts';
import { axisRoom, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { extent, niceScale } from './scale.ts';

const WIDTH = 380;
const HEIGHT = 260;

export function coverageChart(speech: Speech, { nominal, byDecile = [] }: Coverage): Chart {
  const percent = (value: number) => speech.tick(value, 'share');
  const [low] = extent([nominal, ...byDecile.flatMap(({ covered }) => [covered.low, covered.value])]);
  const domain = [Math.min(low, nominal - 0.1), 1] as const;
  const room = axisRoom(niceScale({ domain, range: [0, 1] }), percent);
  const box: PlotBox = { left: room, right: WIDTH - 8, top: 26, bottom: HEIGHT - 42 };
  const y = niceScale({ domain, range: [box.bottom, box.top] });
  const step = (box.right - box.left) / Math.max(1, byDecile.length);
  const marks: Mark[] = [
    ...verticalAxis(y, box, { format: percent, label: speech.text('coverage.y') }),
    { kind: 'line', tone: 'muted', from: [box.left, y(nominal)], to: [box.right, y(nominal)], dashed: true },
    {
      kind: 'text',
      tone: 'muted',
      at: [box.right, box.top - 12],
      anchor: 'end',
      text: speech.text('coverage.promise', { share: percent(nominal) }),
    },
  ];
  byDecile.forEach(({ covered, customers }, i) => {
    const middle = box.left + step * (i + 0.5);
    marks.push(
      {
        kind: 'line',
        tone: 'model',
        from: [middle, y(covered.low)],
        to: [middle, y(covered.high)],
        thickness: 3,
        opacity: 0.4,
      },
      {
        kind: 'dot',
        tone: 'model',
        at: [middle, y(covered.value)],
        radius: 4.5,
        title: speech.text('coverage.dot', {
          decile: i + 1,
          share: speech.share(covered.value),
          interval: speech.range(speech.share(covered.low), speech.share(covered.high)),
          count: speech.count(customers),
        }),
      },
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
    height: HEIGHT,
    label: speech.text('coverage.label'),
    marks,
    table: {
      columns: [
        speech.text('deciles.column'),
        speech.text('coverage.y'),
        speech.text('word.interval'),
        speech.text('word.customers'),
      ],
      rows: byDecile.map(({ covered, customers }, i) => [
        String(i + 1),
        speech.share(covered.value),
        speech.range(speech.share(covered.low), speech.share(covered.high)),
        speech.count(customers),
      ]),
    },
  };
}
