// A backtest at a glance: one metric at each origin, model and baseline side by side with the model's interval.
import type { Unit } from '../../core/frame.ts';
import type { MetricName } from '../../eval/score.ts';
import { formatMetric } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { BacktestRow } from '../task-document.ts';
import { axisRoom, drawnWidth, legend, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { extent, niceScale } from './scale.ts';

const WIDTH = 380;
const HEIGHT = 240;

export interface OriginsShape {
  readonly metric: MetricName;
  readonly unit: Unit;
  /** Name of the baseline and a sentence for listeners. */
  readonly baseline: string;
  readonly label: string;
}

export function originsChart(speech: Speech, rows: readonly BacktestRow[], shape: OriginsShape): Chart {
  const { metric, unit, baseline } = shape;
  const format = (value: number) => formatMetric(speech, metric, value, unit);
  const values = rows.flatMap((row) => {
    const score = row.scores[metric];
    const other = row.baseline[metric];
    return [score?.value, score?.low, score?.high, other?.value].filter((value) => value !== undefined);
  });
  const domain = extent(metric === 'bias' ? [0, ...values] : values);
  const left = axisRoom(niceScale({ domain, range: [0, 1], ticks: 4 }), format);
  const box: PlotBox = { left, right: WIDTH - 8, top: 34, bottom: HEIGHT - 28 };
  const y = niceScale({ domain, range: [box.bottom, box.top], ticks: 4 });
  const step = (box.right - box.left) / Math.max(1, rows.length);
  const marks: Mark[] = [
    ...legend(
      [
        { tone: 'model', shape: 'dot', text: speech.text('word.model') },
        { tone: 'baseline', shape: 'dot', text: baseline },
      ],
      { width: WIDTH },
    ).marks,
    ...verticalAxis(y, box, { format }),
  ];
  let free = Number.NEGATIVE_INFINITY;
  rows.forEach((row, i) => {
    const middle = box.left + step * (i + 0.5);
    const score = row.scores[metric];
    const other = row.baseline[metric];
    const title = `${speech.moment(row.asOf)}: ${score ? format(score.value) : '–'} · ${baseline} ${other ? format(other.value) : '–'}`;
    if (other)
      marks.push({ kind: 'dot', tone: 'baseline', at: [middle + 6, y(other.value)], radius: 4, title });
    if (score)
      marks.push(
        {
          kind: 'line',
          tone: 'model',
          from: [middle - 4, y(score.low)],
          to: [middle - 4, y(score.high)],
          thickness: 3,
          opacity: 0.4,
        },
        { kind: 'dot', tone: 'model', at: [middle - 4, y(score.value)], radius: 4.5, title },
      );
    const text = speech.moment(row.asOf).slice(0, 10);
    const half = drawnWidth(text) / 2;
    if (middle - half < free) return;
    free = middle + half + 6;
    marks.push({ kind: 'text', tone: 'muted', at: [middle, box.bottom + 18], anchor: 'middle', text });
  });
  return { width: WIDTH, height: HEIGHT, label: shape.label, marks };
}
