// GET /metrics: the server's figures as Prometheus reads them.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import type { Route } from './route.ts';

export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** @param isOpen to anybody who reaches the server; else for keys with the scope admin */
export const metricsRoute = (figures: MetricsText, isOpen: boolean): Route => ({
  method: 'GET',
  path: '/metrics',
  tag: 'Operation',
  summary: name('Figures for Prometheus', '供 Prometheus 读取的指标'),
  access: isOpen ? { kind: 'open' } : { kind: 'key', scope: 'admin' },
  replies: {
    200: {
      description: 'The Prometheus text format',
      content: { 'text/plain': { schema: Type.String() } },
    },
  },
  handle: async () => ({ status: 200, text: await figures.text(), contentType: figures.contentType }),
});
