// Counting and timing while the server works, and the text that Prometheus reads.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { invariant } from '../../core/errors.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import { METRICS, type MetricLabels, type MetricName, type MetricRow } from './metric-table.ts';
import { prometheusLabel, prometheusName } from './prometheus-name.ts';

/** Takes one value: added to a counter or an up-down counter, set on a gauge, observed by a histogram. */
export type Recorder = (value: number) => void;

export interface Metrics {
  /** One value under its attributes. */
  record<Name extends MetricName>(metric: Name, value: number, labels?: MetricLabels<Name>): void;
  /** The same for attributes that do not change: the series is looked up once. For the hottest paths. */
  recorder<Name extends MetricName>(metric: Name, labels?: MetricLabels<Name>): Recorder;
  /** Reads a value whenever the figures are read. @returns a function that ends it */
  watch<Name extends MetricName>(metric: Name, labels: MetricLabels<Name>, read: () => number): () => void;
  /** Forgets the series of these attributes, such as those of a model that no longer answers. */
  forget<Name extends MetricName>(metric: Name, labels: MetricLabels<Name>): void;
  /** Everything as values, for rules that look at it. */
  figures(): Promise<readonly Figure[]>;
  /** Everything in the Prometheus text format. */
  text(): Promise<string>;
  /** For the answer's header. */
  readonly contentType: string;
}

/** One series as it stands. */
export interface Figure {
  readonly metric: MetricName;
  /** By attribute name; empty ones are left out. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram: how many values it has seen. */
  readonly value: number;
  /** Of a histogram: how many values were at most each bucket's upper end, the last one infinite. */
  readonly buckets?: readonly { readonly end: number; readonly count: number }[];
}

/** More series of one metric than this go into a single one, as OpenTelemetry's cardinality limit has it. */
const MOST_SERIES = 2000;

/** The value of every attribute of the series that takes what is too much. */
export const OVERFLOW = '_overflow';

type Instrument = Counter<string> | Gauge<string> | Histogram<string>;

type Labels = Readonly<Record<string, string | number>> | undefined;

interface Series {
  readonly instrument: Instrument;
  readonly row: MetricRow;
  /** By attribute values joined. */
  readonly known: Map<string, Recorder>;
}

/** Figures of one server; two of them in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const series = new Map<MetricName, Series>();
  const watched = new Map<MetricName, Map<string, () => void>>();
  for (const [name, row] of Object.entries(METRICS) as [MetricName, MetricRow][]) {
    series.set(name, { instrument: createInstrument(registry, name, row), row, known: new Map() });
  }
  new Gauge({
    name: 'target_info',
    help: 'The service these figures are of.',
    labelNames: ['service_name', 'service_version'],
    registers: [registry],
  }).set({ service_name: 'foresell', service_version: PRODUCT_VERSION }, 1);

  const seriesOf = (metric: MetricName): Series => {
    const found = series.get(metric);
    invariant(found, `${metric} is in the table of metrics`);
    return found;
  };
  const recorder: Metrics['recorder'] = (metric, labels) => {
    const own = seriesOf(metric);
    const values = valuesOf(own.row, labels as Labels);
    const key = values.join('\u001f');
    const known = own.known.get(key);
    if (known) return known;
    const fits = own.known.size < MOST_SERIES;
    if (!fits && own.row.labels.length > 0) {
      const rest = values.map(() => OVERFLOW);
      const restKey = rest.join('\u001f');
      const shared = own.known.get(restKey) ?? bind(own, rest);
      own.known.set(restKey, shared);
      return shared;
    }
    const made = bind(own, values);
    own.known.set(key, made);
    return made;
  };
  const readWatched = (): void => {
    for (const reads of watched.values()) for (const read of reads.values()) read();
  };
  return {
    contentType: registry.contentType,
    recorder,
    record: (metric, value, labels) => recorder(metric, labels)(value),
    watch(metric, labels, read) {
      const { row } = seriesOf(metric);
      invariant(row.kind === 'gauge', `a value read later is a gauge, ${metric} is a ${row.kind}`);
      const key = valuesOf(row, labels as Labels).join('\u001f');
      const set = recorder(metric, labels);
      const own = watched.get(metric) ?? new Map<string, () => void>();
      watched.set(metric, own);
      own.set(key, () => set(read()));
      return () => own.delete(key);
    },
    forget(metric, labels) {
      const own = seriesOf(metric);
      const values = valuesOf(own.row, labels as Labels);
      own.known.delete(values.join('\u001f'));
      watched.get(metric)?.delete(values.join('\u001f'));
      own.instrument.remove(...values);
    },
    async figures() {
      readWatched();
      const found = await registry.getMetricsAsJSON();
      const byName = new Map(found.map((one) => [one.name, one.values as readonly WrittenValue[]]));
      return [...series].flatMap(([metric, { row }]) =>
        figuresOf(metric, row, byName.get(prometheusName(metric, row.kind, row.unit)) ?? []),
      );
    },
    text() {
      readWatched();
      return registry.metrics();
    },
  };
}

/** As prom-client hands values out; a histogram's under the names of its parts. */
interface WrittenValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

function figuresOf(metric: MetricName, row: MetricRow, values: readonly WrittenValue[]): Figure[] {
  const labelsOf = (own: WrittenValue['labels']) =>
    Object.fromEntries(
      row.labels
        .map((name) => [name, String(own[prometheusLabel(name)] ?? '')] as const)
        .filter(([, value]) => value !== ''),
    );
  if (row.kind !== 'histogram') {
    return values.map(({ value, labels }) => ({ metric, value, labels: labelsOf(labels) }));
  }
  const grouped = new Map<
    string,
    { labels: Record<string, string>; buckets: { end: number; count: number }[] }
  >();
  for (const { value, labels, metricName } of values) {
    if (!metricName?.endsWith('_bucket')) continue;
    const own = labelsOf(labels);
    const key = JSON.stringify(own);
    const group = grouped.get(key) ?? { labels: own, buckets: [] };
    grouped.set(key, group);
    group.buckets.push({
      end: labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le),
      count: value,
    });
  }
  return [...grouped.values()].map(({ labels, buckets }) => ({
    metric,
    labels,
    value: buckets.at(-1)?.count ?? 0,
    buckets,
  }));
}

function createInstrument(registry: Registry, name: MetricName, row: MetricRow): Instrument {
  const settings = {
    name: prometheusName(name, row.kind, row.unit),
    help: row.help,
    labelNames: row.labels.map(prometheusLabel),
    registers: [registry],
  };
  if (row.kind === 'counter') return new Counter(settings);
  if (row.kind === 'histogram') return new Histogram({ ...settings, buckets: [...(row.buckets ?? [])] });
  return new Gauge(settings);
}

/** In the table's order; an unknown attribute is a bug. */
function valuesOf(
  { labels: names }: MetricRow,
  labels: Readonly<Record<string, string | number>> = {},
): string[] {
  for (const name of Object.keys(labels))
    invariant(names.includes(name), `attribute ${name} is one of: ${names.join(', ')}`);
  return names.map((name) => String(labels[name] ?? ''));
}

function bind({ instrument, row }: Series, values: readonly string[]): Recorder {
  if (row.labels.length === 0) return bindBare(instrument, row);
  if (instrument instanceof Counter) {
    const child = instrument.labels(...values);
    return (value) => child.inc(value);
  }
  if (instrument instanceof Histogram) {
    const child = instrument.labels(...values);
    return (value) => child.observe(value);
  }
  const child = instrument.labels(...values);
  return row.kind === 'up-down' ? (value) => child.inc(value) : (value) => child.set(value);
}

function bindBare(instrument: Instrument, row: MetricRow): Recorder {
  if (instrument instanceof Counter) return (value) => instrument.inc(value);
  if (instrument instanceof Histogram) return (value) => instrument.observe(value);
  return row.kind === 'up-down' ? (value) => instrument.inc(value) : (value) => instrument.set(value);
}
