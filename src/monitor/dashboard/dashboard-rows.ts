// What the dashboard shows: rows of panels, each a question to Prometheus in the names of our own table.
import { METRICS, type MetricName, type MetricRow } from '../metrics/metric-table.ts';
import { prometheusLabel, prometheusName } from '../metrics/prometheus-name.ts';

export interface Panel {
  readonly title: string;
  /** A Grafana unit: `s`, `reqps`, `percentunit`, `bytes`, `short`. */
  readonly unit: string;
  readonly asks: readonly { readonly query: string; readonly legend: string }[];
}

const nameOf = (metric: MetricName): string => {
  const { kind, unit }: MetricRow = METRICS[metric];
  return prometheusName(metric, kind, unit);
};
const by = (labels: readonly string[]): string =>
  labels.length > 0 ? ` by (${labels.map(prometheusLabel).join(', ')})` : '';
const legendOf = (labels: readonly string[]): string =>
  labels.map((label) => `{{${prometheusLabel(label)}}}`).join(' ');

const rate = (metric: MetricName, ...labels: string[]) => ({
  query: `sum${by(labels)} (rate(${nameOf(metric)}${METRICS[metric].kind === 'histogram' ? '_count' : ''}[$__rate_interval]))`,
  legend: legendOf(labels),
});
const percentile = (share: number, metric: MetricName, ...labels: string[]) => ({
  query: `histogram_quantile(${share}, sum${by(['le', ...labels])} (rate(${nameOf(metric)}_bucket[$__rate_interval])))`,
  legend: `p${share * 100} ${legendOf(labels)}`.trim(),
});
const value = (metric: MetricName, ...labels: string[]) => ({
  query: labels.length > 0 ? `max${by(labels)} (${nameOf(metric)})` : nameOf(metric),
  legend: legendOf(labels) || metric,
});
/** As it was counted since the server began: of what happens once a day, a rate would show nothing. */
const total = (metric: MetricName, ...labels: string[]) => ({
  query: `sum${by(labels)} (${nameOf(metric)})`,
  legend: legendOf(labels),
});
const quality = (metric: string, end: 'value' | 'low' | 'high') => ({
  query: `max by (foresell_task, foresell_model_version) (${nameOf(`foresell.quality.${end}`)}{foresell_metric="${metric}"})`,
  legend: `{{foresell_task}} {{foresell_model_version}}${end === 'value' ? '' : ` ${end}`}`,
});
const qualityPanel = (title: string, metric: string): Panel => ({
  title,
  unit: 'short',
  asks: [quality(metric, 'value'), quality(metric, 'low'), quality(metric, 'high')],
});

const ROUTE = 'http.route';
const SHOP = 'foresell.workspace';
const TASK = 'foresell.task';
const VERSION = 'foresell.model.version';
const ARM = 'foresell.arm';
const OUTCOME = 'foresell.outcome';

/** In the order of the page; at most four panels a row stand side by side and can be read. */
export const DASHBOARD_ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'Requests',
    [
      { title: 'Requests', unit: 'reqps', asks: [rate('http.server.request.duration', ROUTE)] },
      {
        title: 'Duration',
        unit: 's',
        asks: [
          percentile(0.5, 'http.server.request.duration', ROUTE),
          percentile(0.99, 'http.server.request.duration', ROUTE),
        ],
      },
      {
        title: 'Share that fails',
        unit: 'percentunit',
        asks: [
          {
            query: `sum (rate(${nameOf('http.server.request.duration')}_count{http_response_status_code=~"5.."}[$__rate_interval])) / sum (rate(${nameOf('http.server.request.duration')}_count[$__rate_interval]))`,
            legend: '5xx',
          },
        ],
      },
      { title: 'Refused', unit: 'reqps', asks: [rate('foresell.requests.refused', 'foresell.reason')] },
    ],
  ],
  [
    'Events and what is known of people',
    [
      { title: 'Events', unit: 'cps', asks: [rate('foresell.ingest.events', SHOP, OUTCOME)] },
      { title: 'Users in the state', unit: 'short', asks: [value('foresell.state.users', SHOP)] },
      { title: 'Memory of the state', unit: 'bytes', asks: [value('foresell.state.size', SHOP)] },
    ],
  ],
  [
    'Journal',
    [
      {
        title: 'fdatasync',
        unit: 's',
        asks: [
          percentile(0.5, 'foresell.journal.sync.duration', SHOP),
          percentile(0.99, 'foresell.journal.sync.duration', SHOP),
        ],
      },
      {
        title: 'Records that share a sync',
        unit: 'short',
        asks: [
          percentile(0.5, 'foresell.journal.batch.size', SHOP),
          percentile(0.99, 'foresell.journal.batch.size', SHOP),
        ],
      },
      { title: 'Not yet in the lake', unit: 'bytes', asks: [value('foresell.journal.size', SHOP)] },
      { title: 'Acknowledges (1) or not (0)', unit: 'short', asks: [value('foresell.journal.ready', SHOP)] },
    ],
  ],
  [
    'Predictions',
    [
      {
        title: 'Predictions',
        unit: 'cps',
        asks: [rate('foresell.predictions', TASK, VERSION, ARM)],
      },
      {
        title: 'Duration',
        unit: 's',
        asks: [
          percentile(0.5, 'foresell.prediction.duration', TASK),
          percentile(0.99, 'foresell.prediction.duration', TASK),
        ],
      },
      {
        title: 'Age of the model',
        unit: 's',
        asks: [value('foresell.model.age', TASK, VERSION)],
      },
    ],
  ],
  [
    'Versions on trial (canary and shadow)',
    [
      {
        title: 'Share of people',
        unit: 'percentunit',
        asks: [value('foresell.rollout.share', TASK, VERSION, ARM)],
      },
      { title: 'Answers', unit: 'short', asks: [value('foresell.rollout.answers', TASK, ARM, OUTCOME)] },
      {
        title: 'Duration, 99th percentile',
        unit: 's',
        asks: [value('foresell.rollout.duration.p99', TASK, ARM)],
      },
      { title: 'PSI between the scores', unit: 'short', asks: [value('foresell.rollout.score.psi', TASK)] },
    ],
  ],
  [
    'Trials that ended, and training beside the answering (since the start)',
    [
      {
        title: 'Trials that ended',
        unit: 'short',
        asks: [total('foresell.rollout.ends', TASK, OUTCOME, 'foresell.reason')],
      },
      { title: 'Trainings', unit: 'short', asks: [total('foresell.retraining.runs', TASK, OUTCOME)] },
      {
        title: 'Duration of the last training',
        unit: 's',
        asks: [value('foresell.retraining.duration', TASK)],
      },
      { title: 'Changes of model', unit: 'short', asks: [total('foresell.model.reloads', TASK, OUTCOME)] },
    ],
  ],
  [
    'Quality once the horizon has passed (with 95 % intervals)',
    [
      qualityPanel('ROC AUC', 'roc_auc'),
      qualityPanel('Calibration error', 'ece'),
      qualityPanel('Bias of the total', 'bias'),
      {
        title: 'Answers judged',
        unit: 'short',
        asks: [value('foresell.quality.examples', TASK, VERSION)],
      },
    ],
  ],
  [
    'Drift and alerts',
    [
      {
        title: 'PSI, the ten largest',
        unit: 'short',
        asks: [
          {
            query: `topk(10, max by (foresell_task, foresell_feature) (${nameOf('foresell.drift.psi')}))`,
            legend: '{{foresell_task}} {{foresell_feature}}',
          },
        ],
      },
      {
        title: 'In drift, and alarms since the start',
        unit: 'short',
        asks: [
          value('foresell.drift.active', TASK),
          total('foresell.drift.alarms', TASK, 'foresell.detector'),
        ],
      },
      { title: 'Alerts', unit: 'short', asks: [value('foresell.alerts.firing', 'foresell.alert')] },
      {
        title: 'Webhooks, since the start',
        unit: 'short',
        asks: [total('foresell.webhook.deliveries', OUTCOME)],
      },
    ],
  ],
  [
    'Logs and records',
    [
      { title: 'Log lines', unit: 'cps', asks: [rate('foresell.log.lines', 'foresell.level')] },
      {
        title: 'Log lines not written',
        unit: 'cps',
        asks: [rate('foresell.log.dropped', 'foresell.reason')],
      },
      {
        title: 'Audit records, since the start',
        unit: 'short',
        asks: [total('foresell.audit.records', SHOP)],
      },
    ],
  ],
  [
    'Process',
    [
      {
        title: 'CPU, and share of time the event loop is busy',
        unit: 'percentunit',
        asks: [rate('process.cpu.time', 'cpu.mode'), value('nodejs.eventloop.utilization')],
      },
      {
        title: 'Memory',
        unit: 'bytes',
        asks: [
          value('process.memory.usage'),
          value('v8js.memory.heap.used'),
          value('v8js.memory.heap.limit'),
        ],
      },
      {
        title: 'Event loop delay',
        unit: 's',
        asks: [
          value('nodejs.eventloop.delay.p50'),
          value('nodejs.eventloop.delay.p99'),
          value('nodejs.eventloop.delay.max'),
        ],
      },
      {
        title: 'Garbage collection',
        unit: 's',
        asks: [percentile(0.99, 'v8js.gc.duration', 'v8js.gc.type')],
      },
    ],
  ],
];
