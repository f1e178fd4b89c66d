// The same recipe at several origins: would it have worked before.

import type { MetricName } from '../../eval/score.ts';
import { originsChart } from '../charts/origins.ts';
import { html, type Markup } from '../html.ts';
import { formatInterval, formatMetric, metricWords } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { Backtest, BacktestRow, TaskReport } from '../task-document.ts';
import { dataTable, figure, filled, section } from './section.ts';

/** As many metrics as stand side by side; the table has them all. */
const CHARTS = 2;

export function backtestSection(speech: Speech, task: TaskReport): Markup {
  return section<Backtest>(
    speech,
    { title: speech.text('backtest.title'), lede: speech.text('backtest.lede') },
    filled(task.backtest, ({ rows }) => rows),
    (backtest) => [
      html`<div class="charts">${backtest.metrics.slice(0, CHARTS).map((metric) => {
        const label = speech.say(metricWords(metric).label);
        return figure(
          speech,
          originsChart(speech, backtest.rows, {
            metric,
            unit: task.unit,
            baseline: speech.say(backtest.baseline),
            label: speech.text('origins.label', { metric: label }),
          }),
          { title: label, note: speech.text(`better.${metricWords(metric).better}`) },
        );
      })}</div>`,
      table(speech, task, backtest),
    ],
  );
}

function table(speech: Speech, task: TaskReport, { metrics, rows, pooled }: Backtest): Markup {
  const cell = (metric: MetricName, row: Omit<BacktestRow, 'asOf'>): string | Markup => {
    const score = row.scores[metric];
    const other = row.baseline[metric];
    if (!score) return '–';
    return html`<span class="value">${formatMetric(speech, metric, score.value, task.unit)}</span><span class="interval">${formatInterval(speech, metric, score, task.unit)}</span>${
      other &&
      html`<span class="interval">${speech.text('backtest.baseline', { value: formatMetric(speech, metric, other.value, task.unit) })}</span>`
    }`;
  };
  const cells = (head: string, row: Omit<BacktestRow, 'asOf'>) => [
    head,
    speech.count(row.customers),
    speech.count(row.positives),
    ...metrics.map((metric) => cell(metric, row)),
  ];
  return dataTable({
    caption: speech.text('backtest.caption'),
    columns: [
      { head: speech.text('backtest.origin') },
      { head: speech.text('word.customers'), numeric: true },
      { head: speech.text('backtest.positives'), numeric: true },
      ...metrics.map((metric) => ({ head: speech.say(metricWords(metric).label), numeric: true })),
    ],
    rows: [
      ...rows.map((row) => ({ cells: cells(speech.moment(row.asOf), row) })),
      ...(pooled ? [{ tone: 'total' as const, cells: cells(speech.text('backtest.pooled'), pooled) }] : []),
    ],
  });
}
