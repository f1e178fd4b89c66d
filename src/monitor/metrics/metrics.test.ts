// Names as OpenTelemetry's rules have them, and figures as Prometheus reads them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricRow, methodLabel } from './metric-table.ts';
import { createMetrics, OVERFLOW } from './metrics.ts';
import { watchProcess } from './process-metrics.ts';
import { prometheusLabel, prometheusName } from './prometheus-name.ts';

const lineOf = (text: string, start: string) => text.split('\n').find((line) => line.startsWith(start));

describe('names', () => {
  // by the rules of OpenTelemetry's "Prometheus and OpenMetrics Compatibility"
  it.each([
    ['http.server.request.duration', 'histogram', 's', 'http_server_request_duration_seconds'],
    ['system.filesystem.usage', 'gauge', 'By', 'system_filesystem_usage_bytes'],
    ['system.network.dropped', 'counter', '{packets}', 'system_network_dropped_total'],
    ['system.memory.utilization', 'gauge', '1', 'system_memory_utilization_ratio'],
    ['http.server.active_requests', 'up-down', '{request}', 'http_server_active_requests'],
    ['process.cpu.time', 'counter', 's', 'process_cpu_time_seconds_total'],
    ['a..b', 'gauge', '', 'a_b'],
    ['jobs_total', 'counter', '', 'jobs_total'],
    ['2xx', 'counter', '', '_2xx_total'],
  ] as const)('%s (%s, %s) is %s', (name, kind, unit, written) =>
    expect(prometheusName(name, kind, unit)).toBe(written),
  );

  it('every metric has a valid name of its own, a sentence, and labels that name nobody', () => {
    const rows = Object.entries(METRICS) as [string, MetricRow][];
    const names = rows.map(([name, { kind, unit }]) => prometheusName(name, kind, unit));
    expect(new Set(names).size).toBe(names.length);
    for (const [index, [, row]] of rows.entries()) {
      expect(names[index]).toMatch(/^[a-z_:][a-z0-9_:]*$/);
      expect(row.help).toMatch(/^[A-Z0-9].*\.$/);
      expect(row.labels.filter((label) => /user|anonymous|session|client|address/.test(label))).toEqual([]);
      for (const label of row.labels) expect(prometheusLabel(label)).toMatch(/^[a-z][a-z0-9_]*$/);
      if (row.kind === 'histogram')
        expect(row.buckets).toEqual([...(row.buckets ?? [])].sort((a, b) => a - b));
    }
  });

  it('every metric is recorded by some code of ours', () => {
    const src = fileURLToPath(new URL('../..', import.meta.url));
    const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .filter((path) => !/metric-table|[/\\]dashboard[/\\]/.test(path))
      .map((path) => readFileSync(join(src, path), 'utf8'))
      .join('\n');
    expect(Object.keys(METRICS).filter((metric) => !code.includes(`'${metric}'`))).toEqual([]);
  });

  it('a unit without a word of its own is a bug', () =>
    expect(() => prometheusName('a', 'gauge', 'furlong')).toThrow(/furlong/));

  it('a method nobody knows is _OTHER', () => {
    expect(['GET', 'QUERY', 'get', 'BREW'].map(methodLabel)).toEqual(['GET', 'QUERY', '_OTHER', '_OTHER']);
  });
});

describe('figures', () => {
  it('a counter adds, an up-down counter adds both ways, a gauge keeps the last, a histogram counts', async () => {
    const metrics = createMetrics();
    const accepted = {
      'foresell.workspace': 'shop',
      'foresell.format': 'native',
      'foresell.outcome': 'accepted',
    };
    metrics.record('foresell.ingest.events', 3, accepted);
    metrics.recorder('foresell.ingest.events', accepted)(4);
    metrics.record('process.memory.usage', 5);
    metrics.record('process.memory.usage', -2);
    metrics.record('foresell.state.users', 9, { 'foresell.workspace': 'shop' });
    metrics.record('foresell.state.users', 6, { 'foresell.workspace': 'shop' });
    for (const seconds of [0.004, 0.018, 3]) {
      metrics.record('http.server.request.duration', seconds, {
        'http.request.method': 'POST',
        'http.route': '/v1/events',
        'http.response.status_code': 200,
      });
    }
    const text = await metrics.text();
    expect(lineOf(text, 'foresell_ingest_events_total{')).toBe(
      'foresell_ingest_events_total{foresell_workspace="shop",foresell_format="native",foresell_outcome="accepted"} 7',
    );
    expect(lineOf(text, 'process_memory_usage_bytes ')).toMatch(/ 3$/);
    expect(lineOf(text, 'foresell_state_users{')).toMatch(/ 6$/);
    expect(lineOf(text, 'http_server_request_duration_seconds_bucket{le="0.02"')).toMatch(/ 2$/);
    expect(lineOf(text, 'http_server_request_duration_seconds_count{')).toMatch(/ 3$/);
    expect(text).toContain('target_info{service_name="foresell"');
  });

  it('a watched value is read when the text is, until it is no longer watched', async () => {
    const metrics = createMetrics();
    let users = 1;
    const stop = metrics.watch('foresell.state.users', { 'foresell.workspace': 'shop' }, () => users);
    users = 17;
    expect(lineOf(await metrics.text(), 'foresell_state_users{')).toMatch(/ 17$/);
    stop();
    users = 18;
    expect(lineOf(await metrics.text(), 'foresell_state_users{')).toMatch(/ 17$/);
    metrics.forget('foresell.state.users', { 'foresell.workspace': 'shop' });
    expect(lineOf(await metrics.text(), 'foresell_state_users{')).toBeUndefined();
  });

  it('series beyond the limit share one, so that a flood of names cannot fill the memory', async () => {
    const metrics = createMetrics();
    for (let i = 0; i < 2100; i++)
      metrics.record('foresell.state.users', i, { 'foresell.workspace': `shop ${i}` });
    const lines = (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith('foresell_state_users{'));
    expect(lines).toHaveLength(2001);
    expect(lines.at(-1)).toBe(`foresell_state_users{foresell_workspace="${OVERFLOW}"} 2099`);
  });

  it('an attribute the table does not name is a bug', () => {
    const labels = { 'user.id': '17' } as object;
    expect(() => createMetrics().record('foresell.state.users', 1, labels)).toThrow(/user\.id/);
  });

  it('the process shows its CPU time, memory, event loop and collections', async () => {
    const metrics = createMetrics();
    const figures = watchProcess(metrics);
    figures.read();
    figures.read();
    figures.stop();
    const text = await metrics.text();
    const value = (start: string) => Number(lineOf(text, start)?.split(' ').at(-1));
    expect(value('process_cpu_time_seconds_total{cpu_mode="user"}')).toBeGreaterThan(0);
    expect(value('process_memory_usage_bytes ')).toBeGreaterThan(1e7);
    // read twice: the figure is the size, not twice the size
    expect(value('process_memory_usage_bytes ')).toBeLessThan(2 * process.memoryUsage.rss());
    expect(value('v8js_memory_heap_limit_bytes ')).toBeGreaterThan(value('v8js_memory_heap_used_bytes '));
    expect(value('nodejs_eventloop_utilization_ratio ')).toBeGreaterThanOrEqual(0);
  });
});
