// What was predicted, for whom, how good it is beside the baseline, and what to do with it: words made from the numbers.
import { isMissing } from '../document.ts';
import { html, type Markup } from '../html.ts';
import { formatDifference, formatInterval, formatMetric, isBetter, METRIC_WORDS } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport, TestMetrics } from '../task-document.ts';

export function summarySection(speech: Speech, task: TaskReport): Markup {
  const { predicted, population, customers, advice } = task.summary;
  const quality = qualityInWords(speech, task);
  return html`<dl class="summary">${[
    term(speech.text('summary.predicted'), html`${speech.say(predicted)}`),
    term(
      speech.text('summary.population'),
      html`${speech.say(population)} <span class="quiet">${speech.text('summary.customers', { count: speech.count(customers) })}</span>`,
    ),
    quality !== undefined && term(speech.text('summary.quality'), html`${quality}`),
    advice.length > 0 &&
      term(
        speech.text('summary.advice'),
        html`<ul>${advice.map((words) => html`<li>${speech.say(words)}</li>`)}</ul>`,
      ),
  ]}</dl>`;
}

const term = (title: string, body: Markup): Markup => html`<div><dt>${title}</dt><dd>${body}</dd></div>`;

/** The metrics of a task, when it has any. */
export function testMetrics(task: TaskReport): TestMetrics | undefined {
  return task.metrics && !isMissing(task.metrics) ? task.metrics : undefined;
}

/** The deciding metric of model and first baseline in one sentence; `undefined` when there is nothing to compare. */
export function qualityInWords(speech: Speech, task: TaskReport): string | undefined {
  const metrics = testMetrics(task);
  const metric = metrics?.order.find((candidate) => metrics.model.scores[candidate]);
  const baseline = metrics?.baselines[0];
  if (!metrics || !metric || !baseline) return undefined;
  const score = metrics.model.scores[metric];
  const other = baseline.scores[metric];
  if (!score || !other) return undefined;
  return speech.text('summary.beats', {
    model: speech.say(metrics.model.label),
    metric: speech.say(METRIC_WORDS[metric].label),
    score: formatMetric(speech, metric, score.value, task.unit),
    interval: formatInterval(speech, metric, score, task.unit),
    baseline: speech.say(baseline.label),
    baselineScore: formatMetric(speech, metric, other.value, task.unit),
    difference: formatDifference(speech, metric, score.value - other.value, task.unit),
    sure: speech.text(`summary.${certainty(task, speech)}`),
  });
}

/** Whether the paired interval of the deciding metric against the first baseline excludes zero, and on which side. */
function certainty(task: TaskReport, speech: Speech): 'sure' | 'unsure' | 'worse' | 'untested' {
  const metrics = testMetrics(task);
  const metric = metrics?.order.find((candidate) => metrics.model.scores[candidate]);
  if (!metrics || !metric || !task.differences || isMissing(task.differences)) return 'untested';
  const label = speech.say(metrics.baselines[0].label);
  const row = task.differences.rows.find(
    (difference) => difference.metric === metric && speech.say(difference.against) === label,
  );
  if (!row) return 'untested';
  const { low, high } = row.score;
  if (low <= 0 && high >= 0) return 'unsure';
  const ours = metrics.model.scores[metric]?.value ?? Number.NaN;
  const theirs = metrics.baselines[0].scores[metric]?.value ?? Number.NaN;
  return isBetter(metric, ours, theirs) ? 'sure' : 'worse';
}
