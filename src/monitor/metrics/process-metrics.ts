// The process's own figures: CPU, memory, event loop, garbage collection.
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Metrics } from './metrics.ts';

const GC_TYPES: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

const NANOSECONDS = 1e-9;
const SAMPLE_MS = 10;

export interface ProcessFigures {
  /** Brings all figures up to date; call it before the text is written. */
  read(): void;
  stop(): void;
}

/** Starts watching this process. The event loop's delay and utilisation are those since the last reading. */
export function watchProcess(metrics: Metrics): ProcessFigures {
  const delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  delay.enable();
  const collections = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = (entry as unknown as { detail?: { kind?: number } }).detail?.kind ?? -1;
      metrics.record('v8js.gc.duration', entry.duration / 1000, {
        'v8js.gc.type': GC_TYPES[kind] ?? '_OTHER',
      });
    }
  });
  collections.observe({ entryTypes: ['gc'] });
  let cpu = { user: 0, system: 0 };
  let loop = performance.eventLoopUtilization();
  const last = { memory: 0, heap: 0, limit: 0 };
  /** Up-down counters take differences. */
  const move = (
    metric: 'process.memory.usage' | 'v8js.memory.heap.used' | 'v8js.memory.heap.limit',
    key: keyof typeof last,
    value: number,
  ) => {
    metrics.record(metric, value - last[key]);
    last[key] = value;
  };
  return {
    read() {
      const used = process.cpuUsage();
      metrics.record('process.cpu.time', (used.user - cpu.user) / 1e6, { 'cpu.mode': 'user' });
      metrics.record('process.cpu.time', (used.system - cpu.system) / 1e6, { 'cpu.mode': 'system' });
      cpu = used;
      const heap = getHeapStatistics();
      move('process.memory.usage', 'memory', process.memoryUsage.rss());
      move('v8js.memory.heap.used', 'heap', heap.used_heap_size);
      move('v8js.memory.heap.limit', 'limit', heap.heap_size_limit);
      metrics.record('process.uptime', process.uptime());
      // The histogram holds the length of whole intervals: the delay is what they have beyond the sampling step.
      const beyond = (nanoseconds: number) =>
        Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds * NANOSECONDS - SAMPLE_MS / 1000) : 0;
      metrics.record('nodejs.eventloop.delay.p50', beyond(delay.percentile(50)));
      metrics.record('nodejs.eventloop.delay.p99', beyond(delay.percentile(99)));
      metrics.record('nodejs.eventloop.delay.max', beyond(delay.max));
      delay.reset();
      const now = performance.eventLoopUtilization();
      metrics.record('nodejs.eventloop.utilization', performance.eventLoopUtilization(now, loop).utilization);
      loop = now;
    },
    stop() {
      delay.disable();
      collections.disconnect();
    },
  };
}
