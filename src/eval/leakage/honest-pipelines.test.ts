// Honest pipelines that must pass without a word, and a real table with one known suspect.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import { checkLeakage } from './check-leakage.ts';
import type { LeakageInput, Stage } from './finding.ts';
import { category, fromTarget, modelOf, number, shop, table } from './made-up-shop.ts';

const honest = (input: LeakageInput): LeakageInput => ({
  ...input,
  predicted: input.kind === 'binary' ? modelOf(input) : undefined,
  truncated: input.test.frame,
  tiesShuffled: input.test.frame,
  newestEventMs: { spent: input.test.asOf.map((ms) => ms - DAY_MS) },
});

const CLEAN: readonly { pipeline: string; make: (seed: number) => LeakageInput }[] = [
  { pipeline: 'honest recency, frequency and money, split by time', make: (seed) => honest(shop(seed)) },
  {
    pipeline: 'a very strong honest feature: customers who are gone show it by their recency',
    make: (seed) => {
      const input = shop(seed, { rate: 0.05 });
      return honest(input);
    },
  },
  {
    pipeline: 'buyers of one in two hundred',
    make: (seed) => honest(shop(seed, { customers: 4000, rate: 0.00006 })),
  },
  { pipeline: 'a season that triples buying', make: (seed) => honest(shop(seed, { season: 3 })) },
  { pipeline: 'forty customers', make: (seed) => honest(shop(seed, { customers: 40 })) },
  {
    pipeline: 'spending amounts with most customers at zero',
    make: (seed) => honest(shop(seed, { kind: 'amount' })),
  },
  {
    pipeline: 'hundreds of rare categories with a row or two each',
    make: (seed) => {
      const stream = random(seed + 3);
      return honest(
        fromTarget(shop(seed), (stage) =>
          category(
            'favourite',
            stage.entities.map(() => `item ${Math.floor(400 * stream.uniform() ** 2)}`),
          ),
        ),
      );
    },
  },
  {
    pipeline: 'many identical one-time buyers',
    make: (seed) => {
      const input = shop(seed);
      const coarse = (stage: Stage): Stage => ({
        ...stage,
        frame: makeFrame([number('frequency', (stage.frame.columns[0] as { values: Float64Array }).values)]),
      });
      return { ...input, train: coarse(input.train), test: coarse(input.test) };
    },
  },
  {
    pipeline: 'a table of coarse columns with natural twins, split by row',
    make: (seed) => {
      const { all, split } = table(seed);
      return split({ ...all, frame: makeFrame([all.frame.columns[0]]) });
    },
  },
  {
    pipeline: 'a table of distinct rows, split by row',
    make: (seed) => (({ all, split }) => split(all))(table(seed)),
  },
  {
    pipeline: 'a value that loyal customers have more often, and a scaler of the training rows',
    make: (seed) => {
      const stream = random(seed + 4);
      const input = fromTarget(shop(seed), (stage) =>
        number(
          'days_between',
          stage.target.map((y) =>
            stream.uniform() < (y ? 0.75 : 0.25) ? 30 * stream.uniform() : Number.NaN,
          ),
        ),
      );
      const { values } = input.train.frame.columns[2] as { values: Float64Array };
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return honest({ ...input, fitted: [{ feature: 'spent', mean, stdDev: 1 }] });
    },
  },
];

describe('honest pipelines pass', () => {
  it.each(CLEAN)('$pipeline', ({ make }) => {
    for (let seed = 1; seed <= 5; seed++) {
      const findings = checkLeakage(make(seed));
      expect(findings.map((f) => [seed, f.check, f.feature, f.evidence])).toEqual([]);
    }
  });
});

const sessions = '../shared/data/uci_online_shoppers/';
describe('UCI Online Shoppers', () => {
  it.skipIf(!existsSync(sessions))(
    'PageValues, known only to the shop’s accountant, is named (needs ../shared)',
    () => {
      const file = readdirSync(sessions).find((entry) => entry.endsWith('.csv.gz')) as string;
      const [head, ...rows] = gunzipSync(readFileSync(sessions + file))
        .toString()
        .trim()
        .split(/\r?\n/)
        .map((line) => line.split(','));
      const order = random(1).shuffle(Array.from(rows.keys()));
      const stage = (ids: readonly number[]): Stage => ({
        frame: makeFrame(
          head.slice(0, 10).map((column, c) =>
            number(
              column,
              Float64Array.from(ids, (i) => Number(rows[i][c])),
            ),
          ),
        ),
        entities: ids.map(String),
        asOf: new Float64Array(ids.length),
        target: Float64Array.from(ids, (i) => (/true/i.test(rows[i][head.length - 1]) ? 1 : 0)),
      });
      const findings = checkLeakage({
        kind: 'binary',
        splitBy: 'row',
        train: stage(order.slice(0, 8000)),
        test: stage(order.slice(8000)),
      });
      expect(findings.map(({ check, feature, severity }) => [check, feature, severity])).toEqual([
        ['target-proxies', 'PageValues', 'warn'],
      ]);
    },
  );
});
