// What each column of a table was taken for, what it is used for and why.
import type { ReportDocument, TableColumns } from '../document.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { Speech } from '../speech.ts';
import { dataTable, facts, section } from './section.ts';

export function columnsSection(speech: Speech, document: ReportDocument): Markup {
  return section<TableColumns>(
    speech,
    { title: speech.text('columns.title'), lede: speech.text('columns.lede') },
    document.columns,
    ({ rows, repeated, withoutTarget, columns }) =>
      html`${facts([
        { term: speech.text('data.rows'), value: speech.count(rows) },
        { term: speech.text('columns.repeated'), value: speech.count(repeated) },
        { term: speech.text('columns.withoutTarget'), value: speech.count(withoutTarget) },
      ])}${dataTable({
        caption: speech.text('columns.title'),
        columns: [
          { head: speech.text('drivers.feature') },
          { head: speech.text('columns.kind') },
          { head: speech.text('columns.use') },
          { head: speech.text('columns.missing'), numeric: true },
          { head: speech.text('columns.distinct'), numeric: true },
          { head: speech.text('columns.reason') },
        ],
        rows: columns.map(({ name, kind, use, missing, distinct, reason }) => ({
          cells: [
            name,
            speech.say(kind),
            speech.say(use),
            speech.share(missing),
            speech.count(distinct),
            speech.say(reason),
          ],
        })),
      })}`,
  );
}
