// How many events a second the whole server takes, each on the disk before its answer.
import { join } from 'node:path';
import { createWorkspace } from '../../src/data/workspace.ts';
import { atLeast, atMost, type Target } from '../bench.ts';
import { bareLoop } from '../journal/throughput.ts';
import { type LoadFigures, openLoop } from './open-loop.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { httpRequest, numbered, PERSON, UNIQUE } from './requests.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const BATCH = 100;
/** Whose events they are: what the state keeps of each of them is bounded. */
const PEOPLE = 20_000;

/** One event of ordinary length, some 250 bytes as JSON. */
export const eventText = (): string =>
  JSON.stringify({
    event_id: `event-${UNIQUE}`,
    type: 'view',
    user_id: `user-${PERSON}`,
    session_id: 'session-4711',
    item_id: 'item-1234',
    price: 9.99,
    currency: 'EUR',
    device: 'mobile',
    channel: 'organic',
    country: 'DE',
    position: 3,
  });

interface Load {
  readonly name: string;
  /** Requests a second. */
  readonly rate: number;
  readonly events: number;
  readonly connections: number;
  request(from: number): (nth: number) => Uint8Array;
}

/** Single events as JSON; batches as NDJSON. */
function loadsOf(key: string, work: ServeWork): readonly (Load & { readonly target: number })[] {
  const headers = (type: string) => ({ authorization: `Bearer ${key}`, 'content-type': type });
  const single = httpRequest('/v1/events', eventText(), headers('application/json'));
  const lines = Array.from({ length: BATCH }, eventText).join('\n');
  const batch = httpRequest('/v1/events', lines, headers('application/x-ndjson'));
  return [
    {
      ...{ name: 'single', events: 1, target: 9000, connections: work.number('connections', 256) },
      ...{ rate: work.number('single', 9300), request: (from) => numbered(single, { from, people: PEOPLE }) },
    },
    {
      ...{ name: 'batched', events: BATCH, target: 70_000, connections: 32 },
      ...{ rate: work.number('batched', 720), request: (from) => numbered(batch, { from, people: PEOPLE }) },
    },
  ];
}

/** Turns of one load; the middle one counts. */
const TURNS = 3;
const SECONDS = 10;
const WARM_UP_SECONDS = 2;
const BARE_MS = 1500;

interface Turn extends LoadFigures {
  readonly eventsPerSecond: number;
  /** Processor time of the server, all threads, µs a request. */
  readonly serverMicros: number;
  readonly memoryMB: number;
}

async function takeTurn(server: ServerProcess, work: ServeWork, load: Load, from: number): Promise<Turn> {
  const seconds = work.number('seconds', SECONDS);
  const warmUp = work.number('warm', WARM_UP_SECONDS);
  const cpu = server.cpuMs();
  const figures = await openLoop({
    ...{ host: server.host, port: server.port, rate: load.rate, connections: load.connections },
    ...{ seconds, warmUpSeconds: warmUp, request: load.request(from) },
  });
  return {
    ...figures,
    eventsPerSecond: figures.goodPerSecond * load.events,
    serverMicros: ((server.cpuMs() - cpu) * 1000) / (figures.sent + warmUp * load.rate),
    memoryMB: server.memory().nowMB,
  };
}

/** Load and bare loop of write and fdatasync take turns, on the same disk. */
export async function ingest(work: ServeWork): Promise<Part> {
  const workspace = join(work.folder, 'shop');
  createWorkspace(workspace, { currency: 'EUR' });
  const server = await startServer({ workspace, nodeArgs: work.nodeArgs, args: work.serveArgs });
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  try {
    let from = 0;
    for (const load of loadsOf(server.key, work)) {
      if (load.rate === 0) continue;
      const turns: (Turn & { readonly bareSyncsPerSecond: number })[] = [];
      for (let turn = 0; turn < work.number('turns', TURNS); turn++) {
        const taken = await takeTurn(server, work, load, from);
        from += 10_000_000;
        const bareSyncsPerSecond = await bareLoop(
          work.folder,
          load.request(0)(0).length,
          work.number('bare', BARE_MS),
        );
        turns.push({ ...taken, bareSyncsPerSecond });
        work.log(`${load.name}: ${JSON.stringify(turns[turn])}`);
      }
      const middle = middleBy(turns, ({ eventsPerSecond }) => eventsPerSecond);
      targets.push(
        atLeast(
          `${load.name}: events/s, on the disk before the answer`,
          rounded(middle.eventsPerSecond),
          load.target,
          `${rounded(middle.goodPerSecond / middle.bareSyncsPerSecond, 2)} requests for each turn of a bare loop that writes as much and syncs`,
        ),
        atMost(
          `${load.name}: p99, ms from the intended start`,
          rounded(middleBy(turns, ({ good }) => good.p99Ms).good.p99Ms),
          100,
        ),
      );
      figures[load.name] = { turns };
    }
    targets.push(atMost('memory of the server at its highest, MB', rounded(server.memory().peakMB), 512));
  } finally {
    await server.stop();
  }
  return { targets, figures: { ingest: figures } };
}

/** The turn in the middle, by what counts: one that stood still says nothing of the others. */
const middleBy = <T>(turns: readonly T[], of: (turn: T) => number): T =>
  [...turns].sort((a, b) => of(a) - of(b))[turns.length >> 1];
