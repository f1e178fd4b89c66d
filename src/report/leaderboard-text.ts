// What a terminal shows of one task: the leaderboard, the test metrics beside the baselines, the best customers.
import type { Language } from '../core/name.ts';
import type { MetricName, Score } from '../eval/score.ts';
import { formatInterval, formatMetric, metricWords } from './metric-words.ts';
import { settingsText } from './settings-text.ts';
import { type About, type Speech, speech } from './speech.ts';
import type { Leaderboard, TaskReport, TestMetrics } from './task-document.ts';
import { textTable } from './text-table.ts';

export interface TextLook {
  readonly language: Language;
  /** ISO 4217; every amount is in its minor units. */
  readonly currency: string;
  readonly unit: TaskReport['unit'];
  /** A shop's customers when absent. */
  readonly about?: About;
}

/** All models, best first as given; the chosen one is marked, refused ones follow with their reasons. */
export function leaderboardText(board: Leaderboard, { language, currency, unit, about }: TextLook): string {
  const voice = speech(language, currency, 'UTC', about);
  const anyBias = board.rows.some(({ bias }) => bias !== undefined);
  const anyPredict = board.rows.some(({ predictMs }) => predictMs !== undefined);
  const table = textTable(
    [
      '',
      voice.text('word.model'),
      { head: voice.say(metricWords(board.metric).label), align: 'right' },
      { head: voice.text('word.interval'), align: 'right' },
      ...(anyBias ? [{ head: voice.text('leaderboard.bias'), align: 'right' as const }] : []),
      { head: voice.text('leaderboard.fit'), align: 'right' },
      ...(anyPredict ? [{ head: voice.text('leaderboard.predict'), align: 'right' as const }] : []),
      '',
    ],
    board.rows.map((row) => [
      row.chosen ? '●' : '',
      row.id,
      formatMetric(voice, board.metric, row.score.value, unit),
      formatInterval(voice, board.metric, row.score, unit),
      ...(anyBias ? [row.bias ? formatMetric(voice, 'bias', row.bias.value, unit) : '–'] : []),
      voice.seconds(row.fitSeconds),
      ...(anyPredict ? [row.predictMs === undefined ? '–' : voice.seconds(row.predictMs / 1000)] : []),
      row.chosen ? voice.text('tag.chosen') : row.role === 'baseline' ? voice.text('tag.baseline') : '',
    ]),
  );
  const refusals = board.refused.map(
    ({ id, reason }) => `  ${id}: ${typeof reason === 'string' ? reason : voice.say(reason)}`,
  );
  const searched = board.rows
    .filter(({ settings }) => settings)
    .map((row) => `  ${row.id}: ${settingsText(row)}`);
  const below = (head: string, lines: readonly string[]) => (lines.length > 0 ? ['', head, ...lines] : []);
  return [
    table,
    ...below(voice.text('leaderboard.settings'), searched),
    ...below(voice.text('leaderboard.refused'), refusals),
  ].join('\n');
}

/** Which way is better, in the width of a terminal: up, down, towards zero, towards the promise. */
const BETTER_SIGN = { higher: '↑', lower: '↓', zero: '→ 0', nominal: '→ 90%' } as const;

/** The chosen model's metrics with intervals, and every baseline beside them. */
export function metricsText(metrics: TestMetrics, { language, currency, unit, about }: TextLook): string {
  const voice = speech(language, currency, 'UTC', about);
  const { model, baselines, order } = metrics;
  const written = (metric: MetricName, score: Score | undefined) =>
    score ? formatMetric(voice, metric, score.value, unit) : '–';
  return textTable(
    [
      voice.text('word.metric'),
      { head: model.id, align: 'right' },
      { head: voice.text('word.interval'), align: 'right' },
      ...baselines.map(({ id }) => ({ head: id, align: 'right' as const })),
      '',
    ],
    order.flatMap((metric) => {
      const score = model.scores[metric];
      if (!score) return [];
      const { label, better } = metricWords(metric);
      return [
        [
          voice.say(label),
          written(metric, score),
          formatInterval(voice, metric, score, unit),
          ...baselines.map(({ scores }) => written(metric, scores[metric])),
          BETTER_SIGN[better],
        ],
      ];
    }),
  );
}

/** A customer worth a line, with the prediction and why. */
export interface RankedCustomer {
  readonly id: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** The strongest reasons, already in words of the wanted language. */
  readonly reasons: readonly string[];
}

/** Customers in the order given, with the interval where there is one, and the reasons. */
export function topCustomersText(
  customers: readonly RankedCustomer[],
  { language, currency, unit, about }: TextLook,
): string {
  const voice = speech(language, currency, 'UTC', about);
  const interval = ({ low, high }: RankedCustomer) =>
    low === undefined || high === undefined
      ? ''
      : voice.range(voice.value(low, unit), voice.value(high, unit));
  const anyInterval = customers.some((customer) => interval(customer) !== '');
  const anyReason = customers.some(({ reasons }) => reasons.length > 0);
  return textTable(
    [
      { head: '#', align: 'right' },
      { head: voice.text('customers.id'), align: 'left' },
      { head: voice.text('word.predicted'), align: 'right' },
      ...(anyInterval ? [{ head: voice.text('customers.range'), align: 'right' as const }] : []),
      ...(anyReason ? [{ head: voice.text('customers.why'), align: 'left' as const }] : []),
    ],
    customers.map((customer, i) => [
      String(i + 1),
      customer.id,
      voice.value(customer.value, unit),
      ...(anyInterval ? [interval(customer)] : []),
      ...(anyReason ? [customer.reasons.join(reasonGlue(voice))] : []),
    ]),
  );
}

const reasonGlue = (voice: Speech): string => (voice.language === 'zh' ? '；' : '; ');
