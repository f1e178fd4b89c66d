// The frame of every section: a heading and its explanation in the margin, the evidence beside it, or why there is none.
import { type Chart, type ChartTable, drawChart } from '../charts/chart.ts';
import { isMissing } from '../document.ts';
import { html, type Markup } from '../html.ts';
import type { Part } from '../part.ts';
import type { Speech } from '../speech.ts';

export interface SectionWords {
  readonly title: string;
  /** What one sees and how to read it. */
  readonly lede?: string;
}

/** A section of the page; a missing part keeps its heading and says why it is empty. */
export function section<T extends object>(
  speech: Speech,
  words: SectionWords | ((part: T) => SectionWords),
  part: Part<T> | undefined,
  draw: (part: T) => Markup | readonly Markup[],
): Markup {
  const present = part !== undefined && !isMissing(part) ? part : undefined;
  const shown = typeof words === 'function' ? words(present ?? ({} as T)) : words;
  const reason =
    part !== undefined && isMissing(part) ? speech.say(part.missing) : speech.text('word.unmeasured');
  return html`<section class="block"><header><h3>${shown.title}</h3>${
    present && shown.lede !== undefined && html`<p class="lede">${shown.lede}</p>`
  }</header><div class="evidence">${
    present ? draw(present) : html`<p class="missing">${speech.text('word.missing', { reason })}</p>`
  }</div></section>`;
}

export interface Caption {
  readonly title: string;
  /** What the picture counts, in which unit. */
  readonly note?: string;
}

/** The part, or nothing when its list is empty: an empty chart tells less than a sentence. */
export function filled<T extends object>(
  part: Part<T> | undefined,
  list: (part: T) => readonly unknown[],
): Part<T> | undefined {
  return part === undefined || isMissing(part) || list(part).length > 0 ? part : undefined;
}

/** A chart with its caption and, folded away, its numbers. */
export function figure(speech: Speech, chart: Chart, caption?: Caption): Markup {
  return html`<figure>${figcaption(caption)}${drawChart(chart)}${chart.table && numbers(speech, chart.table)}</figure>`;
}

/** A chart that is drawn twice, for wide and for narrow screens, so that its letters keep their size. */
export function wideFigure(speech: Speech, draw: (width: number) => Chart, caption?: Caption): Markup {
  const wide = draw(WIDE);
  return html`<figure>${figcaption(caption)}<div class="on-wide">${drawChart(wide)}</div><div class="on-narrow">${drawChart(draw(NARROW))}</div>${
    wide.table && numbers(speech, wide.table)
  }</figure>`;
}

const figcaption = (caption: Caption | undefined): Markup | undefined =>
  caption &&
  html`<figcaption>${caption.title}${caption.note !== undefined && html`<span>${caption.note}</span>`}</figcaption>`;

/** Widths charts are drawn for, CSS pixels. */
export const WIDE = 780;
export const NARROW = 340;

const numbers = (speech: Speech, table: ChartTable): Markup =>
  html`<details><summary>${speech.text('word.numbers')}</summary>${chartTable(table)}</details>`;

/** The numbers behind a chart, in the open. */
export function chartTable(table: ChartTable): Markup {
  return dataTable({
    columns: table.columns.map((head, i) => ({ head, numeric: i > 0 })),
    rows: table.rows.map((cells) => ({ cells })),
  });
}

export interface DataTable {
  readonly caption?: string;
  readonly columns: readonly { readonly head: string; readonly numeric?: boolean; readonly hint?: string }[];
  readonly rows: readonly {
    readonly cells: readonly (string | Markup)[];
    readonly tone?: 'chosen' | 'quiet' | 'total';
  }[];
}

/** A table in a box of its own that scrolls when it is wider than the screen; the first cell heads its row. */
export function dataTable({ caption, columns, rows }: DataTable): Markup {
  const align = (i: number) => columns[i]?.numeric && html` class="n"`;
  return html`<div class="scroll" tabindex="0" role="group"${caption !== undefined && html` aria-label="${caption}"`}><table>${
    caption !== undefined && html`<caption class="hear">${caption}</caption>`
  }<thead><tr>${columns.map(
    (column, i) =>
      html`<th scope="col"${align(i)}${column.hint !== undefined && html` title="${column.hint}"`}>${column.head}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr${row.tone !== undefined && html` class="${row.tone}"`}>${row.cells.map((cell, i) =>
        i === 0 ? html`<th scope="row">${cell}</th>` : html`<td${align(i)}>${cell}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** A value with its interval, small, below it. */
export function valueWithInterval(value: string, interval: string): Markup {
  return html`<span class="value">${value}</span>${interval !== '' && html`<span class="interval">${interval}</span>`}`;
}

export interface Fact {
  readonly term: string;
  readonly value: string;
  /** Small, beside the value. */
  readonly note?: string;
  readonly wide?: boolean;
}

/** Key numbers in a grid. */
export function facts(list: readonly Fact[]): Markup {
  return html`<dl class="facts">${list.map(
    ({ term, value, note, wide }) =>
      html`<div${wide && html` class="wide"`}><dt>${term}</dt><dd>${value}${note !== undefined && html` <small>${note}</small>`}</dd></div>`,
  )}</dl>`;
}

/** Terms with their texts, one a line. */
export function terms(list: readonly (readonly [term: string, body: string | Markup])[]): Markup {
  return html`<dl class="terms">${list.map(([term, body]) => html`<div><dt>${term}</dt><dd>${body}</dd></div>`)}</dl>`;
}
