// Far more than the server can do, for long: what it can do it goes on doing, the rest hears so at once, and then all is well.
import { join } from 'node:path';
import { createWorkspace } from '../../src/data/workspace.ts';
import { atLeast, atMost } from '../bench.ts';
import { eventText } from './ingest.ts';
import { type LoadFigures, openLoop, type SecondFigures } from './open-loop.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { httpRequest, numbered } from './requests.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** Events a request: with single ones the generator, on the same two cores, could not send four times what the server takes. */
const BATCH = 100;
/** So few that what is kept of each, a thousand events, is full within the first minute. */
const PEOPLE = 2000;
const CONNECTIONS = 256;
/** Requests a second at which the peak is looked for. */
const STEPS = [400, 550, 700, 850, 1000, 1200];
const STEP_SECONDS = 5;
const TIMES = 4;
const SECONDS = 300;
const RECOVERY_SECONDS = 10;
const WARM_UP_SECONDS = 1;

export async function overload(work: ServeWork): Promise<Part> {
  const workspace = join(work.folder, 'shop');
  createWorkspace(workspace, { currency: 'EUR' });
  const server = await startServer({ workspace, nodeArgs: work.nodeArgs });
  try {
    return await overloaded(server, work);
  } finally {
    await server.stop();
  }
}

async function overloaded(server: ServerProcess, work: ServeWork): Promise<Part> {
  const load = loader(server, work.number('warm', WARM_UP_SECONDS));
  const afterSeconds = work.number('after', RECOVERY_SECONDS);
  const steps: { readonly rate: number; readonly goodPerSecond: number; readonly p99Ms: number }[] = [];
  for (const rate of STEPS) {
    const { goodPerSecond, good } = await load(rate, work.number('step', STEP_SECONDS));
    steps.push({ rate, goodPerSecond, p99Ms: good.p99Ms });
    work.log(`${rate} requests/s of ${BATCH} events: ${JSON.stringify(steps.at(-1))}`);
    if (goodPerSecond < 0.9 * rate) break;
  }
  const peak = Math.max(...steps.map(({ goodPerSecond }) => goodPerSecond));
  const memory: number[] = [];
  const sample = setInterval(() => memory.push(server.memory().nowMB), 1000);
  const under = await load(
    TIMES * peak,
    work.number('seconds', SECONDS),
    ({ second, good, refused, slowestRefusalMs }) => {
      if (second % 10 === 9)
        work.log(
          `second ${second}: ${good} good, ${refused} refused in ${rounded(slowestRefusalMs)} ms at most`,
        );
    },
  );
  clearInterval(sample);
  const after = await load(0.5 * peak, afterSeconds);
  const recovered = after.perSecond.findIndex(({ good, refused }) => refused === 0 && good >= 0.45 * peak);
  const half = memory.length >> 1;
  const growth = mean(memory.slice(half)) - mean(memory.slice(memory.length >> 2, half));
  const total = under.good.count + under.refused.count;
  return {
    targets: [
      atLeast(
        `goodput at ${TIMES} times the peak, share of the peak`,
        rounded(under.goodPerSecond / peak, 3),
        0.8,
        `peak ${rounded(peak)} requests/s of ${BATCH} events`,
      ),
      atMost('refusals, p99 from the sending of the request, ms', rounded(under.refusedFromSend.p99Ms), 50),
      atMost('memory of its second half over its second quarter, MB', rounded(growth), 20),
      atMost('memory at its highest, MB', rounded(server.memory().peakMB), 512),
      atMost(
        'seconds after it until everything is answered again',
        recovered < 0 ? afterSeconds : recovered + 1,
        5,
      ),
      atMost('requests that were neither answered nor refused', under.sent - total, 0),
    ],
    figures: { overload: { steps, peak, under: brief(under), after: brief(after), memory } },
  };
}

const loader = (server: ServerProcess, warmUpSeconds: number) => {
  const headers = { authorization: `Bearer ${server.key}`, 'content-type': 'application/x-ndjson' };
  const batch = httpRequest('/v1/events', Array.from({ length: BATCH }, eventText).join('\n'), headers);
  let from = 0;
  return (
    rate: number,
    seconds: number,
    everySecond?: (second: SecondFigures) => void,
  ): Promise<LoadFigures> => {
    from += 1_000_000_000;
    return openLoop({
      ...{ host: server.host, port: server.port, rate, seconds, connections: CONNECTIONS, warmUpSeconds },
      request: numbered(batch, { from, people: PEOPLE }),
      ...(everySecond && { everySecond }),
    });
  };
};

const brief = ({ perSecond, ...figures }: LoadFigures) => ({
  ...figures,
  leastGoodInASecond: Math.min(...perSecond.slice(1, -1).map(({ good }) => good)),
});

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
