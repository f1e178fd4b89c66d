// Predicted beside actual for ten equal groups, highest predictions first.
import type { Unit } from '../../core/frame.ts';
import type { Speech } from '../speech.ts';
import type { Deciles } from '../task-document.ts';
import { axisRoom, legend, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { niceScale } from './scale.ts';

const HEIGHT = 330;

export function decilesChart(speech: Speech, { rows, overall }: Deciles, unit: Unit, width: number): Chart {
  const format = (value: number) => speech.tick(value, unit);
  const values = rows.flatMap((row) => [row.meanPredicted, row.meanActual, row.high ?? 0, row.low ?? 0]);
  const domain = [Math.min(0, ...values), Math.max(...values, 0)] as const;
  const left = axisRoom(niceScale({ domain, range: [0, 1] }), format);
  const box: PlotBox = { left, right: width - 8, top: 56, bottom: HEIGHT - 42 };
  const y = niceScale({ domain, range: [box.bottom, box.top] });
  const step = (box.right - box.left) / rows.length;
  const barWidth = Math.min(34, step * 0.62);
  const marks: Mark[] = [
    ...legend(
      [
        { tone: 'actual', shape: 'bar', text: speech.text('deciles.actual'), opacity: 0.75 },
        { tone: 'model', shape: 'dot', text: speech.text('deciles.predicted') },
        { tone: 'muted', shape: 'dashes', text: speech.text('deciles.overall') },
      ],
      { width },
    ).marks,
    ...verticalAxis(y, box, { format }),
  ];
  rows.forEach((row, i) => {
    const middle = box.left + step * (i + 0.5);
    const title = speech.text('deciles.bar', {
      decile: row.decile,
      count: speech.count(row.count),
      predicted: speech.value(row.meanPredicted, unit),
      actual: speech.value(row.meanActual, unit),
    });
    const top = y(Math.max(0, row.meanActual));
    marks.push({
      kind: 'rect',
      tone: 'actual',
      x: middle - barWidth / 2,
      y: top,
      width: barWidth,
      height: Math.abs(y(row.meanActual) - y(0)),
      radius: 2,
      opacity: 0.75,
      title,
    });
    if (row.low !== undefined && row.high !== undefined)
      marks.push({
        kind: 'line',
        tone: 'ink',
        from: [middle, y(row.low)],
        to: [middle, y(row.high)],
        opacity: 0.7,
      });
    marks.push(
      { kind: 'dot', tone: 'paper', at: [middle, y(row.meanPredicted)], radius: 6 },
      { kind: 'dot', tone: 'model', at: [middle, y(row.meanPredicted)], radius: 4.5, title },
      {
        kind: 'text',
        tone: 'muted',
        at: [middle, box.bottom + 16],
        anchor: 'middle',
        text: String(row.decile),
      },
    );
  });
  marks.push(
    { kind: 'line', tone: 'muted', from: [box.left, y(overall)], to: [box.right, y(overall)], dashed: true },
    { kind: 'text', tone: 'muted', at: [box.left, box.bottom + 34], text: speech.text('deciles.x') },
  );
  return { width, height: HEIGHT, label: speech.text('deciles.label'), marks };
}
