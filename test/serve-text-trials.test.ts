// Models of texts change under questions: tried on some texts, followed in the shadow, taken back, promoted and watched.
import { randomUUID } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { POINTER_FILE } from '../src/registry/pointer.ts';
import { promote, UNWATCHED } from '../src/registry/promotion.ts';
import { endRollout, readRollout, startRollout } from '../src/registry/rollout.ts';
import { readRolloutFigures } from '../src/registry/rollout-figures.ts';
import { listVersions, showVersion } from '../src/registry/versions.ts';
import type { RolloutObserver } from '../src/serve/lifecycle/rollout-observer.ts';
import { shareOfUsers } from '../src/serve/lifecycle/user-share.ts';
import { openTexts, type TextsInService } from '../src/serve/text-tasks/texts-in-service.ts';
import { succeed, testFolder } from './flow/command.ts';
import { madeUpTexts, TEXTS_FROM_MS, TEXTS_HEAD, TEXTS_MAPPING } from './flow/made-up-texts.ts';

const TASK = 'satisfaction';
const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');
const on = ['--workspace', shop, '--lang', 'en', '--threads', '1'];
const OWN = ['--own', 'width=16,blocks=1,heads=2,length=16,vocabulary=300,steps=20'];

let texts: TextsInService;
let first: string;
let second: string;
let nowMs = Date.now();
let heard: string[];
const observer: RolloutObserver = {
  started: (_, { mode, version }) => heard.push(`${mode} ${version.split('-')[0]}`),
  measured: () => {},
  ended: (_, { version, outcome, reason = '' }) =>
    heard.push(`${outcome} ${version.split('-')[0]} ${reason}`.trim()),
  troubled: (_, error) => heard.push(`trouble ${String(error)}`),
};
const asked = Array.from(
  { length: 240 },
  (_, n) => `${n % 2 ? 'soft and lovely, fits' : 'scratchy, it tore'} number ${n}`,
);
const ask = async (some: readonly string[]) => {
  const { answerer } = texts;
  if (!answerer) throw new Error('expected a model of texts');
  return answerer.answer({ task: TASK, texts: some });
};

beforeAll(async () => {
  const file = write('texts.csv', `${[TEXTS_HEAD, ...madeUpTexts()].join('\n')}\n`);
  await succeed('import', file, '--map', write('texts.yaml', TEXTS_MAPPING), ...on);
  const until = new Date(TEXTS_FROM_MS + 90 * 86_400_000).toISOString().slice(0, 10);
  const training = ['train', TASK, '--as-of', until, ...OWN, ...on];
  await succeed(...training, '--set', 'epochs=4,members=1,length=16');
  await succeed(...training, '--set', 'epochs=1,members=1,length=16', '--seed', '9', '--no-promote');
  [first, second] = listVersions(models, TASK).versions.map(({ version }) => version);
}, 240_000);
beforeEach(async () => {
  heard = [];
  promote(models, { task: TASK, reference: first, watch: UNWATCHED }, { atMs: ++nowMs });
  texts = openTexts({ modelsDir: models, now: () => nowMs, newId: randomUUID, observer });
  await texts.refresh();
});
afterEach(async () => {
  endRollout(models, { task: TASK, outcome: 'stopped', endedMs: nowMs });
  await texts.close();
});

test('a version that nobody promoted answers nobody', async () => {
  const unpromoted = join(dir, 'unpromoted');
  cpSync(join(models, TASK), join(unpromoted, TASK), { recursive: true });
  rmSync(join(unpromoted, TASK, POINTER_FILE));
  const opened = openTexts({ modelsDir: unpromoted, now: () => nowMs, newId: randomUUID });
  expect(await opened.refresh()).toEqual({ changes: [], faults: [] });
  expect(opened.answerer).toBeUndefined();
  await opened.close();
});

test('a canary answers its share of texts, the same text always on the same side, each by the version it names', async () => {
  const truth = new Map((await ask(asked)).map(({ value }, n) => [`${first} ${n}`, value]));
  startRollout(
    models,
    { task: TASK, reference: second, mode: 'canary', share: 0.4, limits: { scoreShift: 99 } },
    { atMs: nowMs, salt: 'texts' },
  );
  await texts.refresh();
  const isDrawn = shareOfUsers('texts', 0.4);
  const together = await ask(asked);
  expect(together.filter(({ model_version }) => model_version === second).length).toBeGreaterThan(60);
  together.forEach(({ model_version, value }, n) => {
    expect(model_version).toBe(isDrawn({ text: asked[n] }) ? second : first);
    if (model_version === first) expect(value).toBeCloseTo(truth.get(`${first} ${n}`) as number, 5);
  });
  for (const n of [0, 7, 11]) {
    const [alone] = await ask([asked[n]]);
    expect(alone.model_version).toBe(together[n].model_version);
  }
  expect(heard).toEqual(['canary v2']);
}, 60_000);

test('a shadow is asked about the same texts and compared, and nobody is told what it says', async () => {
  startRollout(
    models,
    { task: TASK, reference: second, mode: 'shadow', share: 1, limits: { scoreShift: 99 } },
    { atMs: nowMs, salt: 'shadow' },
  );
  await texts.refresh();
  let next = 0;
  // On a busy machine some are dropped, as they should be.
  const pairs = async (): Promise<number> => {
    for (let turn = 0; turn < 5; turn++)
      expect((await ask([asked[next++ % asked.length]]))[0].model_version).toBe(first);
    nowMs += 20_000;
    await texts.refresh();
    const compared = readRolloutFigures(models, TASK, 'shadow')?.figures.compared;
    return (compared as { pairs: number } | undefined)?.pairs ?? 0;
  };
  await expect.poll(pairs, { timeout: 40_000 }).toBeGreaterThan(4);
}, 60_000);

test('one that is promoted at once and whose scores are others of the same texts is taken back', async () => {
  const limits = { ...UNWATCHED.limits, leastAnswers: 40, scoreShift: 0.02, latencyRatio: 1000 };
  promote(models, { task: TASK, reference: second, watch: { forMs: 60_000, limits } }, { atMs: ++nowMs });
  await texts.refresh();
  expect((await ask(asked.slice(0, 1)))[0].model_version).toBe(second);
  const look = async (): Promise<readonly string[]> => {
    for (let at = 0; at < asked.length; at += 30) await ask(asked.slice(at, at + 30));
    return heard;
  };
  await expect.poll(look, { timeout: 20_000 }).toEqual(['watch v2', 'rolled-back v2 score-shift']);
  expect(showVersion(models, TASK).version).toBe(first);
  await texts.refresh();
  expect((await ask(asked.slice(0, 1)))[0].model_version).toBe(first);
  expect(readRollout(models, TASK).ended.at(-1)).toMatchObject({ mode: 'watch', outcome: 'rolled-back' });
}, 60_000);
