// One column a month: events, customers or money over the life of the data.
import type { Unit } from '../../core/frame.ts';
import type { Speech } from '../speech.ts';
import { axisRoom, drawnWidth, type PlotBox, verticalAxis } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { extent, niceScale } from './scale.ts';

const WIDTH = 380;
const HEIGHT = 230;

export interface MonthColumn {
  /** `YYYY-MM` */
  readonly month: string;
  readonly value: number;
  /** Drawn lighter: the data begin or end inside it. */
  readonly partial?: boolean;
}

export function columnsChart(
  speech: Speech,
  columns: readonly MonthColumn[],
  { unit, label }: { readonly unit: Unit; readonly label: string },
): Chart {
  const format = (value: number) => speech.tick(value, unit);
  const domain = extent([0, ...columns.map(({ value }) => value)]);
  const left = axisRoom(niceScale({ domain, range: [0, 1], ticks: 4 }), format);
  const box: PlotBox = { left, right: WIDTH - 4, top: 12, bottom: HEIGHT - 40 };
  const y = niceScale({ domain, range: [box.bottom, box.top], ticks: 4 });
  const step = (box.right - box.left) / columns.length;
  const marks: Mark[] = verticalAxis(y, box, { format });
  let free = Number.NEGATIVE_INFINITY;
  let year = '';
  columns.forEach(({ month, value, partial }, i) => {
    const x = box.left + step * i;
    const partly = partial ? ` (${speech.text('months.partial')})` : '';
    marks.push({
      kind: 'rect',
      tone: 'model',
      x: x + step * 0.12,
      y: Math.min(y(value), y(0)),
      width: step * 0.76,
      height: Math.abs(y(value) - y(0)),
      radius: 1.5,
      opacity: partial ? 0.4 : 0.85,
      title: `${month}: ${speech.value(value, unit)}${partly}`,
    });
    const middle = x + step / 2;
    const text = month.slice(5);
    if (middle - drawnWidth(text) / 2 < free) return;
    free = middle + drawnWidth(text) / 2 + 4;
    marks.push({ kind: 'text', tone: 'muted', at: [middle, box.bottom + 16], anchor: 'middle', text });
    if (month.slice(0, 4) === year) return;
    year = month.slice(0, 4);
    marks.push({
      kind: 'text',
      tone: 'muted',
      at: [middle - drawnWidth(text) / 2, box.bottom + 31],
      text: year,
    });
  });
  return { width: WIDTH, height: HEIGHT, label, marks };
}
