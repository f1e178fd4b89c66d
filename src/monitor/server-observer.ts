// What the server tells of its work, as figures and log lines: the shape `ServeObserver` of serve/ports.ts asks for.
import type { Logger } from './log/logger.ts';
import type { Metrics, Recorder } from './metrics/metrics.ts';

export interface ServerObserver {
  /** @param route the pattern, never the address asked for */
  answered(route: string, status: number, durationMs: number): void;
  ingested(workspace: string, source: string, fate: string, count: number): void;
  failed(route: string, error: unknown): void;
}

/** Statuses under which a request was turned away before any work. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  413: 'too_large',
  429: 'rate_limited',
  503: 'overloaded',
};

export function observeServer(metrics: Metrics, logger: Logger): ServerObserver {
  /** Few words, and a request each: looked up once. */
  const ingested = new Map<string, Recorder>();
  return {
    answered(route, status, durationMs) {
      const [method, path] = route.includes(' ') ? route.split(' ', 2) : ['', route];
      metrics.record('http.server.request.duration', durationMs / 1000, {
        'http.request.method': method,
        'http.route': path,
        'http.response.status_code': status,
        'error.type': status >= 500 ? String(status) : '',
      });
      const reason = REFUSALS[status];
      if (reason !== undefined) metrics.record('foresell.requests.refused', 1, { 'foresell.reason': reason });
    },
    ingested(workspace, source, fate, many) {
      const key = `${workspace} ${source} ${fate}`;
      let count = ingested.get(key);
      if (!count) {
        count = metrics.recorder('foresell.ingest.events', {
          'foresell.workspace': workspace,
          'foresell.format': source,
          'foresell.outcome': fate,
        });
        ingested.set(key, count);
      }
      count(many);
    },
    failed(route, error) {
      logger.error('a bug of ours met a request', { route, error });
    },
  };
}
