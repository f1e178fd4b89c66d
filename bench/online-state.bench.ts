// The online state at scale: memory a user, events taken a second, features of one user, snapshot and start.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AppError } from '../src/core/errors.ts';
import { type Random, random } from '../src/core/random.ts';
import { DAY_MS, zoneOffsets } from '../src/core/time.ts';
import type { EventRow, EventType } from '../src/data/event.ts';
import { defaultView, withEvents } from '../src/data/features/default-view.ts';
import { compileEventFold } from '../src/data/features/fold.ts';
import { nodeJournalDisk } from '../src/data/journal/journal-disk.ts';
import { ALL_COLUMNS } from '../src/serve/state/kept-columns.ts';
import { loadSnapshot } from '../src/serve/state/load-snapshot.ts';
import { openState } from '../src/serve/state/online-state.ts';
import { saveSnapshot } from '../src/serve/state/save-snapshot.ts';
import { atLeast, atMost, type Bench } from './bench.ts';

const START = Date.UTC(2024, 0, 1);
const SPAN_MS = 365 * DAY_MS;
const ITEMS = 100_000;
const TYPES: readonly EventType[] = [
  'view',
  'view',
  'view',
  'view',
  'view',
  'view',
  'search',
  'click',
  'add_to_cart',
  'wishlist',
];
const COUNTRIES = ['DE', 'FR', 'PL', 'IT', 'ES', 'NL'];
const DEVICES = ['mobile', 'desktop', 'tablet'];
const CHANNELS = ['direct', 'search', 'email', 'ads', 'social'];

interface Size {
  readonly users: number;
  readonly mean: number;
  /** Sessions, searches and properties as well, which the default view does not read. */
  readonly all: boolean;
}

function sizeOf(args: readonly string[]): Size {
  const size = { users: 100_000, mean: 20, all: false };
  for (const arg of args) {
    const [name, value] = arg.split('=');
    if (name === 'users' || name === 'mean') size[name] = Number(value);
    else if (name === 'columns' && value === 'all') size.all = true;
    else throw new AppError('USAGE', 'expected users=N, mean=N or columns=all');
  }
  return size;
}

const hex = (draw: Random, digits: number): string =>
  draw
    .integer(2 ** 30)
    .toString(16)
    .padStart(8, '0')
    .slice(0, digits);
const uuid = (draw: Random): string =>
  `${hex(draw, 8)}-${hex(draw, 4)}-4${hex(draw, 3)}-a${hex(draw, 3)}-${hex(draw, 8)}${hex(draw, 4)}`;

/**
 * Visits of people over a year, each of them some events, in the order of time. How many visits somebody makes is drawn with
 * a long tail; nine in ten know items by a popularity that falls as a power.
 */
function* traffic({ users, mean }: Size, draw: Random): Generator<EventRow[]> {
  const ids = Array.from({ length: users }, () => uuid(draw));
  const visits = Math.round((users * mean) / 5);
  for (let visit = 0; visit < visits; visit++) {
    // Everybody comes once; the rest of the visits go to few.
    const user = visit < users ? visit : Math.floor(users * draw.uniform() ** 2.5);
    const at = START + Math.floor((SPAN_MS * visit) / visits);
    const session = `s-${visit}-${hex(draw, 8)}`;
    const size = draw.poisson(4) + 1;
    const context = {
      country: COUNTRIES[user % 6],
      device: DEVICES[visit % 3],
      channel: CHANNELS[visit % 5],
    };
    const rows: EventRow[] = [];
    for (let k = 0; k < size; k++) {
      const type = k === size - 1 && draw.uniform() < 0.15 ? 'purchase' : TYPES[draw.integer(TYPES.length)];
      const item = Math.floor(ITEMS * draw.uniform() ** 3);
      rows.push({
        event_id: uuid(draw),
        type,
        timestamp: at + k * 20_000 + draw.integer(15_000),
        user_id: ids[user],
        session_id: session,
        item_id: type === 'search' ? null : `sku-${item}`,
        query: type === 'search' ? `running shoes ${item % 500}` : null,
        price_minor: type === 'search' ? null : 500 + ((item * 7919) % 20_000),
        ...(type === 'purchase' && { quantity: 1 + draw.integer(2), order_id: `order-${visit}` }),
        ...context,
      });
    }
    yield rows;
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

/** Heap and array buffers after a collection. */
function memory(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Processor time of the process since, ms. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

const quantile = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

export const bench: Bench = async ({ seed, args, log }) => {
  const size = sizeOf(args);
  const views = [withEvents(defaultView(30))];
  const context = { zone: zoneOffsets('Europe/Berlin'), items: new Map() };
  const draw = random(seed);
  // What the traffic itself holds: one of it made and let go before counting.
  const before = memory();
  const options = { views, context, ...(size.all && { columns: ALL_COLUMNS }) };
  const state = openState(options);
  let events = 0;
  let takenMs = 0;
  let takenCpuMs = 0;
  const source = traffic(size, draw.fork('traffic'));
  const batch: EventRow[] = [];
  const take = () => {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    state.apply(batch);
    takenCpuMs += cpuMs(cpu);
    takenMs += performance.now() - started;
    events += batch.length;
    batch.length = 0;
  };
  for (const rows of source) {
    batch.push(...rows);
    if (batch.length > 10_000) take();
    if (batch.length === 0 && events % 1_000_000 < 11_000) log(`${events} events`);
  }
  take();
  const counts = state.counts();
  const held = memory() - before;
  log(`${counts.people} people, ${counts.events} events, ${megabytes(held)} MB`);

  const fold = compileEventFold(views[0], context);
  const asOf = START + SPAN_MS + 60_000;
  const times: number[] = [];
  const cpuTimes: number[] = [];
  const wanted = { user_id: 'ann' };
  const fifty = random(seed).fork('fifty');
  const rows: EventRow[] = [];
  for (const visit of traffic({ users: 1, mean: 60, all: true }, fifty)) rows.push(...visit);
  state.apply(rows.slice(0, 50).map((row) => ({ ...row, ...wanted })));
  for (let round = 0; round < 2_000; round++) {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    const known = state.find(wanted);
    if (known) fold(known.events, asOf, known.past);
    if (round < 200) continue;
    cpuTimes.push(cpuMs(cpu));
    times.push(performance.now() - started);
  }
  const sorted = Float64Array.from(times).sort();
  const sortedCpu = Float64Array.from(cpuTimes).sort();

  const folder = mkdtempSync(join(tmpdir(), 'online-state-'));
  const place = { disk: nodeJournalDisk(folder), name: 'people.snapshot' };
  const snapshot = { bytes: 0, saveMs: 0, longestPauseMs: 0, loadMs: 0 };
  try {
    let [started, turn] = [performance.now(), performance.now()];
    const watch = setInterval(() => {
      snapshot.longestPauseMs = Math.max(snapshot.longestPauseMs, performance.now() - turn);
      turn = performance.now();
    }, 1);
    snapshot.bytes = await saveSnapshot(state, 0, place);
    clearInterval(watch);
    snapshot.saveMs = performance.now() - started;
    started = performance.now();
    const loaded = await loadSnapshot(options, place);
    snapshot.loadMs = performance.now() - started;
    if (loaded?.state.counts().events !== state.counts().events)
      throw new Error('the snapshot holds other events than the state');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    bench: 'online-state',
    protocol: `${size.users} users, ${size.mean} events each on average, long tail, in the order of time over a year; ${ITEMS} items; ids of 36 letters; ${size.all ? 'all columns' : 'columns of the default view with the newest events'}; memory is heap and array buffers after a collection; seed ${seed}`,
    targets: [
      atMost('memory a million users, MB', megabytes((held / counts.people) * 1e6), 800),
      atLeast(
        'events taken a second of one core',
        Math.round((events / takenCpuMs) * 1000),
        140_000,
        'of processor time: half a core at 70,000 events a second',
      ),
      atMost('features of a user with 50 events, p99, ms', quantile(sortedCpu, 0.99), 1, 'of processor time'),
    ],
    figures: {
      people: counts.people,
      events: counts.events,
      eventsAUser: counts.events / counts.people,
      heldMB: megabytes(held),
      countedMB: megabytes(counts.bytes),
      eventsASecondOfWallTime: Math.round((events / takenMs) * 1000),
      bytesAnEvent: held / counts.events,
      featuresMs: { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99) },
      featuresCpuMs: { p50: quantile(sortedCpu, 0.5), p99: quantile(sortedCpu, 0.99) },
      features: views[0].features.length,
      snapshot,
    },
  };
};
