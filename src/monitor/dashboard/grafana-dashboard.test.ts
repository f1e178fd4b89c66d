// The committed dashboard is the one the code describes, and asks only for what the server shows.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricRow } from '../metrics/metric-table.ts';
import { prometheusLabel, prometheusName } from '../metrics/prometheus-name.ts';
import { grafanaDashboard } from './grafana-dashboard.ts';

const FILE = new URL('../../../deploy/grafana/foresell.json', import.meta.url);

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

const shown = new Map<string, readonly string[]>();
for (const [name, row] of Object.entries(METRICS) as [string, MetricRow][]) {
  const written = prometheusName(name, row.kind, row.unit);
  const labels = row.labels.map(prometheusLabel);
  if (row.kind !== 'histogram') shown.set(written, labels);
  else {
    for (const part of ['_count', '_sum']) shown.set(written + part, labels);
    shown.set(`${written}_bucket`, [...labels, 'le']);
  }
}

/** Metrics without a panel, each with its reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'process.uptime': 'a line that rises by itself; where the server began anew every counter falls to nothing',
};

/** What is wrong with a query: metrics we do not show, labels they do not have. */
function complaints(query: string): string[] {
  const words = [...query.matchAll(/[a-z_:][a-z0-9_:]*/gi)].map(([word]) => word);
  const metrics = words.filter(
    (word) => /^(foresell|http|process|nodejs|v8js)_/.test(word) && !isLabel(word),
  );
  const known = metrics.filter((metric) => shown.has(metric));
  const labels = [
    ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list.split(/,\s*/)),
    ...[...query.matchAll(/([a-z_]+)=~?"/g)].map(([, label]) => label),
  ];
  const strays = labels.filter((label) => !known.some((metric) => shown.get(metric)?.includes(label)));
  return [
    ...(known.length === 0 ? [`no metric in ${query}`] : []),
    ...metrics.filter((metric) => !shown.has(metric)).map((metric) => `no metric ${metric}`),
    ...strays.map((label) => `no label ${label}`),
  ];
}

const isLabel = (word: string): boolean => [...shown.values()].some((labels) => labels.includes(word));

describe('the dashboard', () => {
  const dashboard = JSON.parse(readFileSync(FILE, 'utf8')) as Dashboard;
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('is the one the code describes', () => expect(dashboard).toEqual(grafanaDashboard()));

  it('asks only for metrics and labels the server shows', () => {
    expect(queries.length).toBeGreaterThan(25);
    expect(queries.flatMap(complaints)).toEqual([]);
  });

  it('shows every metric of the table, but for those left out for a reason', () => {
    const asked = new Set(queries.flatMap((query) => query.match(/[a-z_][a-z0-9_]*/g) ?? []));
    const missing = (Object.entries(METRICS) as [string, MetricRow][])
      .filter(([, { kind, unit }], i) => {
        const written = prometheusName(Object.keys(METRICS)[i], kind, unit);
        return ![written, `${written}_bucket`, `${written}_count`].some((name) => asked.has(name));
      })
      .map(([name]) => name);
    expect(missing).toEqual(Object.keys(LEFT_OUT));
  });

  it('would notice a metric or a label that is not there', () => {
    expect(complaints('rate(foresell_ingest_event_total[5m])')).not.toEqual([]);
    expect(complaints('sum by (foresell_shop) (rate(foresell_ingest_events_total[5m]))')).toContain(
      'no label foresell_shop',
    );
  });

  it('balances its brackets', () => {
    for (const query of queries) {
      for (const pair of ['()', '[]', '{}']) {
        const count = (sign: string) => query.split(sign).length;
        expect(count(pair[0]), query).toBe(count(pair[1]));
      }
    }
  });
});
