// A chart is a value: marks at positions, a sentence for listeners and a table for readers. Drawing it is one function.
import { html, type Markup } from '../html.ts';

/** What a mark stands for; the style sheet gives each tone a colour in both themes. */
export type Tone =
  | 'model'
  | 'baseline'
  | 'actual'
  | 'good'
  | 'bad'
  | 'ink'
  | 'muted'
  | 'rule'
  | 'paper'
  | 'heat';

interface MarkBase {
  readonly tone: Tone;
  /** Read on hover and by screen readers. */
  readonly title?: string;
  /** [0, 1] */
  readonly opacity?: number;
}

export interface RectMark extends MarkBase {
  readonly kind: 'rect';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly radius?: number;
}

export interface LineMark extends MarkBase {
  readonly kind: 'line';
  readonly from: Point;
  readonly to: Point;
  readonly thickness?: number;
  readonly dashed?: boolean;
}

export interface PathMark extends MarkBase {
  readonly kind: 'path';
  readonly points: readonly Point[];
  readonly thickness?: number;
  readonly dashed?: boolean;
  /** An area instead of a line. */
  readonly filled?: boolean;
}

export interface DotMark extends MarkBase {
  readonly kind: 'dot';
  readonly at: Point;
  readonly radius: number;
  /** Only its outline. */
  readonly hollow?: boolean;
}

/** Many equal dots as one shape; where they overlap they do not deepen. */
export interface CloudMark extends MarkBase {
  readonly kind: 'cloud';
  readonly points: readonly Point[];
  readonly radius: number;
}

export interface TextMark extends MarkBase {
  readonly kind: 'text';
  /** The baseline's start, middle or end. */
  readonly at: Point;
  readonly text: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly bold?: boolean;
  /** A rim in the colour of the paper, where it may lie on lines. */
  readonly halo?: boolean;
}

export type Point = readonly [x: number, y: number];
export type Mark = RectMark | LineMark | PathMark | DotMark | CloudMark | TextMark;

/** The same numbers as a table, all cells already written out. */
export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Sizes in CSS pixels; y grows downwards. */
export interface Chart {
  readonly width: number;
  readonly height: number;
  /** One sentence: what it shows, for those who cannot see it. */
  readonly label: string;
  /** Back to front. */
  readonly marks: readonly Mark[];
  /** Left out where the table beside it already holds the numbers. */
  readonly table?: ChartTable;
}

/** The chart as inline SVG that scales down with its box. */
export function drawChart(chart: Chart): Markup {
  const { width, height } = chart;
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${chart.label}">${chart.marks.map(drawMark)}</svg>`;
}

function drawMark(mark: Mark): Markup {
  const title = mark.title !== undefined && html`<title>${mark.title}</title>`;
  const opacity = mark.opacity !== undefined && html` opacity="${short(mark.opacity)}"`;
  switch (mark.kind) {
    case 'rect':
      return html`<rect class="f-${mark.tone}" x="${short(mark.x)}" y="${short(mark.y)}" width="${short(Math.max(0, mark.width))}" height="${short(Math.max(0, mark.height))}"${mark.radius !== undefined && html` rx="${mark.radius}"`}${opacity}>${title}</rect>`;
    case 'line':
      return html`<line class="s-${mark.tone}" x1="${short(mark.from[0])}" y1="${short(mark.from[1])}" x2="${short(mark.to[0])}" y2="${short(mark.to[1])}" stroke-width="${mark.thickness ?? 1}"${mark.dashed && html` stroke-dasharray="3 3"`}${opacity}>${title}</line>`;
    case 'path': {
      const steps = mark.points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${short(x)} ${short(y)}`).join('');
      return mark.filled
        ? html`<path class="f-${mark.tone}" d="${steps}Z"${opacity}>${title}</path>`
        : html`<path class="s-${mark.tone}" d="${steps}" fill="none" stroke-width="${mark.thickness ?? 2}" stroke-linejoin="round" stroke-linecap="round"${mark.dashed && html` stroke-dasharray="4 4"`}${opacity}>${title}</path>`;
    }
    case 'dot':
      return html`<circle class="${mark.hollow ? 's' : 'f'}-${mark.tone}" cx="${short(mark.at[0])}" cy="${short(mark.at[1])}" r="${short(mark.radius)}"${mark.hollow && html` fill="none" stroke-width="1.5"`}${opacity}>${title}</circle>`;
    case 'cloud': {
      const dots = mark.points.map(([x, y]) => `M${short(x)} ${short(y)}h0`).join('');
      return html`<path class="s-${mark.tone}" d="${dots}" fill="none" stroke-width="${short(mark.radius * 2)}" stroke-linecap="round"${opacity}>${title}</path>`;
    }
    case 'text':
      return html`<text class="f-${mark.tone}" x="${short(mark.at[0])}" y="${short(mark.at[1])}"${mark.anchor !== undefined && mark.anchor !== 'start' && html` text-anchor="${mark.anchor}"`}${mark.size !== undefined && html` font-size="${mark.size}"`}${mark.bold && html` font-weight="600"`}${mark.halo && html` data-halo`}${opacity}>${mark.text}${title}</text>`;
  }
}

/** Two decimals at most: a hundredth of a pixel is enough for any screen, and it keeps the file small. */
const short = (value: number): string => String(Math.round(value * 100) / 100);
