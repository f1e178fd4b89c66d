// Why predictions are what they are: the columns the model leans on, and single customers taken apart.
import { type Bar, barsChart } from '../charts/bars.ts';
import { type WaterfallStep, waterfallChart } from '../charts/waterfall.ts';
import { html, type Markup } from '../html.ts';
import { formatDifference, metricWords } from '../metric-words.ts';
import type { Speech } from '../speech.ts';
import type { Drivers, ExampleExplanation, Examples, TaskReport } from '../task-document.ts';
import { filled, section, wideFigure } from './section.ts';

const DRIVERS_SHOWN = 15;
const STEPS_SHOWN = 7;
const REASONS_SHOWN = 5;

export function driversSection(speech: Speech, task: TaskReport): Markup {
  return section<Drivers>(
    speech,
    ({ metric }) => ({
      title: speech.text('drivers.title'),
      lede: metric && speech.text('drivers.lede', { metric: speech.say(metricWords(metric).label) }),
    }),
    filled(task.drivers, ({ rows }) => rows),
    (drivers) => bars(speech, task, drivers),
  );
}

function bars(speech: Speech, task: TaskReport, { metric, rows, columns }: Drivers): Markup {
  const shown = rows.slice(0, DRIVERS_SHOWN);
  // Worse by a positive number needs no plus sign.
  const written = (value: number) => formatDifference(speech, metric, value, task.unit).replace(/^\+/, '');
  const list: Bar[] = shown.map(({ feature, worse }) => ({
    label: speech.say(feature),
    ...worse,
    written: written(worse.value),
  }));
  const table = {
    columns: [speech.text('drivers.feature'), speech.text('drivers.worse'), speech.text('word.interval')],
    rows: rows.map(({ feature, worse }) => [
      speech.say(feature),
      written(worse.value),
      speech.range(written(worse.low), written(worse.high)),
    ]),
  };
  const chart = (width: number) => barsChart(list, width, { label: speech.text('drivers.label'), table });
  return html`${wideFigure(speech, chart, {
    title: speech.text('drivers.chart', { metric: speech.say(metricWords(metric).label) }),
    note: `${speech.text('word.interval')} · ${speech.text('drivers.rest', { shown: shown.length, columns })}`,
  })}`;
}

export function examplesSection(speech: Speech, task: TaskReport): Markup {
  return section<Examples>(
    speech,
    ({ method }) => ({
      title: speech.text('examples.title'),
      lede: method && speech.text('examples.lede', { method: speech.say(method) }),
    }),
    filled(task.examples, ({ customers }) => customers),
    ({ customers }) => customers.map((customer) => example(speech, task, customer)),
  );
}

const SCALE_WORDS = { logit: 'examples.odds', log: 'examples.times', identity: 'examples.adds' } as const;

function example(speech: Speech, task: TaskReport, customer: ExampleExplanation): Markup {
  const value = speech.value(customer.value, task.unit);
  const notes = [
    customer.low !== undefined && customer.high !== undefined
      ? speech.text(task.kind === 'binary' ? 'examples.pair' : 'examples.range', {
          range: speech.range(speech.value(customer.low, task.unit), speech.value(customer.high, task.unit)),
        })
      : undefined,
    customer.actual !== undefined
      ? speech.text('examples.actual', { value: happened(speech, task, customer.actual) })
      : undefined,
    speech.text(SCALE_WORDS[customer.link]),
  ].filter((note) => note !== undefined);
  return html`<section class="example"><h4>${speech.text('examples.customer', { entity: customer.entity })} <b>${value}</b></h4>
<p class="lede">${notes.join(' · ')}</p>
${customer.words.length > 0 && html`<ul class="words">${customer.words.slice(0, REASONS_SHOWN).map((words) => html`<li>${speech.say(words)}</li>`)}</ul>`}
${wideFigure(speech, (width) => waterfall(speech, task, { customer, width }))}</section>`;
}

function happened(speech: Speech, task: TaskReport, actual: number): string {
  if (task.kind === 'amount') return speech.value(actual, task.unit);
  return speech.text(actual > 0 ? 'word.happened' : 'word.didNot');
}

function waterfall(
  speech: Speech,
  task: TaskReport,
  { customer, width }: { readonly customer: ExampleExplanation; readonly width: number },
) {
  const { link, base, contributions } = customer;
  const shown = contributions.slice(0, STEPS_SHOWN);
  const rest = contributions.slice(STEPS_SHOWN);
  const effect = (change: number) =>
    link === 'identity'
      ? speech.signed(change, (size) => speech.value(size, task.unit))
      : `× ${speech.decimal(Math.exp(change), 2)}`;
  const labelOf = ({ feature, shown: own }: (typeof contributions)[number]) => {
    const text = speech.say(own);
    return text === '' ? speech.say(feature) : `${speech.say(feature)}: ${text}`;
  };
  const steps: WaterfallStep[] = shown.map((entry) => ({
    label: labelOf(entry),
    change: entry.contribution,
    written: effect(entry.contribution),
  }));
  if (rest.length > 0) {
    const change = rest.reduce((sum, { contribution }) => sum + contribution, 0);
    steps.push({
      label: speech.text('waterfall.rest', { count: rest.length }),
      change,
      written: effect(change),
    });
  }
  const baseValue = link === 'logit' ? 1 / (1 + Math.exp(-base)) : link === 'log' ? Math.exp(base) : base;
  const baseWritten = speech.value(baseValue, task.unit);
  const value = speech.value(customer.value, task.unit);
  const margin = contributions.reduce((sum, { contribution }) => sum + contribution, base);
  return {
    ...waterfallChart(
      {
        base: { label: speech.text('waterfall.start'), value: base, written: baseWritten },
        steps,
        end: { label: speech.text('waterfall.end'), written: value },
        label: speech.text('waterfall.label', { base: baseWritten, value, steps: steps.length }),
      },
      width,
    ),
    table: {
      columns: [
        speech.text('drivers.feature'),
        speech.text('examples.value'),
        speech.text('examples.contribution'),
      ],
      rows: [
        [speech.text('waterfall.start'), '', speech.decimal(base, 4)],
        ...contributions.map((entry) => [
          speech.say(entry.feature),
          speech.say(entry.shown),
          speech.signed(entry.contribution, (size) => speech.decimal(size, 4)),
        ]),
        [speech.text('waterfall.end'), value, speech.decimal(margin, 4)],
      ],
    },
  };
}
