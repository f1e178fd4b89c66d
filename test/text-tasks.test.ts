// Questions about a shop's texts from the command line: satisfaction, purchases after searches and after messages.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { succeed, testFolder } from './flow/command.ts';
import { madeUpTexts, TELLING, TEXTS_FROM_MS, TEXTS_HEAD, TEXTS_MAPPING } from './flow/made-up-texts.ts';

const { dir, write } = testFolder();
const DAY = 86_400_000;
const shop = join(dir, 'shop');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en', '--threads', '1'];
/** As little of an encoder as answers at all: what is tested is the way from the log to the answers. */
const SMALL = [
  '--own',
  'width=16,blocks=1,heads=2,length=16,vocabulary=300,steps=20',
  '--set',
  'epochs=2,members=1,length=16',
];

const until = (days: number): string => new Date(TEXTS_FROM_MS + days * DAY).toISOString().slice(0, 10);
const load = async (lines: readonly string[], place = shop) => {
  const file = write(`texts${Math.random()}.csv`, `${[TEXTS_HEAD, ...lines].join('\n')}\n`);
  await succeed('import', file, '--map', write('texts.yaml', TEXTS_MAPPING), '--workspace', place);
};
interface Trained {
  readonly model_version: string;
  readonly metrics: Readonly<Record<string, { readonly value: number }>>;
  readonly baselines: Readonly<Record<string, Readonly<Record<string, { readonly value: number }>>>>;
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly texts: { readonly read: number; readonly learned_from: number; readonly tested: number };
}
async function train(task: string, ...options: string[]): Promise<Trained> {
  const { stdout } = await succeed(...on('train', task, ...SMALL, '--json', ...options));
  return JSON.parse(stdout) as Trained;
}
type Row = Readonly<Record<string, string | number | null>>;
async function predict(task: string, place: string, ...options: string[]): Promise<readonly Row[]> {
  const out = join(dir, `answers${Math.random()}.ndjson`);
  await succeed('predict', task, '--out', out, ...options, '--workspace', place, '--threads', '1');
  const text = readFileSync(out, 'utf8').trim();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Row);
}
const wordsIn = (rows: readonly Row[], column: string): string[] =>
  rows.flatMap((row) =>
    String(row[column] ?? '')
      .split(' · ')
      .filter(Boolean),
  );
const share = (words: readonly string[], known: readonly string[]): number =>
  words.filter((word) => known.includes(word)).length / words.length;

const lines = madeUpTexts();
let rated: Trained;
beforeAll(async () => {
  await load(lines);
  rated = await train('satisfaction', '--as-of', until(90));
}, 120_000);

describe('satisfaction', () => {
  test('is learned from earlier reviews and beats everyone’s rate on later ones', async () => {
    expect(rated.texts).toEqual({ read: 300, learned_from: 226, tested: 74 });
    expect(rated.protocol).toMatchObject({
      test_as_of: [until(90)],
      interval: expect.stringContaining('by item'),
    });
    expect(rated.metrics.roc_auc.value).toBeGreaterThan(0.8);
    expect(rated.metrics.log_loss.value).toBeLessThan(0.8 * rated.baselines.rate.log_loss.value);
  });

  test('answers reviews and messages with the words that mattered, and marks what it may have learned from', async () => {
    const rows = await predict('satisfaction', shop, '--since', until(80), '--words', '1');
    const days = (row: Row) => (Date.parse(String(row.timestamp)) - TEXTS_FROM_MS) / DAY;
    expect(new Set(rows.map((row) => row.event_type))).toEqual(new Set(['review', 'message']));
    for (const row of rows) {
      expect(row.rating === null).toBe(row.event_type === 'message');
      expect(row.learned_from).toBe(row.event_type === 'review' && days(row) <= 90 ? 'yes' : null);
    }
    const reviews = rows.filter((row) => row.event_type === 'review');
    // One word in seven tells anything, and half of those speak the other way.
    expect(share(wordsIn(reviews, 'words_for'), TELLING.good)).toBeGreaterThan(0.5);
    expect(share(wordsIn(reviews, 'words_against'), TELLING.bad)).toBeGreaterThan(0.5);
  });
});

describe.each([
  ['query-purchase', 'search'],
  ['message-purchase', 'message'],
] as const)('%s', (task, type) => {
  test('is learned from texts whose day is over, and beats everyone’s rate', async () => {
    const run = await train(task, '--as-of', until(90));
    expect(run.metrics.roc_auc.value).toBeGreaterThan(0.7);
    expect(Object.keys(run.baselines)).toEqual(expect.arrayContaining(['rate', 'text-rate']));
    expect(run.metrics.log_loss.value).toBeLessThan(run.baselines.rate.log_loss.value);
    const rows = await predict(task, shop, '--as-of', until(100));
    // Those whose day is still open, and nothing later.
    expect(rows.map((row) => row.event_id).toSorted()).toEqual(
      lines
        .map((line) => line.split(','))
        .filter(
          ([, own, when]) =>
            own === type &&
            Number(when) > TEXTS_FROM_MS + 99 * DAY &&
            Number(when) <= TEXTS_FROM_MS + 100 * DAY,
        )
        .map(([id]) => id)
        .toSorted(),
    );
  });
});
