// A server that trains anew what it serves: beside the answering, cancelled with it, and gone when it is killed.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { formatMoment } from '../src/core/time.ts';
import { readRetraining } from '../src/registry/retraining-record.ts';
import { readRollout } from '../src/registry/rollout.ts';
import { showVersion } from '../src/registry/versions.ts';
import { type BuiltServer, startServer } from './flow/built-server.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { FIRST_DAY_MS, MADE_UP_HEADER, MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');
const on = ['--workspace', shop, '--threads', '1', '--lang', 'en'];
const mapping = write('map.yaml', MADE_UP_MAPPING);
const middle = formatMoment(FIRST_DAY_MS + 190 * 86_400_000);
const lines = madeUpCsv({ customers: 300, days: 250 }).trim().split('\n').slice(1);
const part = (isLater: boolean): string =>
  `${[MADE_UP_HEADER, ...lines.filter((line) => line.split(',')[2] >= middle === isLater)].join('\n')}\n`;

let key: string;
let running: BuiltServer | undefined;
beforeAll(async () => {
  await succeed('import', write('first.csv', part(false)), '--map', mapping, ...on);
  await succeed('train', 'purchase', '--horizon', '30d', '--model', 'logistic', ...on);
  ({ key } = JSON.parse((await succeed('keys', 'create', '--workspace', shop, '--json')).stdout));
}, 120_000);

afterEach(async () => {
  // What fails must not leave the shop served for the next one.
  running?.process.kill('SIGKILL');
  await running?.ended;
});

/** Trainings of this shop that run now. */
const trainings = (): number =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((args) => args.includes(' retrain purchase') && args.includes(shop)).length;

async function serve(...more: string[]): Promise<string> {
  running = await startServer(shop, '--follow', '0.2s', '--metrics', ...more);
  return running.url;
}

const ask = async (url: string): Promise<string> => {
  const reply = await fetch(`${url}/v1/predictions/purchase`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ entities: [{ user_id: 'c1' }] }),
  });
  if (reply.status !== 200) throw new Error(`${reply.status} ${await reply.text()}`);
  return ((await reply.json()) as { predictions: { model_version: string }[] }).predictions[0].model_version;
};

test.skipIf(process.platform === 'win32')(
  'new events become a new model beside the answering, tried on some people first',
  async () => {
    const url = await serve('--retrain', '1s', '--canary', '50%', '--canary-for', '1d');
    let isOver = false;
    let answers = 0;
    const asking = (async () => {
      for (; !isOver; answers++) {
        expect(await ask(url)).toMatch(/^v\d+-/);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const verdicts = () => readRetraining(models, 'purchase').map(({ verdict }) => verdict);
    // Trainings run at the lowest priority: on a busy machine they wait for all others.
    await expect.poll(verdicts, { timeout: 120_000 }).toContain('unchanged');
    write('later.csv', part(true));
    // The server brings its journal into the lake between trainings: whoever comes second is told so.
    await expect
      .poll(async () => (await foresell('import', join(dir, 'later.csv'), '--map', mapping, ...on)).code, {
        timeout: 60_000,
      })
      .toBe(0);
    const made = () => readRetraining(models, 'purchase').find(({ version }) => version !== null);
    await expect.poll(made, { timeout: 180_000 }).toBeDefined();
    const { verdict, service, said } = made() ?? {};
    expect(said).toMatch(/against .*difference/);
    // Which of the two it is, is the data's to say; each has its consequence.
    expect(service).toBe(verdict === 'accepted' ? 'canary' : null);
    expect(readRollout(models, 'purchase').current !== undefined).toBe(verdict === 'accepted');
    expect(showVersion(models, 'purchase', 'promoted').sequence).toBe(1);
    isOver = true;
    await asking;
    expect(answers).toBeGreaterThan(20);
    const figures = await (await fetch(`${url}/metrics`)).text();
    expect(figures).toMatch(/foresell_retraining_runs_total\{[^}]*unchanged[^}]*\} \d/);
    running?.process.kill('SIGTERM');
    expect((await running?.ended)?.code).toBe(0);
    expect(trainings()).toBe(0);
  },
  420_000,
);

test.skipIf(process.platform === 'win32')(
  'a training ends with its server, told to stop or killed',
  async () => {
    await foresell('models', 'canary', 'purchase', '--stop', ...on);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await serve('--retrain', '1s');
      await expect.poll(trainings, { timeout: 120_000, interval: 20 }).toBe(1);
      running?.process.kill(signal);
      expect((await running?.ended)?.code).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
      // At the lowest priority even an end may take a while on a busy machine.
      await expect.poll(trainings, { timeout: 60_000 }).toBe(0);
    }
  },
  300_000,
);
