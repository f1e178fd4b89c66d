// Model less baseline on the same customers, each with its interval and a plain reading.

import type { MetricName } from '../../eval/score.ts';
import { drawChart } from '../charts/chart.ts';
import { intervalStrip, stripScale } from '../charts/interval-strip.ts';
import { html, type Markup } from '../html.ts';
import { formatDifference, metricWords } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { PairedDifferences, TaskReport } from '../task-document.ts';
import { readDifference } from './headline.ts';
import { dataTable, filled, section } from './section.ts';

const READINGS = {
  sure: { key: 'differences.better', chip: 'good', tone: 'good' },
  unsure: { key: 'differences.level', chip: 'note', tone: 'baseline' },
  worse: { key: 'differences.worse', chip: 'problem', tone: 'bad' },
} as const;

export function differencesSection(speech: Speech, task: TaskReport): Markup {
  return section<PairedDifferences>(
    speech,
    { title: speech.text('differences.title'), lede: speech.text('differences.lede') },
    filled(task.differences, ({ rows }) => rows),
    ({ rows }) => table(speech, task, rows),
  );
}

function table(speech: Speech, task: TaskReport, rows: PairedDifferences['rows']): Markup {
  // One scale a metric: differences of AUC and of money cannot share one.
  const scales = new Map(
    [...new Set(rows.map(({ metric }) => metric))].map((metric: MetricName) => [
      metric,
      stripScale(
        rows.filter((row) => row.metric === metric).map(({ score }) => score),
        0,
      ),
    ]),
  );
  return dataTable({
    caption: speech.text('differences.title'),
    columns: [
      { head: speech.text('word.metric') },
      { head: speech.text('differences.against') },
      { head: speech.text('differences.difference'), numeric: true },
      { head: speech.text('strip.zero') },
      { head: speech.text('differences.verdict') },
    ],
    rows: rows.map(({ metric, against, score }) => {
      const written = (value: number) => formatDifference(speech, metric, value, task.unit);
      const interval = speech.range(written(score.low), written(score.high));
      const reading = READINGS[readDifference(metric, score)];
      const scale = scales.get(metric);
      return {
        cells: [
          speech.say(metricWords(metric).label),
          speech.say(against),
          html`<span class="value">${written(score.value)}</span><span class="interval">${interval}</span>`,
          scale
            ? drawChart(
                intervalStrip(score, scale, {
                  tone: reading.tone,
                  label: speech.text('strip.label', {
                    name: speech.say(against),
                    value: written(score.value),
                    interval,
                  }),
                  reference: 0,
                }),
              )
            : '',
          html`<span class="chip ${reading.chip}">${speech.text(reading.key)}</span>`,
        ],
      };
    }),
  });
}
