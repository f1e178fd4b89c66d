// One prediction taken apart: from the average customer, step by step, to this one.
import { drawnWidth } from './axis.ts';
import type { Chart, Mark } from './chart.ts';
import { extent, linearScale } from './scale.ts';

const ROW_WIDE = 27;
const ROW_NARROW = 42;

export interface WaterfallStep {
  readonly label: string;
  /** On the link's scale, added to what came before. */
  readonly change: number;
  readonly written: string;
}

export interface Waterfall {
  /** Where the steps begin and how that reads. */
  readonly base: { readonly label: string; readonly value: number; readonly written: string };
  readonly steps: readonly WaterfallStep[];
  readonly end: { readonly label: string; readonly written: string };
  /** For listeners. */
  readonly label: string;
}

/** Steps up are orange, steps down blue; a thin line carries the sum from row to row. */
export function waterfallChart({ base, steps, end, label }: Waterfall, width: number): Chart {
  const sums = [base.value];
  for (const step of steps) sums.push(sums[sums.length - 1] + step.change);
  const labels = [base.label, ...steps.map((step) => step.label), end.label];
  const labelRoom = Math.max(...labels.map((text) => drawnWidth(text))) + 14;
  const beside = labelRoom < width * 0.42;
  const rowHeight = beside ? ROW_WIDE : ROW_NARROW;
  const writtenRoom = Math.max(...[base, ...steps, end].map(({ written }) => drawnWidth(written))) + 12;
  const left = beside ? labelRoom : 0;
  const x = linearScale({ domain: extent(sums), range: [left + 8, width - writtenRoom - 8] });
  const marks: Mark[] = [];
  const rowTop = (row: number) => row * rowHeight + (beside ? 0 : 18);
  const name = (row: number, text: string) =>
    marks.push(
      beside
        ? { kind: 'text', tone: 'ink', at: [left - 10, rowTop(row) + 15], anchor: 'end', text }
        : { kind: 'text', tone: 'ink', at: [0, rowTop(row) - 4], text, halo: true },
    );
  const carry = (row: number, at: number) =>
    marks.push({
      kind: 'line',
      tone: 'muted',
      from: [x(at), rowTop(row) + 18],
      to: [x(at), rowTop(row + 1) + 4],
      opacity: 0.6,
    });
  const total = (row: number, at: number, written: string) =>
    marks.push(
      { kind: 'dot', tone: 'ink', at: [x(at), rowTop(row) + 11], radius: 4.5, title: written },
      { kind: 'text', tone: 'ink', bold: true, at: [x(at) + 10, rowTop(row) + 15], text: written },
    );
  name(0, base.label);
  total(0, base.value, base.written);
  carry(0, base.value);
  steps.forEach((step, i) => {
    const row = i + 1;
    const [from, to] = [x(sums[i]), x(sums[i + 1])];
    name(row, step.label);
    marks.push(
      {
        kind: 'rect',
        tone: step.change >= 0 ? 'actual' : 'model',
        x: Math.min(from, to),
        y: rowTop(row) + 4,
        width: Math.max(1, Math.abs(to - from)),
        height: 14,
        radius: 2,
        opacity: 0.85,
        title: `${step.label}: ${step.written}`,
      },
      { kind: 'text', tone: 'muted', at: [Math.max(from, to) + 7, rowTop(row) + 15], text: step.written },
    );
    carry(row, sums[row]);
  });
  name(labels.length - 1, end.label);
  total(labels.length - 1, sums[sums.length - 1], end.written);
  return { width, height: labels.length * rowHeight + 4, label, marks };
}
