// Axes as marks: hair-line grid, tick labels, and a name with an arrow instead of a drawn line.
import { textWidth } from '../text-table.ts';
import type { Mark, Tone } from './chart.ts';
import type { Scale } from './scale.ts';

/** The inner rectangle of a plot, CSS pixels. */
export interface PlotBox {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface AxisWords {
  readonly format: (value: number) => string;
  readonly label?: string;
}

/** Pixels per terminal cell at the charts’ letter size, in a wide face; a Chinese character is two cells. */
const CELL_WIDTH = 6.8;

/** About how wide a text is drawn, so that labels can be kept apart. */
export const drawnWidth = (text: string, size = 11.5): number => (textWidth(text) * CELL_WIDTH * size) / 11.5;

/** Room the tick labels of a vertical axis need on its left. */
export function axisRoom(scale: Scale, format: (value: number) => string): number {
  return Math.ceil(Math.max(...scale.ticks.map((tick) => drawnWidth(format(tick))))) + 8;
}

/** Horizontal grid lines with labels on the left, the axis' name above. */
export function verticalAxis(scale: Scale, box: PlotBox, { format, label }: AxisWords): Mark[] {
  const marks: Mark[] = [];
  for (const tick of scale.ticks) {
    const y = scale(tick);
    marks.push({ kind: 'line', tone: 'rule', from: [box.left, y], to: [box.right, y] });
    marks.push({ kind: 'text', tone: 'muted', at: [box.left - 6, y + 4], anchor: 'end', text: format(tick) });
  }
  if (label !== undefined)
    marks.push({ kind: 'text', tone: 'muted', at: [0, box.top - 12], text: `↑ ${label}` });
  return marks;
}

/** Tick labels below, thinned so that none touches the next; the axis' name under them on the right. */
export function horizontalAxis(
  scale: Scale,
  box: PlotBox,
  { format, label, grid = false }: AxisWords & { readonly grid?: boolean },
): Mark[] {
  const marks: Mark[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const tick of scale.ticks) {
    const x = scale(tick);
    const text = format(tick);
    const half = drawnWidth(text) / 2;
    if (grid) marks.push({ kind: 'line', tone: 'rule', from: [x, box.top], to: [x, box.bottom] });
    if (x - half < free) continue;
    free = x + half + 6;
    marks.push({ kind: 'text', tone: 'muted', at: [x, box.bottom + 16], anchor: 'middle', text });
  }
  if (label !== undefined)
    marks.push({
      kind: 'text',
      tone: 'muted',
      at: [box.right, box.bottom + 33],
      anchor: 'end',
      text: `${label} →`,
    });
  return marks;
}

/** The scale without the ticks that would stand within `gap` pixels of one nearer to zero. */
export function spacedTicks(scale: Scale, gap: number): Scale {
  const kept: number[] = [];
  for (const tick of scale.ticks.toSorted((a, b) => Math.abs(a) - Math.abs(b)))
    if (kept.every((other) => Math.abs(scale(other) - scale(tick)) >= gap)) kept.push(tick);
  return Object.assign((value: number) => scale(value), {
    domain: scale.domain,
    range: scale.range,
    ticks: kept.toSorted((a, b) => a - b),
  });
}

export interface LegendEntry {
  readonly tone: Tone;
  readonly text: string;
  readonly shape: 'dot' | 'line' | 'dashes' | 'bar';
  readonly opacity?: number;
}

/** Keys in one row or several, each in its own colour; gives the marks and how many rows they took. */
export function legend(
  entries: readonly LegendEntry[],
  { width, top = 0 }: { readonly width: number; readonly top?: number },
): { readonly marks: Mark[]; readonly rows: number } {
  const marks: Mark[] = [];
  let x = 0;
  let row = 0;
  for (const { tone, text, shape, opacity } of entries) {
    const takes = 20 + drawnWidth(text) + 16;
    if (x > 0 && x + takes - 16 > width) {
      x = 0;
      row++;
    }
    const y = top + row * LEGEND_ROW + 9;
    if (shape === 'dot') marks.push({ kind: 'dot', tone, at: [x + 7, y], radius: 4.5, opacity });
    else if (shape === 'bar')
      marks.push({ kind: 'rect', tone, x: x + 1, y: y - 5, width: 12, height: 10, radius: 2, opacity });
    else
      marks.push({
        kind: 'line',
        tone,
        from: [x, y],
        to: [x + 14, y],
        thickness: 2.5,
        dashed: shape === 'dashes',
        opacity,
      });
    marks.push({ kind: 'text', tone: 'ink', at: [x + 20, y + 4], text });
    x += takes;
  }
  return { marks, rows: entries.length === 0 ? 0 : row + 1 };
}

/** Height of one row of keys, CSS pixels. */
export const LEGEND_ROW = 20;
