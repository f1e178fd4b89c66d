// What was predicted, for whom, how good it is beside the baseline, and what to do with it: words made from the numbers.
import { html, type Markup } from '../html.ts';
import { formatDifference, formatInterval, formatMetric, metricWords } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport } from '../task-document.ts';
import { headline } from './headline.ts';

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

/** The deciding metric of model and first baseline in one sentence; `undefined` when there is nothing to compare. */
export function qualityInWords(speech: Speech, task: TaskReport): string | undefined {
  const found = headline(task);
  if (!found?.baseline || found.difference === undefined) return undefined;
  const { metric, model, score, baseline, difference, certainty } = found;
  return speech.text('summary.beats', {
    model: speech.say(model),
    metric: speech.say(metricWords(metric).label),
    score: formatMetric(speech, metric, score.value, task.unit),
    interval: formatInterval(speech, metric, score, task.unit),
    baseline: speech.say(baseline.label),
    baselineScore: formatMetric(speech, metric, baseline.score.value, task.unit),
    // A word joiner keeps a line from ending between sign and currency.
    difference: formatDifference(speech, metric, difference, task.unit).replace(/^[+\u2212]/, '$&\u2060'),
    sure: speech.text(`summary.${certainty}`),
  });
}
