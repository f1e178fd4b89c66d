// A long time of events and questions at a steady rate: what is held after a collection does not grow.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast, atMost } from '../bench.ts';
import { eventText } from './ingest.ts';
import { openLoop } from './open-loop.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { httpRequest, numbered, PERSON } from './requests.ts';
import { startServer } from './server-process.ts';

const MINUTES = 120;
/** Requests a second. */
const RATE = 500;
/** Of so many requests the first asks for a prediction, the second for a list, and the rest bring an event each. */
const ROUND = 50;
/** So few that what is kept of each has its full size soon. */
const PEOPLE = 300;
const SAMPLES = 240;
/** Less is a smoke, beside whatever else the machine does: only what is kept is judged, by what it grows in the whole time. */
const LEAST_MINUTES = 60;
const SMOKE_MB = 3;
const SMOKE_ANSWERED = 0.5;

interface Sample {
  readonly ms: number;
  readonly heapMB: number;
  readonly buffersMB: number;
  readonly residentMB: number;
}

export async function soak(work: ServeWork): Promise<Part> {
  const shop = await work.servedShop();
  const log = join(work.folder, 'heap.ndjson');
  const seconds = work.number('minutes', MINUTES) * 60;
  const everyMs = Math.max(500, (seconds * 1000) / SAMPLES);
  const server = await startServer({
    workspace: shop.dir,
    nodeArgs: [...work.nodeArgs, ...heapProbe(log, everyMs)],
    args: ['--threads', '1'],
  });
  try {
    const rate = work.number('rate', RATE);
    const load = await openLoop({
      ...{ host: server.host, port: server.port, rate, seconds, connections: 64 },
      request: eventsAndQuestions(server.key, Math.min(PEOPLE, shop.users)),
    });
    const samples = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Sample);
    // The first third fills what is bounded: histories, known ids, compiled code.
    const settled = samples.slice(Math.floor(samples.length / 3));
    const slope = (of: (sample: Sample) => number) =>
      rounded(slopeOf(settled.map((sample) => [sample.ms / 3_600_000, of(sample)])), 2);
    const heapSlope = slope(({ heapMB }) => heapMB);
    const missed = load.sent - load.good.count;
    work.log(JSON.stringify({ heapSlope, first: samples[0], last: samples.at(-1), good: load.good }));
    const over = `over ${rounded(seconds / 60)} minutes at ${rate} requests/s`;
    const from = `${rounded(settled[0].heapMB)} to ${rounded(settled.at(-1)?.heapMB ?? 0)} MB`;
    const hours = ((settled.at(-1)?.ms ?? 0) - settled[0].ms) / 3_600_000;
    const isSmoke = seconds < LEAST_MINUTES * 60;
    return {
      targets: isSmoke
        ? [
            atMost(
              `heap after a collection ${over}, MB grown`,
              rounded(heapSlope * hours, 2),
              SMOKE_MB,
              from,
            ),
            atLeast(
              'share of requests with their 200',
              rounded(load.good.count / load.sent, 4),
              SMOKE_ANSWERED,
            ),
          ]
        : [
            atMost(`heap after a collection ${over}, MB an hour`, heapSlope, 5, from),
            atMost('requests without their 200', missed, 0),
            atMost('p99, collections by hand included, ms', rounded(load.good.p99Ms), 100),
            atMost('memory at its highest, MB', rounded(server.memory().peakMB), 512),
          ],
      figures: {
        soak: {
          heapSlope,
          buffersSlope: slope(({ buffersMB }) => buffersMB),
          residentSlope: slope(({ residentMB }) => residentMB),
          ...{ sent: load.sent, statuses: load.statuses, unanswered: load.unanswered, good: load.good },
          samples,
        },
      },
    };
  } finally {
    await server.stop();
  }
}

/** Of the same few people. */
function eventsAndQuestions(key: string, people: number): (nth: number) => Buffer {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const entities = [{ user_id: `user-${PERSON}` }];
  const of = (path: string, body: string) => numbered(httpRequest(path, body, headers), { people });
  const event = of('/v1/events', eventText());
  const prediction = of('/v1/predictions/purchase', JSON.stringify({ entities }));
  const list = of('/v1/recommendations', JSON.stringify({ entities, top: 10 }));
  return (nth) => (nth % ROUND === 0 ? prediction : nth % ROUND === 1 ? list : event)(nth);
}

/** Lets the server collect now and then and note what is left. */
function heapProbe(log: string, everyMs: number): readonly string[] {
  const code = `import { appendFileSync } from 'node:fs';
const start = performance.now();
setInterval(() => {
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const megabytes = (bytes) => bytes / 2 ** 20;
  appendFileSync(${JSON.stringify(log)}, JSON.stringify({ ms: performance.now() - start, heapMB: megabytes(heapUsed), buffersMB: megabytes(arrayBuffers), residentMB: megabytes(rss) }) + '\\n');
}, ${everyMs}).unref();`;
  return ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

/** Of the least-squares line. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (place: 0 | 1) => points.reduce((sum, point) => sum + point[place], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  const shared = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return spread === 0 ? 0 : shared / spread;
}
