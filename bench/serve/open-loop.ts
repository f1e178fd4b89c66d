// The load generator: requests at the times a constant rate says, whether or not the ones before are answered.
import { type Connection, openConnection } from './connection.ts';
import { type LatencyHistogram, latencyHistogram } from './latency-histogram.ts';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Sent at the start and not counted, seconds. */
  readonly warmUpSeconds?: number;
  /** Requests under way at most; one that finds none free waits, and its wait counts. */
  readonly connections: number;
  /** The nth request, head and body; its bytes are used until `send` returns. */
  request(nth: number): Uint8Array;
  /** Hears each answer; `ms` since the moment the request was to go out. */
  answered?(nth: number, status: number, body: Buffer, ms: number): void;
  /** Called every second with what was answered in it. */
  everySecond?(second: SecondFigures): void;
  readonly signal?: AbortSignal;
}

/** What was answered in one second of the clock. */
export interface SecondFigures {
  readonly second: number;
  readonly good: number;
  readonly refused: number;
  /** The slowest refusal from its own sending, ms. */
  readonly slowestRefusalMs: number;
}

export interface LoadFigures {
  readonly rate: number;
  readonly seconds: number;
  readonly sent: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers 2xx a second of the run; what came after its end does not count. */
  readonly goodPerSecond: number;
  /** From the intended start to the answer; of answers 2xx. */
  readonly good: LatencyFigures;
  /** From the intended start; answers 429 and 503. */
  readonly refused: LatencyFigures;
  /** From the moment the bytes went out, answers 429 and 503: what the server itself takes to refuse. */
  readonly refusedFromSend: LatencyFigures;
  /** Requests whose answer had not come when the run ended. */
  readonly unanswered: number;
  /** Connections that ended before the run did. */
  readonly broken: number;
  /** Processor time of this generator, ms a second. */
  readonly generatorCpu: number;
  readonly perSecond: readonly SecondFigures[];
}

export interface LatencyFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** How long answers are waited for once the last request is out. */
const DRAIN_MS = 5000;
/** Time between looks at the clock: requests go out up to so much late, and that counts as theirs. */
const TICK_MS = 1;

interface Line {
  connection: Connection;
  isOpen: boolean;
  nth: number;
  intendedMs: number;
  sentMs: number;
}

/** Resolves when every request is answered, or `DRAIN_MS` after the last one was to go out. */
export async function openLoop(options: LoadOptions): Promise<LoadFigures> {
  const { host, port, rate, seconds, connections, request, answered, signal } = options;
  const warmUp = Math.round((options.warmUpSeconds ?? 0) * rate);
  const total = warmUp + Math.round(seconds * rate);
  const good = latencyHistogram();
  const refused = latencyHistogram();
  const refusedFromSend = latencyHistogram();
  const statuses: Record<string, number> = {};
  const perSecond: { second: number; good: number; refused: number; slowestRefusalMs: number }[] = [];
  const free: Line[] = [];
  const all: Line[] = [];
  let next = 0;
  let underWay = 0;
  let broken = 0;
  let isOver = false;
  let startMs = 0;
  let finished: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    finished = resolve;
  });

  const secondAt = (ms: number) => {
    const second = Math.floor((ms - startMs) / 1000 - warmUp / rate);
    while (second >= 0 && perSecond.length <= second) {
      const last = perSecond.at(-1);
      if (last) options.everySecond?.(last);
      perSecond.push({ second: perSecond.length, good: 0, refused: 0, slowestRefusalMs: 0 });
    }
    return perSecond[second];
  };
  const count = (line: Line, status: number, body: Buffer): void => {
    const nowMs = performance.now();
    const ms = nowMs - line.intendedMs;
    const isGood = status >= 200 && status < 300;
    const isRefusal = status === 429 || status === 503;
    const second = secondAt(nowMs);
    if (second && isGood && line.nth >= warmUp) second.good++;
    if (second && isRefusal) {
      second.refused++;
      second.slowestRefusalMs = Math.max(second.slowestRefusalMs, nowMs - line.sentMs);
    }
    if (line.nth >= warmUp) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (isGood) good.record(ms);
      if (isRefusal) {
        refused.record(ms);
        refusedFromSend.record(nowMs - line.sentMs);
      }
    }
    answered?.(line.nth, status, body, ms);
  };
  const sendDue = (): void => {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * rate) / 1000) + 1);
    while (next < due && free.length > 0) {
      // The one that has waited longest: a connection nobody uses is the server's to end.
      const line = free.shift() as Line;
      if (!line.isOpen) continue;
      line.nth = next;
      line.intendedMs = startMs + (next * 1000) / rate;
      line.sentMs = performance.now();
      next++;
      underWay++;
      line.connection.send(request(line.nth));
    }
    if (next === total && underWay === 0) finished();
  };
  const dial = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const line: Line = {
        ...{ isOpen: false, nth: -1, intendedMs: 0, sentMs: 0 },
        connection: openConnection(host, port, {
          opened() {
            line.isOpen = true;
            free.push(line);
            resolve();
          },
          answered({ status, body }) {
            count(line, status, body);
            line.nth = -1;
            underWay--;
            free.push(line);
            if (startMs > 0) sendDue();
          },
          ended(error) {
            const wasOpen = line.isOpen;
            line.isOpen = false;
            if (line.nth >= 0) underWay--;
            if (!wasOpen) reject(error ?? new Error('the connection ended before it was open'));
            if (isOver || !wasOpen) return;
            broken++;
            dial().catch(() => {});
          },
        }),
      };
      all.push(line);
    });
  await Promise.all(Array.from({ length: connections }, dial));

  startMs = performance.now();
  let cpu = process.cpuUsage();
  const measured = setTimeout(
    () => {
      cpu = process.cpuUsage();
    },
    (warmUp / rate) * 1000,
  );
  const timer = setInterval(sendDue, TICK_MS);
  const lastMs = (total / rate) * 1000 + DRAIN_MS;
  const giveUp = setTimeout(finished, lastMs);
  signal?.addEventListener('abort', finished, { once: true });
  await done;
  const used = process.cpuUsage(cpu);
  clearTimeout(measured);
  clearInterval(timer);
  clearTimeout(giveUp);
  isOver = true;
  for (const { connection } of all) connection.close();
  const lastSecond = perSecond.at(-1);
  if (lastSecond) options.everySecond?.(lastSecond);
  return {
    ...{ rate, seconds, statuses, broken, perSecond },
    sent: next - warmUp,
    goodPerSecond: goodInTime(perSecond, seconds),
    good: figuresOf(good),
    refused: figuresOf(refused),
    refusedFromSend: figuresOf(refusedFromSend),
    unanswered: total - warmUp - good.count - othersThanGood(statuses),
    generatorCpu: (used.user + used.system) / 1000 / seconds,
  };
}

function goodInTime(perSecond: readonly SecondFigures[], seconds: number): number {
  let count = 0;
  for (const { second, good } of perSecond) if (second < Math.max(1, Math.round(seconds))) count += good;
  return count / seconds;
}

const othersThanGood = (statuses: Readonly<Record<string, number>>): number =>
  Object.entries(statuses).reduce((sum, [status, count]) => sum + (/^2/.test(status) ? 0 : count), 0);

const figuresOf = (histogram: LatencyHistogram): LatencyFigures => ({
  count: histogram.count,
  p50Ms: histogram.quantile(0.5),
  p90Ms: histogram.quantile(0.9),
  p99Ms: histogram.quantile(0.99),
  p999Ms: histogram.quantile(0.999),
  maxMs: histogram.maxMs,
});
