// The Grafana dashboard as data: rows of panels, each a question to Prometheus in the names of our own table.
import { METRICS, type MetricName, type MetricRow } from '../metrics/metric-table.ts';
import { prometheusLabel, prometheusName } from '../metrics/prometheus-name.ts';

interface Panel {
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

const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
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
    'Events',
    [
      { title: 'Events', unit: 'cps', asks: [rate('foresell.ingest.events', SHOP, 'foresell.outcome')] },
      {
        title: 'fdatasync',
        unit: 's',
        asks: [
          percentile(0.5, 'foresell.journal.sync.duration'),
          percentile(0.99, 'foresell.journal.sync.duration'),
        ],
      },
      { title: 'Journal', unit: 'bytes', asks: [value('foresell.journal.size', SHOP)] },
      { title: 'Users in the state', unit: 'short', asks: [value('foresell.state.users', SHOP)] },
    ],
  ],
  [
    'Predictions',
    [
      {
        title: 'Predictions',
        unit: 'cps',
        asks: [rate('foresell.predictions', TASK, 'foresell.model.version', 'foresell.arm')],
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
        asks: [value('foresell.model.age', TASK, 'foresell.model.version')],
      },
      { title: 'Reloads', unit: 'cps', asks: [rate('foresell.model.reloads', TASK, 'foresell.outcome')] },
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
        asks: [value('foresell.quality.examples', TASK, 'foresell.model.version')],
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
      { title: 'In drift', unit: 'short', asks: [value('foresell.drift.active', TASK)] },
      { title: 'Alerts', unit: 'short', asks: [value('foresell.alerts.firing', 'foresell.alert')] },
      { title: 'Webhooks', unit: 'cps', asks: [rate('foresell.webhook.deliveries', 'foresell.outcome')] },
    ],
  ],
  [
    'Process',
    [
      { title: 'CPU', unit: 'percentunit', asks: [rate('process.cpu.time', 'cpu.mode')] },
      {
        title: 'Memory',
        unit: 'bytes',
        asks: [value('process.memory.usage'), value('v8js.memory.heap.used')],
      },
      {
        title: 'Event loop delay',
        unit: 's',
        asks: [value('nodejs.eventloop.delay.p99'), value('nodejs.eventloop.delay.max')],
      },
      {
        title: 'Garbage collection',
        unit: 's',
        asks: [percentile(0.99, 'v8js.gc.duration', 'v8js.gc.type')],
      },
    ],
  ],
];

/** Grafana's own spelling of the variable that is chosen at the top of the page. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable, not a template of ours
const DATA_SOURCE = '${source}';

const COLUMNS = 24;
const HEIGHT = 8;

/** The document Grafana imports; it asks for the Prometheus to read from. */
export function grafanaDashboard(): Readonly<Record<string, unknown>> {
  const panels: Record<string, unknown>[] = [];
  let top = 0;
  for (const [title, row] of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y: top, w: COLUMNS, h: 1 },
      panels: [],
    });
    top++;
    const width = COLUMNS / row.length;
    row.forEach((panel, i) => {
      panels.push({
        id: panels.length + 1,
        type: 'timeseries',
        title: panel.title,
        datasource: { type: 'prometheus', uid: DATA_SOURCE },
        gridPos: { x: i * width, y: top, w: width, h: HEIGHT },
        fieldConfig: {
          defaults: { unit: panel.unit, custom: { fillOpacity: 5, showPoints: 'never' } },
          overrides: [],
        },
        options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
        targets: panel.asks.map(({ query, legend }, ask) => ({
          refId: String.fromCharCode(65 + ask),
          expr: query,
          legendFormat: legend,
          datasource: { type: 'prometheus', uid: DATA_SOURCE },
        })),
      });
    });
    top += HEIGHT;
  }
  return {
    uid: 'foresell',
    title: 'Foresell',
    tags: ['foresell'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'source', type: 'datasource', query: 'prometheus', label: 'Prometheus', current: {} }],
    },
    panels,
  };
}
