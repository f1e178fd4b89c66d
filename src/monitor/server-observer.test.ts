// The server's own word of its work reaches figures and log.
import { expect, it } from 'vitest';
import { createLogger } from './log/logger.ts';
import { createMetrics } from './metrics/metrics.ts';
import { observeServer } from './server-observer.ts';

it('requests, refusals, events and bugs become figures and lines', async () => {
  const lines: string[] = [];
  const metrics = createMetrics();
  const logger = createLogger({ write: (line) => lines.push(line), now: () => 0 });
  const observer = observeServer(metrics, logger);
  observer.answered('POST /v1/events', 200, 12);
  observer.answered('/v1/events', 503, 1);
  observer.ingested('shop', 'native', 'accepted', 7);
  observer.failed('/v1/events', new Error('of canary@shop.example'));
  const text = await metrics.text();
  expect(text).toContain(
    'http_request_method="POST",http_route="/v1/events",http_response_status_code="200"',
  );
  expect(text).toContain('error_type="503"} 1');
  expect(text).toContain('foresell_requests_refused_total{foresell_reason="overloaded"} 1');
  expect(text).toContain('foresell_outcome="accepted"} 7');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"route":"/v1/events"');
  expect(lines[0]).not.toContain('canary');
});
