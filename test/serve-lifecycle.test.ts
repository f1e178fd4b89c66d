// Models change under a running server: swapped, tried on some people, followed in the shadow, taken back, promoted.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWorkspace } from '../src/data/workspace.ts';
import { promote, UNWATCHED } from '../src/registry/promotion.ts';
import { endRollout, readRollout, startRollout } from '../src/registry/rollout.ts';
import { readRolloutFigures } from '../src/registry/rollout-figures.ts';
import { listVersions } from '../src/registry/versions.ts';
import type { Prediction, RecommendationList } from '../src/serve/api.ts';
import type { RolloutObserver } from '../src/serve/lifecycle/rollout-observer.ts';
import { shareOfUsers } from '../src/serve/lifecycle/user-share.ts';
import { openService, type ShopService } from '../src/serve/open-service.ts';
import { type RunningServer, runServer } from '../src/serve/run-server.ts';
import { succeed, testFolder } from './flow/command.ts';
import { FIRST_DAY_MS, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');
const on = ['--workspace', shop, '--threads', '2', '--lang', 'en'];
const AS_OF = FIRST_DAY_MS + 150 * 86_400_000;
const users = Array.from({ length: 400 }, (_, i) => `c${i}`);

let key: string;
let service: ShopService;
let server: RunningServer;
const clock = { ms: AS_OF + 1_000_000 };
const heard: string[] = [];
const observer: RolloutObserver = {
  started: (task, { version }) => heard.push(`started ${task} ${version.split('-')[0]}`),
  measured: () => {},
  ended: (task, { version, outcome, reason }) =>
    heard.push(`${outcome} ${task} ${version.split('-')[0]} ${reason ?? ''}`.trim()),
  troubled: (task, error) => heard.push(`trouble ${task} ${String(error)}`),
};

beforeAll(async () => {
  const mapping = write(
    'map.yaml',
    (await succeed('import', write('o.csv', madeUpCsv()), '--propose', ...on)).stdout,
  );
  await succeed('import', join(dir, 'o.csv'), '--map', mapping, ...on);
  const purchase = ['train', 'purchase', '--horizon', '30d'];
  await succeed(...purchase, '--model', 'logistic', ...on);
  await succeed(...purchase, '--model', 'bg-nbd', '--no-promote', ...on);
  await succeed('train', 'purchase', '--horizon', '7d', '--model', 'logistic', '--no-promote', ...on);
  await succeed('train', 'next-item', '--model', 'item-knn', ...on);
  await succeed('train', 'next-item', '--model', 'sequential-rules', '--no-promote', ...on);
  ({ key } = JSON.parse((await succeed('keys', 'create', '--workspace', shop, '--json')).stdout));
  await start();
}, 300_000);
afterAll(() => server?.close());

async function start(): Promise<void> {
  service = await openService(openWorkspace(shop), {
    ...{ name: 'shop', threads: 1, now: () => clock.ms, newId: randomUUID, onTrial: observer },
  });
  server = await runServer({
    shops: new Map([['shop', { service, workspaceDir: shop }]]),
    ...{ host: '127.0.0.1', port: 0, followMs: 3_600_000, settleMs: 3_600_000, now: () => clock.ms },
    // A busy machine must not be taken for a model that fails.
    server: { pressure: { turnMs: 60_000 } },
  });
}

async function ask<Answer>(path: string, body: object): Promise<readonly Answer[]> {
  const reply = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ as_of: AS_OF, ...body }),
  });
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`${reply.status} ${text}`);
  const { predictions, lists } = JSON.parse(text);
  return predictions ?? lists;
}
const entities = (ids: readonly string[]) => ids.map((user_id) => ({ user_id }));
const predict = (ids: readonly string[]) =>
  ask<Prediction>('/v1/predictions/purchase', { entities: entities(ids) });
const recommend = (ids: readonly string[]) =>
  ask<RecommendationList>('/v1/recommendations', { entities: entities(ids), top: 5 });

const versions = (task: string): readonly string[] =>
  listVersions(models, task).versions.map(({ version }) => version);
const swap = async (task: string, version: string): Promise<void> => {
  promote(models, { task, reference: version, watch: UNWATCHED }, { atMs: clock.ms++ });
  await server.follow();
};
const shownValue = ({ value }: Prediction) => value;
const itemsOf = ({ items }: RecommendationList) => JSON.stringify(items);

/** What each version says of each person, asked while it answers alone. */
async function truth<Answer extends { model_version: string; user_id?: string }>(
  task: string,
  asking: (ids: readonly string[]) => Promise<readonly Answer[]>,
  told: (answer: Answer) => unknown,
): Promise<(answer: Answer) => boolean> {
  const known = new Map<string, unknown>();
  for (const version of [...versions(task)].reverse()) {
    await swap(task, version);
    for (let at = 0; at < users.length; at += 100)
      for (const answer of await asking(users.slice(at, at + 100))) {
        expect(answer.model_version).toBe(version);
        known.set(`${version} ${answer.user_id}`, told(answer));
      }
  }
  return (answer) => {
    const name = `${answer.model_version} ${answer.user_id}`;
    return known.has(name) && known.get(name) === told(answer);
  };
}

describe.each([
  {
    task: 'purchase',
    asking: predict as (ids: readonly string[]) => Promise<readonly object[]>,
    told: shownValue,
  },
  { task: 'next-item', asking: recommend, told: itemsOf },
])('$task, promoted again and again under requests', ({ task, asking, told }) => {
  test('fails for nobody, and no answer is of another version than it says', async () => {
    const isTrue = await truth(task, asking as never, told as never);
    const [first, second] = versions(task);
    let isOver = false;
    const seen: object[] = [];
    const asker = async (own: number): Promise<void> => {
      for (let at = own; !isOver; at += 7)
        seen.push(...(await asking([users[at % 400], users[(at * 3) % 400]])));
    };
    const askers = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(asker));
    for (let round = 0; round < 10; round++) await swap(task, round % 2 === 0 ? second : first);
    isOver = true;
    await askers;
    expect(seen.filter((answer) => !isTrue(answer as never))).toEqual([]);
    const answered = new Set(seen.map((answer) => (answer as Prediction).model_version));
    expect([...answered].sort()).toEqual([first, second].sort());
  });
});

describe('a version that is promoted at once', () => {
  const promoted = async (reference: string, limits: object): Promise<void> => {
    heard.length = 0;
    const watch = {
      forMs: 60_000,
      limits: { ...UNWATCHED.limits, leastAnswers: 40, latencyRatio: 1000, ...limits },
    };
    promote(models, { task: 'purchase', reference, watch }, { atMs: clock.ms++ });
    await server.follow();
  };
  const answering = async (): Promise<ReadonlySet<string>> =>
    new Set((await predict(users.slice(0, 100))).map(({ model_version }) => model_version));

  test('is taken back where its scores are others of the same people, and stays so after a restart', async () => {
    const [first, second] = versions('purchase');
    await swap('purchase', first);
    expect(await answering()).toEqual(new Set([first]));
    await promoted('v2', { scoreShift: 0.02 });
    expect(await answering()).toEqual(new Set([second]));
    for (const user of users) await predict([user]);
    await expect
      .poll(() => heard, { timeout: 5000 })
      .toEqual(['started purchase v2', 'rolled-back purchase v2 score-shift']);
    expect(await answering()).toEqual(new Set([first]));
    await server.follow();
    expect(await answering()).toEqual(new Set([first]));
    const listed = (await succeed('models', 'list', 'purchase', ...on)).stdout;
    expect(listed).toMatch(/taken back .* score-shift/);
    await server.close();
    await start();
    expect(await answering()).toEqual(new Set([first]));
    await expect(succeed('models', 'canary', 'purchase', 'v2', ...on)).rejects.toThrow(/taken back before/);
  });

  test('goes on where it stays within its limits, and is watched no longer after its time', async () => {
    const [, second] = versions('purchase');
    await promoted('v2', { scoreShift: 9 });
    for (const user of users.slice(0, 100)) await predict([user]);
    clock.ms += 30_000;
    await server.follow();
    expect(heard).toEqual(['started purchase v2']);
    clock.ms += 31_000;
    await server.follow();
    expect(heard).toEqual(['started purchase v2', 'kept purchase v2']);
    expect(await answering()).toEqual(new Set([second]));
  });

  test('is watched as the command says', async () => {
    const promoting = ['models', 'promote', 'purchase'];
    await succeed(...promoting, 'v1', '--watch', 'off', ...on);
    await succeed(...promoting, 'v2', '--watch', '6h', '--max-shift', '3', ...on);
    const { trials } = JSON.parse((await succeed('models', 'list', 'purchase', '--json', ...on)).stdout);
    expect(trials[0].watched).toMatchObject({
      ...{ version: versions('purchase')[1], before: versions('purchase')[0] },
      limits: { score_shift: 3, error_share: 0.01 },
    });
    expect((await succeed('models', 'list', 'purchase', ...on)).stdout).toMatch(/watched until /);
    await expect(succeed('models', 'rollback', 'purchase', '--watch', '1h', ...on)).rejects.toThrow(
      /no option/,
    );
    await succeed(...promoting, 'v1', '--watch', 'off', ...on);
  });
});

describe('a canary', () => {
  test.each([
    {
      task: 'purchase',
      asking: predict as (ids: readonly string[]) => Promise<readonly object[]>,
      told: shownValue,
    },
    { task: 'next-item', asking: recommend, told: itemsOf },
  ])(
    'of $task answers its share of people, always the same, each with its own version',
    async ({ task, asking, told }) => {
      const isTrue = await truth(task, asking as never, told as never);
      const [first, second] = versions(task);
      const { stdout } = await succeed(
        'models',
        'canary',
        task,
        'v2',
        '--share',
        '30%',
        '--max-shift',
        '9',
        '--json',
        ...on,
      );
      expect(JSON.parse(stdout).current).toMatchObject({ mode: 'canary', share: 0.3, version: second });
      await server.follow();
      const salt = readRollout(models, task).current?.salt ?? '';
      const isDrawn = shareOfUsers(salt, 0.3);
      for (const ids of [users.slice(0, 150), users.slice(0, 10), [users[5]], [users[6]]])
        for (const answer of (await asking(ids)) as { model_version: string; user_id: string }[]) {
          expect(answer.model_version).toBe(isDrawn(answer) ? second : first);
          expect(isTrue(answer as never)).toBe(true);
        }
      await succeed('models', 'canary', task, '--stop', ...on);
      await server.follow();
      const after = (await asking(users.slice(0, 50))) as { model_version: string }[];
      expect(new Set(after.map(({ model_version }) => model_version))).toEqual(new Set([first]));
    },
    30_000,
  );

  test('whose answers are of another kind is taken back by the server, said so, and not begun again', async () => {
    const [first, , shifted] = versions('purchase');
    await swap('purchase', first);
    heard.length = 0;
    // The chance of buying within a week, where everybody else is told that of a month.
    startRollout(
      models,
      { task: 'purchase', reference: shifted, mode: 'canary', share: 0.5, limits: { leastAnswers: 40 } },
      { atMs: clock.ms, salt: 'week' },
    );
    await server.follow();
    for (const user of users) await predict([user]);
    await expect.poll(() => heard).toEqual(['started purchase v3', 'rolled-back purchase v3 score-shift']);
    const { current, ended } = readRollout(models, 'purchase');
    expect(current).toBeUndefined();
    expect(ended.at(-1)).toMatchObject({ version: shifted, outcome: 'rolled-back', reason: 'score-shift' });
    expect(ended.at(-1)?.said).toMatch(/population stability index/);
    const everybody = await predict(users.slice(0, 100));
    expect(new Set(everybody.map(({ model_version }) => model_version))).toEqual(new Set([first]));
    const listed = (await succeed('models', 'list', 'purchase', ...on)).stdout;
    expect(listed).toMatch(/taken back .* score-shift/);

    // Nor after a restart; a person may say it again.
    await server.close();
    await start();
    const later = await predict(users.slice(0, 100));
    expect(new Set(later.map(({ model_version }) => model_version))).toEqual(new Set([first]));
    await expect(succeed('models', 'canary', 'purchase', 'v3', ...on)).rejects.toThrow(/taken back before/);
    await succeed('models', 'canary', 'purchase', 'v3', '--again', ...on);
    await succeed('models', 'canary', 'purchase', '--stop', ...on);
  });

  test('that stays within its limits is promoted when its time is over, and not before', async () => {
    const [first, second] = versions('purchase');
    heard.length = 0;
    startRollout(
      models,
      {
        ...{ task: 'purchase', reference: second, mode: 'canary', share: 0.5, promoteAfterMs: 60_000 },
        limits: { leastAnswers: 40, scoreShift: 5, latencyRatio: 1000, errorShare: 0.5 },
      },
      { atMs: clock.ms, salt: 'minute' },
    );
    await server.follow();
    for (const user of users.slice(0, 200)) await predict([user]);
    await server.follow();
    expect(
      (await predict([users[0], users[1], users[2], users[3]])).some(
        ({ model_version }) => model_version === first,
      ),
    ).toBe(true);
    clock.ms += 61_000;
    await server.follow();
    await server.follow();
    expect(heard).toEqual(['started purchase v2', 'promoted purchase v2']);
    const everybody = await predict(users.slice(0, 100));
    expect(new Set(everybody.map(({ model_version }) => model_version))).toEqual(new Set([second]));
    expect(readRollout(models, 'purchase').current).toBeUndefined();
  });

  test('that cannot be loaded ends at once with the reason', async () => {
    const [first] = versions('purchase');
    await swap('purchase', versions('purchase')[1]);
    startRollout(
      models,
      { task: 'purchase', reference: first, mode: 'canary', share: 1 },
      { atMs: 1, salt: 'x' },
    );
    appendFileSync(join(models, 'purchase', first, 'bundle.json'), ' ');
    heard.length = 0;
    await server.follow();
    expect(heard).toEqual(['rolled-back purchase v1 errors']);
    expect(readRollout(models, 'purchase').ended.at(-1)?.said).toMatch(
      /cannot answer: .*bundle\.json was refused/,
    );
    expect((await predict([users[0]]))[0].model_version).toBe(versions('purchase')[1]);
  });
});

test('a shadow is asked beside the answers and compared, and nobody is told what it says', async () => {
  const [first, second] = versions('next-item');
  await swap('next-item', first);
  await succeed('models', 'shadow', 'next-item', 'v2', ...on);
  await server.follow();
  // A busy machine leaves shadows out: they are asked for again until enough were heard.
  const measured = async (): Promise<number> => {
    for (const user of users.slice(0, 60)) expect((await recommend([user]))[0].model_version).toBe(first);
    clock.ms += 20_000;
    await server.follow();
    const salt = readRollout(models, 'next-item').current?.salt ?? '';
    const compared = readRolloutFigures(models, 'next-item', salt)?.figures.compared;
    return (compared as { pairs: number } | undefined)?.pairs ?? 0;
  };
  await expect.poll(measured, { timeout: 20_000 }).toBeGreaterThan(20);
  const { trials } = JSON.parse((await succeed('models', 'list', 'next-item', '--json', ...on)).stdout);
  expect(trials[0].current).toMatchObject({ mode: 'shadow', version: second, share: 1 });
  const { compared } = trials[0].measured;
  expect(compared.mean_absolute_difference).toBeGreaterThan(0);
  expect(compared.mean_absolute_difference).toBeLessThanOrEqual(1);
  endRollout(models, { task: 'next-item', outcome: 'stopped', endedMs: clock.ms });
});
