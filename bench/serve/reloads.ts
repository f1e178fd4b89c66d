// Models exchanged again and again under load: no request fails, and none is answered by a bit of each.
import { setTimeout as pause } from 'node:timers/promises';
import { openWorkspace, workspacePaths } from '../../src/data/workspace.ts';
import { promote, UNWATCHED } from '../../src/registry/promotion.ts';
import { listVersions } from '../../src/registry/versions.ts';
import { atLeast, atMost } from '../bench.ts';
import { post } from './fresh.ts';
import { openLoop } from './open-loop.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { httpRequest, PERSON } from './requests.ts';
import { userId } from './served-shop.ts';
import { runCommand, type ServerProcess, startServer } from './server-process.ts';

const TASK = 'purchase';
const PATH = `/v1/predictions/${TASK}`;
const RELOADS = 100;
const RATE = 500;
/** Asked about in turn. */
const PEOPLE = 200;
/** Time for a version to be found, loaded, warmed up and to answer for a while. */
const EACH_MS = 600;

interface Answered {
  readonly model_version: string;
  readonly value: number | null;
}

/** Two versions take turns; what each says of everybody is known beforehand. */
export async function reloads(work: ServeWork): Promise<Part> {
  const shop = await work.servedShop();
  const models = workspacePaths.models(openWorkspace(shop.dir));
  const versions = (): readonly string[] => listVersions(models, TASK).versions.map(({ version }) => version);
  if (versions().length < 2)
    runCommand(
      'train',
      TASK,
      '--model',
      'gbdt',
      '--horizon',
      '30d',
      '--seed',
      '2',
      '--workspace',
      shop.dir,
      '--json',
    );
  const [one, other] = versions();
  const server = await startServer({
    workspace: shop.dir,
    nodeArgs: work.nodeArgs,
    args: ['--threads', '1', '--follow', '0.1s'],
  });
  try {
    const people = Math.min(PEOPLE, shop.users);
    const asOf = Date.now();
    const known = new Map<string, readonly (number | null)[]>();
    for (const version of [one, other]) {
      promote(models, { task: TASK, reference: version, watch: UNWATCHED }, { atMs: Date.now() });
      known.set(version, await answersOf(server, { version, people, asOf }));
    }
    const differing = known.get(one)?.filter((value, user) => value !== known.get(other)?.[user]).length ?? 0;
    const wanted = work.number('reloads', RELOADS);
    let isOver = false;
    const exchanging = (async () => {
      for (let turn = 0; turn < wanted && !isOver; turn++) {
        promote(
          models,
          { task: TASK, reference: turn % 2 === 0 ? one : other, watch: UNWATCHED },
          { atMs: Date.now() },
        );
        await pause(EACH_MS);
      }
    })();
    const seen = { mixed: 0, changes: 0, last: other };
    const request = asked(server, { people, asOf });
    const load = await openLoop({
      ...{ host: server.host, port: server.port, rate: RATE, connections: 64 },
      ...{ seconds: (wanted * EACH_MS) / 1000, request },
      answered(nth, status, body) {
        if (status !== 200) return;
        const { predictions } = JSON.parse(body.toString()) as { predictions: readonly Answered[] };
        const [{ model_version: version, value }] = predictions;
        if (known.get(version)?.[nth % people] !== value) seen.mixed++;
        if (version !== seen.last) seen.changes++;
        seen.last = version;
      },
    });
    isOver = true;
    await exchanging;
    work.log(JSON.stringify({ ...seen, differing, good: load.good }));
    return {
      targets: [
        atLeast(
          'reloads seen in the answers',
          seen.changes,
          Math.floor(0.95 * wanted),
          `${differing} of ${people} people are told otherwise by the other version`,
        ),
        atMost(`failed answers of ${load.sent} at ${RATE} requests/s`, load.sent - load.good.count, 0),
        atMost('answers with another value than their version gives', seen.mixed, 0),
        atMost('p99 meanwhile, ms', rounded(load.good.p99Ms), 100),
      ],
      figures: { reloads: { ...seen, differing, good: load.good, statuses: load.statuses } },
    };
  } finally {
    await server.stop();
  }
}

/** Waits until the version answers. */
async function answersOf(
  server: ServerProcess,
  { version, people, asOf }: { readonly version: string; readonly people: number; readonly asOf: number },
): Promise<readonly (number | null)[]> {
  const entities = Array.from({ length: people }, (_, user) => ({ user_id: userId(user) }));
  for (;;) {
    const { predictions } = (await post(server, PATH, { entities, as_of: asOf })) as {
      predictions: readonly Answered[];
    };
    if (predictions.every(({ model_version }) => model_version === version))
      return predictions.map(({ value }) => value);
    await pause(50);
  }
}

/** The nth asks about person n mod `people`. */
function asked(server: ServerProcess, { people, asOf }: { readonly people: number; readonly asOf: number }) {
  const headers = { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ entities: [{ user_id: `user-${PERSON}` }], as_of: asOf });
  const template = httpRequest(PATH, body, headers);
  const requests = Array.from({ length: people }, (_, user) =>
    Buffer.from(
      template.toString('latin1').replace(PERSON, String(user).padStart(PERSON.length, '0')),
      'latin1',
    ),
  );
  return (nth: number): Buffer => requests[nth % people];
}
