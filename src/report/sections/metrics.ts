// The chosen model's test results, each with its interval, beside every baseline.
import type { MetricName, Scores } from '../../eval/score.ts';
import { html, type Markup } from '../html.ts';
import { formatInterval, formatMetric, metricWords } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport, TestMetrics } from '../task-document.ts';
import { dataTable, section, valueWithInterval } from './section.ts';

export function metricsSection(speech: Speech, task: TaskReport): Markup {
  return section<TestMetrics>(
    speech,
    { title: speech.text('metrics.title'), lede: speech.text('metrics.lede') },
    task.metrics,
    (metrics) => table(speech, task, metrics),
  );
}

function table(speech: Speech, task: TaskReport, { model, baselines, order }: TestMetrics): Markup {
  const cell = (metric: MetricName, scores: Scores) => {
    const score = scores[metric];
    return score
      ? valueWithInterval(
          formatMetric(speech, metric, score.value, task.unit),
          formatInterval(speech, metric, score, task.unit),
        )
      : '–';
  };
  return dataTable({
    caption: speech.text('metrics.caption'),
    columns: [
      { head: speech.text('word.metric') },
      { head: speech.say(model.label), numeric: true },
      ...baselines.map(({ label }) => ({
        head: `${speech.text('word.baseline')}: ${speech.say(label)}`,
        numeric: true,
      })),
    ],
    rows: order
      .filter((metric) => model.scores[metric])
      .map((metric, i) => ({
        tone: i === 0 ? 'chosen' : undefined,
        cells: [
          metricName(speech, metric),
          cell(metric, model.scores),
          ...baselines.map(({ scores }) => cell(metric, scores)),
        ],
      })),
  });
}

/** A metric's name, what it means and in which direction it is better. */
export function metricName(speech: Speech, metric: MetricName): Markup {
  const { label, says, better } = metricWords(metric);
  return html`${speech.say(label)}<span class="hint">${speech.say(says)} · ${speech.text(`better.${better}`)}</span>`;
}
