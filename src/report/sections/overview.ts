// The first page: one card a task with its headline number beside the baseline, then the data and the cohorts.
import { drawChart } from '../charts/chart.ts';
import { intervalStrip, stripScale } from '../charts/interval-strip.ts';
import type { ReportDocument } from '../document.ts';
import { html, type Markup } from '../html.ts';
import { formatInterval, formatMetric, metricWords } from '../metric-words.ts';
import type { About, Speech } from '../speech.ts';
import type { TaskReport } from '../task-document.ts';
import { cohortsSection } from './cohorts.ts';
import { columnsSection } from './columns.ts';
import { dataSection } from './data.ts';
import { headline } from './headline.ts';

export function overviewPart(speech: Speech, document: ReportDocument): Markup {
  return html`<h2 class="hear">${speech.text('overview.title')}</h2>
<div class="cards">${document.tasks.map((task) => card(speech, task))}</div>
${BELOW[speech.about].map((section) => section(speech, document))}`;
}

/** What stands under the cards. */
const BELOW: Readonly<Record<About, readonly ((speech: Speech, document: ReportDocument) => Markup)[]>> = {
  customers: [dataSection, cohortsSection],
  rows: [columnsSection],
  sequences: [],
};

function card(speech: Speech, task: TaskReport): Markup {
  const found = headline(task);
  const { title, question } = task;
  return html`<section class="card"><h3>${speech.say(title)}</h3><p class="lede">${speech.say(question)}</p>${
    found ? numbers(speech, task, found) : html`<p class="missing">${speech.text('verdict.untested')}</p>`
  }<p class="more"><a href="#${speech.language}-${task.id}">${speech.text('overview.open', { title: speech.say(title) })}</a></p></section>`;
}

function numbers(speech: Speech, task: TaskReport, found: NonNullable<ReturnType<typeof headline>>): Markup {
  const { metric, score, baseline, certainty } = found;
  const metrics = [score, ...(baseline ? [baseline.score] : [])];
  const scale = stripScale(metrics);
  const written = formatMetric(speech, metric, score.value, task.unit);
  const interval = formatInterval(speech, metric, score, task.unit);
  const strip = (value: typeof score, tone: 'model' | 'baseline', name: string) =>
    drawChart(
      intervalStrip(value, scale, {
        tone,
        label: speech.text('strip.label', {
          name,
          value: formatMetric(speech, metric, value.value, task.unit),
          interval: formatInterval(speech, metric, value, task.unit),
        }),
      }),
    );
  return html`<p class="figure"><span class="big">${written}</span><span class="interval">${speech.say(metricWords(metric).label)} · ${interval}</span></p>
<div class="strips">${strip(score, 'model', speech.say(found.model))}${baseline && strip(baseline.score, 'baseline', speech.say(baseline.label))}</div>
<p class="versus"><span class="chip ${certainty}">${speech.text(`verdict.${certainty}`)}</span>${
    baseline &&
    html` <span class="quiet">${speech.text('verdict.baseline', {
      label: speech.say(baseline.label),
      value: formatMetric(speech, metric, baseline.score.value, task.unit),
    })}</span>`
  }</p>`;
}
