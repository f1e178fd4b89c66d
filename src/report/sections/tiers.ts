// High, middle and low: the predictions as groups to act on, with what each group really did.
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport, Tiers } from '../task-document.ts';
import { dataTable, filled, section, valueWithInterval } from './section.ts';

export function tiersSection(speech: Speech, task: TaskReport): Markup {
  return section<Tiers>(
    speech,
    { title: speech.text('tiers.title'), lede: speech.text('tiers.lede') },
    filled(task.tiers, ({ rows }) => rows),
    ({ rows }) => table(speech, task, rows),
  );
}

function table(speech: Speech, task: TaskReport, rows: Tiers['rows']): Markup {
  const written = (value: number) => speech.value(value, task.unit);
  const everybody = rows.reduce((sum, { customers }) => sum + customers, 0);
  const bounds = ({ from, to }: Tiers['rows'][number]) =>
    to === undefined
      ? speech.text('tiers.from', { from: written(from) })
      : from <= 0
        ? speech.text('tiers.under', { to: written(to) })
        : speech.range(written(from), written(to));
  return dataTable({
    caption: speech.text('tiers.caption'),
    columns: [
      { head: speech.text('tiers.tier') },
      { head: speech.text('tiers.predictions'), numeric: true },
      { head: speech.text('word.customers'), numeric: true },
      { head: speech.text('deciles.meanPredicted'), numeric: true },
      { head: speech.text('deciles.meanActual'), numeric: true },
      { head: speech.text('tiers.share'), numeric: true },
    ],
    rows: rows.map((row) => ({
      cells: [
        html`<span class="tier ${row.tier}"></span>${speech.text(`tiers.${row.tier}`)}`,
        bounds(row),
        valueWithInterval(
          speech.count(row.customers),
          speech.share(row.customers / Math.max(1, everybody), 0),
        ),
        written(row.predicted),
        row.actual
          ? valueWithInterval(
              written(row.actual.value),
              speech.range(written(row.actual.low), written(row.actual.high)),
            )
          : '–',
        row.shareOfActual === undefined ? '–' : speech.share(row.shareOfActual),
      ],
    })),
  });
}
