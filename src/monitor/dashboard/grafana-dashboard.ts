// The Grafana dashboard as data: what Grafana imports, made of our rows of panels.
import { DASHBOARD_ROWS } from './dashboard-rows.ts';

/** Grafana's own spelling of the variable that is chosen at the top of the page. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable, not a template of ours
const DATA_SOURCE = '${source}';

const COLUMNS = 24;
const HEIGHT = 8;

/** The document Grafana imports; it asks for the Prometheus to read from. */
export function grafanaDashboard(): Readonly<Record<string, unknown>> {
  const panels: Record<string, unknown>[] = [];
  let top = 0;
  for (const [title, row] of DASHBOARD_ROWS) {
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
