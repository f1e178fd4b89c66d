// Every figure the server shows of itself, one row each: what it counts, in which unit, by what.
import type { MetricKind } from './prometheus-name.ts';

export interface MetricRow {
  readonly kind: MetricKind;
  /** UCUM, as OpenTelemetry writes it: `s`, `By`, `1`, `{event}`. */
  readonly unit: string;
  readonly help: string;
  /** Attribute names; the only ones this metric takes. */
  readonly labels: readonly string[];
  /** Upper ends of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** The conventions' own steps, with three below and one at 20 ms: that is where our promises lie. */
const REQUEST_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const SYNC_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
const PAUSE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/**
 * By OpenTelemetry name. Those that the semantic conventions (1.29) define keep their meaning, unit and attributes; ours
 * begin with `foresell.`. No attribute ever holds the id of a person.
 */
export const METRICS = {
  'http.server.request.duration': {
    kind: 'histogram',
    unit: 's',
    help: 'Duration of HTTP server requests, from the first byte read to the last written.',
    labels: ['http.request.method', 'http.route', 'http.response.status_code', 'error.type'],
    buckets: REQUEST_SECONDS,
  },
  'foresell.requests.refused': {
    kind: 'counter',
    unit: '{request}',
    help: 'Requests turned away before any work: over a rate limit, a full queue, a body too large, a key without the right.',
    labels: ['foresell.reason'],
  },
  'foresell.ingest.events': {
    kind: 'counter',
    unit: '{event}',
    help: 'Events received, by format and by what became of them.',
    labels: ['foresell.workspace', 'foresell.format', 'foresell.outcome'],
  },
  'foresell.journal.sync.duration': {
    kind: 'histogram',
    unit: 's',
    help: 'Duration of one fdatasync of the journal.',
    labels: ['foresell.workspace'],
    buckets: SYNC_SECONDS,
  },
  'foresell.journal.batch.size': {
    kind: 'histogram',
    unit: '{record}',
    help: 'Records made durable by one fdatasync.',
    labels: ['foresell.workspace'],
    buckets: BATCH_SIZES,
  },
  'foresell.journal.size': {
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes in the journal that are not yet in the lake.',
    labels: ['foresell.workspace'],
  },
  'foresell.journal.ready': {
    kind: 'gauge',
    unit: '',
    help: '1 while the journal acknowledges events, 0 after a failed sync.',
    labels: ['foresell.workspace'],
  },
  'foresell.state.users': {
    kind: 'gauge',
    unit: '{user}',
    help: 'Users in the online state.',
    labels: ['foresell.workspace'],
  },
  'foresell.state.size': {
    kind: 'gauge',
    unit: 'By',
    help: 'Memory of the online state.',
    labels: ['foresell.workspace'],
  },
  'foresell.prediction.duration': {
    kind: 'histogram',
    unit: 's',
    help: 'Duration of one prediction request inside the server: features, model, reasons.',
    labels: ['foresell.workspace', 'foresell.task'],
    buckets: REQUEST_SECONDS,
  },
  'foresell.predictions': {
    kind: 'counter',
    unit: '{prediction}',
    help: 'Predictions made, by model version and arm (active, canary, shadow).',
    labels: [
      'foresell.workspace',
      'foresell.task',
      'foresell.model.version',
      'foresell.arm',
      'foresell.outcome',
    ],
  },
  'foresell.model.age': {
    kind: 'gauge',
    unit: 's',
    help: 'Time since the moment the active model was trained for.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.model.version'],
  },
  'foresell.model.reloads': {
    kind: 'counter',
    unit: '{reload}',
    help: 'Changes of the model that answers: promoted, rolled back, failed.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.outcome'],
  },
  'foresell.rollout.share': {
    kind: 'gauge',
    unit: '1',
    help: 'Share of people a version on trial answers (canary) or is asked about (shadow), 1 of one that is watched since it was promoted (watch); 0 once it has ended.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.model.version', 'foresell.arm'],
  },
  'foresell.rollout.answers': {
    kind: 'gauge',
    unit: '{answer}',
    help: 'Answers of each side of the trial under way, by outcome (done, failed).',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.arm', 'foresell.outcome'],
  },
  'foresell.rollout.duration.p99': {
    kind: 'gauge',
    unit: 's',
    help: '99th percentile of the time an answer takes, on each side of the trial under way.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.arm'],
  },
  'foresell.rollout.score.psi': {
    kind: 'gauge',
    unit: '',
    help: 'Population stability index between the scores of both sides of the trial under way.',
    labels: ['foresell.workspace', 'foresell.task'],
  },
  'foresell.rollout.ends': {
    kind: 'counter',
    unit: '{trial}',
    help: 'Trials and watches that ended: promoted, stopped by a person, kept after its time, or rolled-back by the server for a reason.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.outcome', 'foresell.reason'],
  },
  'foresell.retraining.runs': {
    kind: 'counter',
    unit: '{training}',
    help: 'Models trained anew beside the answering, by what was decided: accepted, kept, unchanged, failed.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.outcome'],
  },
  'foresell.retraining.duration': {
    kind: 'gauge',
    unit: 's',
    help: 'Duration of the last training beside the answering.',
    labels: ['foresell.workspace', 'foresell.task'],
  },
  'foresell.quality.value': {
    kind: 'gauge',
    unit: '',
    help: 'A metric of logged predictions whose horizon has passed.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.model.version', 'foresell.metric'],
  },
  'foresell.quality.low': {
    kind: 'gauge',
    unit: '',
    help: 'Lower end of the 95 % interval of foresell.quality.value.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.model.version', 'foresell.metric'],
  },
  'foresell.quality.high': {
    kind: 'gauge',
    unit: '',
    help: 'Upper end of the 95 % interval of foresell.quality.value.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.model.version', 'foresell.metric'],
  },
  'foresell.quality.examples': {
    kind: 'gauge',
    unit: '{prediction}',
    help: 'Predictions with a known outcome behind foresell.quality.value.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.model.version'],
  },
  'foresell.drift.psi': {
    kind: 'gauge',
    unit: '',
    help: 'Population stability index of a feature or score over the last day, against the training period.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.feature'],
  },
  'foresell.drift.alarms': {
    kind: 'counter',
    unit: '{alarm}',
    help: 'Drift found, by detector.',
    labels: ['foresell.workspace', 'foresell.task', 'foresell.detector'],
  },
  'foresell.drift.active': {
    kind: 'gauge',
    unit: '{feature}',
    help: 'Features and scores in drift now.',
    labels: ['foresell.workspace', 'foresell.task'],
  },
  'foresell.alerts.firing': {
    kind: 'gauge',
    unit: '{alert}',
    help: 'Alerts of a rule that fire now.',
    labels: ['foresell.alert', 'foresell.severity'],
  },
  'foresell.webhook.deliveries': {
    kind: 'counter',
    unit: '{delivery}',
    help: 'Notifications handed to a webhook, by outcome after all attempts.',
    labels: ['foresell.outcome'],
  },
  'foresell.log.lines': {
    kind: 'counter',
    unit: '{line}',
    help: 'Log lines written.',
    labels: ['foresell.level'],
  },
  'foresell.log.dropped': {
    kind: 'counter',
    unit: '{line}',
    help: 'Log lines not written: the reader was too slow, or the same line came too often.',
    labels: ['foresell.reason'],
  },
  'foresell.audit.records': {
    kind: 'counter',
    unit: '{record}',
    help: 'Records added to the audit log.',
    labels: ['foresell.workspace'],
  },
  'process.cpu.time': {
    kind: 'counter',
    unit: 's',
    help: 'CPU time of this process.',
    labels: ['cpu.mode'],
  },
  'process.memory.usage': {
    kind: 'up-down',
    unit: 'By',
    help: 'Resident memory of this process.',
    labels: [],
  },
  'process.uptime': { kind: 'gauge', unit: 's', help: 'Time this process has run.', labels: [] },
  'nodejs.eventloop.delay.p50': {
    kind: 'gauge',
    unit: 's',
    help: 'Median delay of the event loop since the last reading.',
    labels: [],
  },
  'nodejs.eventloop.delay.p99': {
    kind: 'gauge',
    unit: 's',
    help: '99th percentile of the delay of the event loop since the last reading.',
    labels: [],
  },
  'nodejs.eventloop.delay.max': {
    kind: 'gauge',
    unit: 's',
    help: 'Longest delay of the event loop since the last reading.',
    labels: [],
  },
  'nodejs.eventloop.utilization': {
    kind: 'gauge',
    unit: '1',
    help: 'Share of time the event loop was busy since the last reading.',
    labels: [],
  },
  'v8js.memory.heap.used': {
    kind: 'up-down',
    unit: 'By',
    help: 'JavaScript heap in use.',
    labels: [],
  },
  'v8js.memory.heap.limit': {
    kind: 'up-down',
    unit: 'By',
    help: 'Largest JavaScript heap V8 may take.',
    labels: [],
  },
  'v8js.gc.duration': {
    kind: 'histogram',
    unit: 's',
    help: 'Duration of garbage collections.',
    labels: ['v8js.gc.type'],
    buckets: PAUSE_SECONDS,
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;

/** The attributes of a metric; those left out are empty. */
export type MetricLabels<Name extends MetricName> = Partial<
  Readonly<Record<(typeof METRICS)[Name]['labels'][number], string | number>>
>;

/** Methods as the conventions write them: anything unknown is `_OTHER`, so that nobody can invent series. */
export const methodLabel = (method: string): string =>
  /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|QUERY)$/.test(method) ? method : '_OTHER';
