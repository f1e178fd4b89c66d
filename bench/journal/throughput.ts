// How many events a second are on the disk before their answer, beside a bare loop of write and fdatasync in turns.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventJournal } from '../../src/data/journal/event-journal.ts';
import { benchEvent } from './bench-event.ts';

export interface Throughput {
  readonly eventsPerSecond: number;
  readonly syncsPerSecond: number;
  readonly eventsPerSync: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Time of all threads, per event. */
  readonly cpuMicros: number;
  readonly bytesPerSync: number;
}

/** `clients` callers, each appending its next `batch` events once the last ones are acknowledged. */
export async function appendFor(
  events: EventJournal,
  { clients, batch, ms, name }: { clients: number; batch: number; ms: number; name: string },
): Promise<Throughput> {
  const latencies: number[] = [];
  const startBytes = events.journal.bytes;
  const startSyncs = events.journal.syncs;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() - startMs < ms) {
        const from = count;
        count += batch;
        const rows = Array.from({ length: batch }, (_, index) =>
          benchEvent(`${name}-${from + index}`, from + index),
        );
        const sentMs = performance.now();
        await events.append(rows);
        latencies.push(performance.now() - sentMs);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const used = process.cpuUsage(cpu);
  const syncs = events.journal.syncs - startSyncs;
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))];
  return {
    eventsPerSecond: count / seconds,
    syncsPerSecond: syncs / seconds,
    eventsPerSync: count / syncs,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuMicros: (used.user + used.system) / count,
    bytesPerSync: (events.journal.bytes - startBytes) / syncs,
  };
}

/** Syncs a second of one writer that does nothing but write so many bytes and sync them. */
export async function bareLoop(folder: string, bytes: number, ms: number): Promise<number> {
  const file = await open(join(folder, `bare-${performance.now()}`), 'wx');
  const block = Buffer.alloc(Math.max(1, Math.round(bytes)), 'x');
  const startMs = performance.now();
  let syncs = 0;
  for (; performance.now() - startMs < ms; syncs++) {
    await file.write(block);
    await file.datasync();
  }
  const seconds = (performance.now() - startMs) / 1000;
  await file.close();
  return syncs / seconds;
}
