// Far more than the server can do, for long: what it can do it goes on doing, the rest hears so at once, and then all is well.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast, atMost } from '../bench.ts';
import { type LoadFigures, openLoop, type SecondFigures } from './open-loop.ts';
import { OVERLOAD_KINDS, type OverloadKind, type OverloadShop } from './overload-kinds.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const CONNECTIONS = 256;
/** From one rate of the search for the peak to the next. */
const STEP = 1.25;
const STEP_SECONDS = 5;
const MOST_STEPS = 12;
/** Rates in a row that it cannot follow: one may be another program's doing. */
const MISSES = 2;
const TIMES = 4;
const SECONDS = 300;
const RECOVERY_SECONDS = 10;
const WARM_UP_SECONDS = 1;

export async function overload(work: ServeWork): Promise<Part> {
  const kinds = work.list('kinds', Object.keys(OVERLOAD_KINDS));
  const parts: Part[] = [];
  for (const name of kinds) {
    const kind = OVERLOAD_KINDS[name];
    if (!kind) throw new Error(`expected kinds of ${Object.keys(OVERLOAD_KINDS).join(', ')}, got ${name}`);
    const folder = join(work.folder, name);
    mkdirSync(folder);
    const shop = await kind.open({ ...work, folder });
    const server = await startServer({ ...shop, nodeArgs: work.nodeArgs });
    try {
      parts.push(await overloaded(name, { server, kind, shop, work }));
    } finally {
      await server.stop();
    }
  }
  return {
    targets: parts.flatMap(({ targets }) => targets),
    figures: { overload: Object.assign({}, ...parts.map(({ figures }) => figures)) },
  };
}

interface Overloaded {
  readonly server: ServerProcess;
  readonly kind: OverloadKind;
  readonly shop: OverloadShop;
  readonly work: ServeWork;
}

async function overloaded(name: string, { server, kind, shop, work }: Overloaded): Promise<Part> {
  const load = loader(server, shop, work.number('warm', WARM_UP_SECONDS));
  const afterSeconds = work.number('after', RECOVERY_SECONDS);
  const { steps, peak, answerMicros } = await findPeak(name, { load, kind, work });
  const memory: number[] = [];
  const sample = setInterval(() => memory.push(server.memory().nowMB), 1000);
  const health = askHealth(server);
  const under = await load(
    TIMES * peak,
    work.number('seconds', SECONDS),
    ({ second, good, refused, slowestRefusalMs }) => {
      if (second % 10 === 9)
        work.log(
          `${name}, second ${second}: ${good} good, ${refused} refused in ${rounded(slowestRefusalMs)} ms at most`,
        );
    },
  );
  clearInterval(sample);
  const healthy = health.end();
  const after = await load(0.5 * peak, afterSeconds);
  const recovered = after.perSecond.findIndex(({ good, refused }) => refused === 0 && good >= 0.45 * peak);
  // A machine that others use, too, is not the same all the time: what it would have answered at its peak's rate by now.
  const again = await load(peak, work.number('step', STEP_SECONDS));
  const half = memory.length >> 1;
  const growth = mean(memory.slice(half)) - mean(memory.slice(memory.length >> 2, half));
  const total = under.good.count + under.refused.count;
  const refusalMicros = Math.max(
    0,
    (under.serverMs * 1000 - under.good.count * answerMicros) / Math.max(1, under.refused.count),
  );
  return {
    targets: [
      atLeast(
        `${name}: goodput at ${TIMES} times the peak, share of the peak`,
        rounded(under.goodPerSecond / peak, 3),
        0.8,
        `peak ${rounded(peak)} requests/s, each ${kind.what}, ${rounded(again.goodPerSecond)} answered of as many after it; of the server's processor time, ${rounded(under.serverMs / under.seconds, 0)} ms a second, an answer took ${rounded(answerMicros, 0)} µs and a refusal ${rounded(refusalMicros, 0)}`,
      ),
      atMost(
        `${name}: refusals, p99 from the sending of the request, ms`,
        rounded(under.refusedFromSend.p99Ms),
        50,
        `${rounded(under.refused.count / Math.max(1, under.sent), 3)} of ${under.sent} refused; answered ones p99 ${rounded(under.good.p99Ms)} ms`,
      ),
      atLeast(
        `${name}: sent, share of ${TIMES} times the peak`,
        rounded(under.sent / (TIMES * peak * under.seconds), 3),
        0.99,
      ),
      atMost(`${name}: memory of its second half over its second quarter, MB`, rounded(growth), 20),
      atMost(`${name}: memory at its highest, MB`, rounded(server.memory().peakMB), 512),
      atMost(
        `${name}: seconds after it until everything is answered again`,
        recovered < 0 ? afterSeconds : recovered + 1,
        5,
      ),
      atMost(`${name}: requests that were neither answered nor refused`, under.sent - total, 0),
      atMost(
        `${name}: questions for its health without a 200`,
        healthy.failed,
        0,
        `${healthy.asked} asked, slowest ${rounded(healthy.slowestMs)} ms`,
      ),
    ],
    figures: {
      [name]: {
        ...{ steps, peak, answerMicros, refusalMicros, healthy, memory },
        under: brief(under),
        after: brief(after),
        again: brief(again),
      },
    },
  };
}

type Load = (
  rate: number,
  seconds: number,
  everySecond?: (second: SecondFigures) => void,
) => Promise<MeasuredLoad>;

interface MeasuredLoad extends LoadFigures {
  /** Processor time of the server, all threads, ms; of the requests that count. */
  readonly serverMs: number;
}

/** Rates one above the other until the server follows no longer; the most it answered is its peak. */
async function findPeak(
  name: string,
  { load, kind, work }: { readonly load: Load; readonly kind: OverloadKind; readonly work: ServeWork },
) {
  const steps: {
    readonly rate: number;
    readonly goodPerSecond: number;
    readonly p99Ms: number;
    /** Processor time of the server, µs an answer. */
    readonly micros: number;
  }[] = [];
  const stepSeconds = work.number('step', STEP_SECONDS);
  const mostSteps = work.number('steps', MOST_STEPS);
  // The first requests compile what the others run.
  await load(kind.from, stepSeconds);
  let missed = 0;
  for (let rate = kind.from; missed < MISSES && steps.length < mostSteps; rate = Math.round(rate * STEP)) {
    const { goodPerSecond, good, serverMs } = await load(rate, stepSeconds);
    const micros = (serverMs * 1000) / Math.max(1, good.count);
    steps.push({ rate, goodPerSecond, p99Ms: good.p99Ms, micros });
    work.log(`${name}, ${rate} requests/s, each ${kind.what}: ${JSON.stringify(steps.at(-1))}`);
    missed = goodPerSecond < 0.9 * rate ? missed + 1 : 0;
  }
  const peak = Math.max(...steps.map(({ goodPerSecond }) => goodPerSecond));
  const followed = steps.filter(({ rate, goodPerSecond }) => goodPerSecond >= 0.9 * rate);
  return { steps, peak, answerMicros: (followed.at(-1) ?? steps[0]).micros };
}

const loader = (server: ServerProcess, shop: OverloadShop, warmUpSeconds: number): Load => {
  let from = 0;
  return async (rate, seconds, everySecond) => {
    from += 1_000_000_000;
    const cpu = server.cpuMs();
    const figures = await openLoop({
      ...{ host: server.host, port: server.port, rate, seconds, connections: CONNECTIONS, warmUpSeconds },
      request: shop.requests(server.key, from),
      ...(everySecond && { everySecond }),
    });
    return {
      ...figures,
      serverMs: ((server.cpuMs() - cpu) * seconds) / (seconds + warmUpSeconds),
    };
  };
};

const HEALTH_EVERY_MS = 250;

/** Whether the server says that it lives, asked on a connection of its own until `end`. */
function askHealth({ host, port }: ServerProcess) {
  let asked = 0;
  let failed = 0;
  let slowestMs = 0;
  const timer = setInterval(async () => {
    const startMs = performance.now();
    asked++;
    const isWell = await fetch(`http://${host}:${port}/livez`).then(
      async (answer) => (await answer.json()) && answer.status === 200,
      () => false,
    );
    if (!isWell) failed++;
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }, HEALTH_EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      return { asked, failed, slowestMs };
    },
  };
}

const brief = ({ perSecond, ...figures }: MeasuredLoad) => ({
  ...figures,
  leastGoodInASecond: Math.min(...perSecond.slice(1, -1).map(({ good }) => good)),
});

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
