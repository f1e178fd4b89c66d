// Horizontal bars with their intervals, longest first: what the model leans on.
import { drawnWidth } from './axis.ts';
import type { Chart, ChartTable, Mark } from './chart.ts';
import { linearScale } from './scale.ts';

const ROW_WIDE = 26;
const ROW_NARROW = 40;

export interface Bar {
  readonly label: string;
  /** Small words after the label. */
  readonly note?: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** As written at the end of the bar. */
  readonly written: string;
}

export interface BarsWords {
  readonly label: string;
  readonly table?: ChartTable;
}

/** Labels stand left of the bars when there is room for both, else above them. */
export function barsChart(bars: readonly Bar[], width: number, words: BarsWords): Chart {
  const labelRoom = Math.max(0, ...bars.map(({ label }) => drawnWidth(label))) + 14;
  const beside = labelRoom < width * 0.45;
  const rowHeight = beside ? ROW_WIDE : ROW_NARROW;
  const left = beside ? labelRoom : 0;
  const right = width - Math.max(0, ...bars.map(({ written }) => drawnWidth(written))) - 14;
  const highest = Math.max(0, ...bars.flatMap(({ value, high }) => [value, high].filter(Number.isFinite)));
  const lowest = Math.min(0, ...bars.flatMap(({ value, low }) => [value, low].filter(Number.isFinite)));
  const x = linearScale({ domain: [lowest, highest || 1], range: [left, right] });
  const marks: Mark[] = [];
  if (lowest < 0)
    marks.push({ kind: 'line', tone: 'muted', from: [x(0), 0], to: [x(0), bars.length * rowHeight] });
  bars.forEach((bar, i) => {
    const top = i * rowHeight + (beside ? 0 : 18);
    const middle = top + 11;
    const title = `${bar.label}: ${bar.written}`;
    marks.push(
      beside
        ? { kind: 'text', tone: 'ink', at: [left - 10, middle + 4], anchor: 'end', text: bar.label }
        : { kind: 'text', tone: 'ink', at: [0, top - 4], text: bar.label, halo: true },
      {
        kind: 'rect',
        tone: 'model',
        x: Math.min(x(0), x(bar.value)),
        y: top + 3,
        width: Math.abs(x(bar.value) - x(0)),
        height: 16,
        radius: 2,
        opacity: 0.8,
        title,
      },
    );
    if (Number.isFinite(bar.low) && Number.isFinite(bar.high))
      marks.push({
        kind: 'line',
        tone: 'ink',
        from: [x(bar.low), middle],
        to: [x(bar.high), middle],
        opacity: 0.6,
      });
    const end = Math.max(x(bar.value), Number.isFinite(bar.high) ? x(bar.high) : 0);
    marks.push({ kind: 'text', tone: 'muted', at: [end + 8, middle + 4], text: bar.written });
  });
  return { width, height: bars.length * rowHeight + 2, label: words.label, marks, table: words.table };
}
