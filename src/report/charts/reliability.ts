// Said beside came: mean predicted probability against the observed share, with how many customers stand behind each.
import type { ReliabilityBin } from '../../eval/curves.ts';
import type { Speech } from '../speech.ts';
import { axisRoom, horizontalAxis, legend, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { niceScale } from './scale.ts';

const WIDTH = 380;
const COUNTS_HEIGHT = 34;

export function reliabilityChart(speech: Speech, bins: readonly ReliabilityBin[]): Chart {
  const highest = Math.max(0.05, ...bins.flatMap((bin) => [bin.meanPredicted, bin.high]));
  const domain = [0, Math.min(1, highest)] as const;
  const percent = (value: number) => speech.tick(value, 'share');
  const room = axisRoom(niceScale({ domain, range: [0, 1] }), percent);
  const box: PlotBox = { left: room, right: WIDTH - 14, top: 46, bottom: 290 };
  const x = niceScale({ domain, range: [box.left, box.right] });
  const y = niceScale({ domain, range: [box.bottom, box.top] });
  const corner = Math.min(x.domain[1], y.domain[1]);
  const most = Math.max(...bins.map(({ count }) => count));
  const countsBottom = box.bottom + 44 + COUNTS_HEIGHT;
  const marks: Mark[] = [
    ...legend(
      [
        { tone: 'model', shape: 'dot', text: speech.text('reliability.observed') },
        { tone: 'muted', shape: 'dashes', text: speech.text('reliability.perfect') },
      ],
      { width: WIDTH },
    ).marks,
    ...verticalAxis(y, box, { format: percent }),
    ...horizontalAxis(x, box, { format: percent, label: speech.text('reliability.x') }),
    { kind: 'line', tone: 'muted', from: [x(0), y(0)], to: [x(corner), y(corner)], dashed: true },
  ];
  for (const bin of bins) {
    const at = x(bin.meanPredicted);
    const words = speech.text('reliability.bin', {
      predicted: speech.share(bin.meanPredicted),
      actual: speech.share(bin.meanActual),
      interval: speech.range(speech.share(bin.low), speech.share(bin.high)),
      count: speech.count(bin.count),
    });
    const barHeight = (bin.count / most) * COUNTS_HEIGHT;
    marks.push(
      {
        kind: 'line',
        tone: 'model',
        from: [at, y(bin.low)],
        to: [at, y(bin.high)],
        thickness: 3,
        opacity: 0.4,
      },
      { kind: 'dot', tone: 'model', at: [at, y(bin.meanActual)], radius: 4.5, title: words },
      {
        kind: 'rect',
        tone: 'baseline',
        x: at - 2,
        y: countsBottom - barHeight,
        width: 4,
        height: barHeight,
        radius: 1,
        title: words,
      },
    );
  }
  marks.push({
    kind: 'text',
    tone: 'muted',
    at: [box.left, countsBottom + 14],
    text: speech.text('reliability.counts', { most: speech.count(most) }),
  });
  return {
    width: WIDTH,
    height: countsBottom + 20,
    label: speech.text('reliability.label', { bins: bins.length }),
    marks,
    table: {
      columns: [
        speech.text('word.predicted'),
        speech.text('word.actual'),
        speech.text('word.interval'),
        speech.text('word.customers'),
      ],
      rows: bins.map((bin) => [
        speech.share(bin.meanPredicted),
        speech.share(bin.meanActual),
        speech.range(speech.share(bin.low), speech.share(bin.high)),
        speech.count(bin.count),
      ]),
    },
  };
}
