// Ten equal groups by prediction: level, lift and cumulative gain, as pictures and as the table to decide with.
import { decilesChart } from '../charts/deciles.ts';
import { type UnitCurve, unitCurvesChart } from '../charts/unit-curves.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { Deciles, TaskReport } from '../task-document.ts';
import { dataTable, figure, filled, section } from './section.ts';

const CHART_WIDTH = 380;

export function decilesSection(speech: Speech, task: TaskReport): Markup {
  return section<Deciles>(
    speech,
    { title: speech.text('deciles.title'), lede: speech.text('deciles.lede') },
    filled(task.deciles, ({ rows }) => rows),
    (deciles) => [
      topInWords(speech, deciles),
      html`<div class="charts">${figure(speech, decilesChart(speech, deciles, task.unit, CHART_WIDTH), {
        title: speech.text('deciles.chart'),
      })}${gainFigure(speech, deciles)}</div>`,
      table(speech, task, deciles),
    ],
  );
}

/** What the best two tenths hold, in one sentence. */
function topInWords(speech: Speech, { rows }: Deciles): Markup {
  const second = rows[Math.min(1, rows.length - 1)];
  if (!second) return html``;
  return html`<p class="finding">${speech.text('deciles.reached', {
    customers: speech.share(second.cumulativeShare, 0),
    outcome: speech.share(second.cumulativeGain, 0),
  })}</p>`;
}

function gainFigure(speech: Speech, { rows, gain }: Deciles): Markup {
  const fromRows: UnitCurve = {
    label: speech.text('word.model'),
    role: 'model',
    points: [{ x: 0, y: 0 }, ...rows.map((row) => ({ x: row.cumulativeShare, y: row.cumulativeGain }))],
  };
  const curves =
    gain && gain.length > 0
      ? gain.map(({ label, role, points }): UnitCurve => ({ label: speech.say(label), role, points }))
      : [fromRows];
  const chart = unitCurvesChart(speech, curves, {
    label: speech.text('gain.label'),
    x: speech.text('gain.x'),
    y: speech.text('gain.y'),
    chance: { label: speech.text('gain.chance'), from: [0, 0], to: [1, 1] },
  });
  return figure(speech, chart, { title: speech.text('gain.title') });
}

function table(speech: Speech, task: TaskReport, { rows }: Deciles): Markup {
  return dataTable({
    caption: speech.text('deciles.caption'),
    columns: [
      { head: speech.text('deciles.column') },
      { head: speech.text('word.customers'), numeric: true },
      { head: speech.text('deciles.meanPredicted'), numeric: true },
      { head: speech.text('deciles.meanActual'), numeric: true },
      { head: speech.text('word.interval'), numeric: true },
      { head: speech.text('deciles.lift'), numeric: true },
      { head: speech.text('deciles.gain'), numeric: true },
    ],
    rows: rows.map((row) => ({
      cells: [
        String(row.decile),
        speech.count(row.count),
        speech.value(row.meanPredicted, task.unit),
        speech.value(row.meanActual, task.unit),
        row.low === undefined || row.high === undefined
          ? '–'
          : speech.range(speech.value(row.low, task.unit), speech.value(row.high, task.unit)),
        `${speech.decimal(row.lift, 2)}×`,
        speech.share(row.cumulativeGain),
      ],
    })),
  });
}
