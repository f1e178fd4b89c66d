// Alert rules: which figure, taken how, beyond what, for how long. Plain data, as a shop writes it in YAML.
import { parse } from 'yaml';
import { AppError } from '../../core/errors.ts';
import type { Name } from '../../core/name.ts';
import { parseSpan } from '../../core/time.ts';
import { METRICS, type MetricName, type MetricRow } from '../metrics/metric-table.ts';

/**
 * How a figure is made of the series that match:
 * - `value`: as it stands, the worst of the series
 * - `rate`: of a counter or a histogram, per second over `over`, all series together
 * - `share`: that rate, of the rate of all series of the metric
 * - `p50`, `p95`, `p99`: of a histogram over `over`, all series together
 */
export const TAKES = ['value', 'rate', 'share', 'p50', 'p95', 'p99'] as const;

export type Take = (typeof TAKES)[number];

export const SEVERITIES = ['page', 'ticket'] as const;

export interface AlertRule {
  /** Of its own among the rules: `server-errors`. */
  readonly name: string;
  /** `page` wakes somebody, `ticket` waits for the morning. */
  readonly severity: (typeof SEVERITIES)[number];
  readonly summary: Name;
  readonly metric: MetricName;
  /** Attributes that must be as said; `*` stands for any letters, `|` for or: `5*`, `bad_*|missing_*`. */
  readonly where: Readonly<Record<string, string>>;
  readonly take: Take;
  /** Of everything but `value`: how far back it looks, ms. */
  readonly overMs: number;
  readonly above?: number;
  readonly below?: number;
  /** How long it must hold before anybody is told, ms. */
  readonly forMs: number;
}

/** What a shop has without writing any. */
export const DEFAULT_RULES = `
- name: server-errors
  severity: page
  summary: { en: 'More than 1 in 100 requests fails by our fault', zh: '超过百分之一的请求因服务端错误而失败' }
  metric: http.server.request.duration
  where: { http.response.status_code: '5*' }
  take: share
  over: 5m
  above: 0.01
  for: 2m
- name: slow-answers
  severity: page
  summary: { en: 'One request in a hundred takes longer than a quarter of a second', zh: '百分之一的请求耗时超过四分之一秒' }
  metric: http.server.request.duration
  take: p99
  over: 5m
  above: 0.25
  for: 5m
- name: journal-stopped
  severity: page
  summary: { en: 'Events are refused: the disk failed to keep one', zh: '磁盘写入失败，事件已被拒收' }
  metric: foresell.journal.ready
  take: value
  below: 1
  for: 0s
- name: requests-refused
  severity: ticket
  summary: { en: 'Requests are turned away: more come than the server can answer', zh: '请求量超出服务能力，部分请求被拒绝' }
  metric: foresell.requests.refused
  take: rate
  over: 5m
  above: 1
  for: 5m
- name: events-rejected
  severity: ticket
  summary: { en: 'More than 5 in 100 events cannot be read', zh: '超过百分之五的事件无法读取' }
  metric: foresell.ingest.events
  where: { foresell.outcome: 'bad_*|missing_*|unknown_*|wrong_*|negative_*|not_an_object|too_deep' }
  take: share
  over: 30m
  above: 0.05
  for: 10m
- name: drift
  severity: ticket
  summary: { en: 'Features or scores no longer look like those the model was trained on', zh: '特征或得分与训练时期相比已发生漂移' }
  metric: foresell.drift.active
  take: value
  above: 0
  for: 0s
- name: model-taken-back
  severity: ticket
  summary: { en: 'A version of a model was over a limit and was taken back; the one before answers', zh: '某个模型版本超出限度，已自动撤回，由之前的版本回答' }
  metric: foresell.rollout.ends
  where: { foresell.outcome: rolled-back }
  take: rate
  over: 1h
  above: 0
  for: 0s
- name: ranking-lost
  severity: ticket
  summary: { en: 'Over its last answers the model orders customers hardly better than chance', zh: '近期预测的排序能力已接近随机' }
  metric: foresell.quality.high
  where: { foresell.metric: roc_auc }
  take: value
  below: 0.55
  for: 0s
- name: model-old
  severity: ticket
  summary: { en: 'The model that answers was trained for a moment more than 60 days ago', zh: '当前模型的训练时点已超过 60 天' }
  metric: foresell.model.age
  take: value
  above: 5184000
  for: 0s
- name: event-loop-blocked
  severity: ticket
  summary: { en: 'The server stands still for more than a quarter of a second at a time', zh: '服务进程单次停顿超过四分之一秒' }
  metric: nodejs.eventloop.delay.p99
  take: value
  above: 0.25
  for: 5m
`;

const KEYS = ['name', 'severity', 'summary', 'metric', 'where', 'take', 'over', 'above', 'below', 'for'];

/**
 * Reads a list of rules.
 *
 * @throws AppError BAD_DEFINITION naming the rule and what is wrong with it
 */
export function parseRules(yaml: string): readonly AlertRule[] {
  let listed: unknown;
  try {
    listed = parse(yaml);
  } catch (cause) {
    throw new AppError('BAD_DEFINITION', 'expected YAML in the alert rules: mend it', {}, cause);
  }
  if (!Array.isArray(listed)) throw new AppError('BAD_DEFINITION', 'expected a list of alert rules');
  const rules = listed.map(parseRule);
  const twice = rules.find(({ name }, i) => rules.findIndex((other) => other.name === name) < i);
  if (twice) throw new AppError('BAD_DEFINITION', `expected each alert rule once, got "${twice.name}" twice`);
  return rules;
}

function parseRule(raw: unknown, index: number): AlertRule {
  const written = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const name = typeof written.name === 'string' ? written.name : '';
  const fault = (expected: string) =>
    new AppError(
      'BAD_DEFINITION',
      `alert rule ${name === '' ? index + 1 : `"${name}"`}: expected ${expected}`,
    );
  if (!/^[a-z][a-z0-9-]{0,59}$/.test(name)) throw fault('a name of small letters, digits and dashes');
  const unknown = Object.keys(written).find((key) => !KEYS.includes(key));
  if (unknown) throw fault(`only ${KEYS.join(', ')}, got "${unknown}"`);
  const metric = written.metric as MetricName;
  if (typeof metric !== 'string' || !Object.hasOwn(METRICS, metric))
    throw fault('a metric of docs/monitoring.md, such as http.server.request.duration');
  const row: MetricRow = METRICS[metric];
  const take = (written.take ?? 'value') as Take;
  if (!TAKES.includes(take)) throw fault(`take to be one of ${TAKES.join(', ')}`);
  if (/^p\d/.test(take) && row.kind !== 'histogram')
    throw fault(`${take} of a histogram, ${metric} is a ${row.kind}`);
  if ((take === 'rate' || take === 'share') && row.kind !== 'counter' && row.kind !== 'histogram')
    throw fault(`${take} of a counter or a histogram, ${metric} is a ${row.kind}`);
  if (take === 'value' && row.kind === 'histogram') throw fault(`rate, share or a percentile of ${metric}`);
  const where = Object.fromEntries(
    Object.entries(written.where ?? {}).map(([key, value]) => [key, String(value)]),
  );
  const stranger = Object.keys(where).find((key) => !row.labels.includes(key));
  if (stranger) throw fault(`where to name attributes of ${metric}: ${row.labels.join(', ')}`);
  const { above, below, severity, summary } = written;
  const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
  if (isNumber(above) === isNumber(below)) throw fault('a number for above, or one for below');
  if (!SEVERITIES.includes(severity as AlertRule['severity']))
    throw fault(`severity to be one of ${SEVERITIES.join(', ')}`);
  const words = (typeof summary === 'string' ? { en: summary, zh: summary } : summary) as
    | Partial<Name>
    | undefined;
  if (typeof words?.en !== 'string' || typeof words.zh !== 'string')
    throw fault('a summary, or one each under en and zh');
  const span = (key: 'over' | 'for', otherwise: string) => parseSpan(String(written[key] ?? otherwise));
  return {
    name,
    severity: severity as AlertRule['severity'],
    summary: { en: words.en, zh: words.zh },
    metric,
    where,
    take,
    overMs: span('over', '5m'),
    ...(isNumber(above) ? { above: above as number } : { below: below as number }),
    forMs: span('for', '0s'),
  };
}
