// Seeded leaks: every check has at least one that it must find, and it must blame the right column.
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import { checkLeakage, LEAKAGE_CHECKS, refuseLeaks } from './check-leakage.ts';
import type { LeakageInput, Stage } from './finding.ts';
import {
  category,
  fromTarget,
  modelOf,
  number,
  replaceNumber,
  rowsOf,
  sequence,
  shop,
  table,
  take,
  withColumns,
} from './made-up-shop.ts';

/** check → a run in which it must speak; `feature` names the column it must blame. */
const LEAKS: readonly {
  leak: string;
  check: string;
  feature?: string;
  make: (seed: number) => LeakageInput;
}[] = [
  {
    leak: 'outcomes of training reach into the test moment',
    check: 'label-windows',
    make: (seed) => {
      const input = shop(seed);
      return { ...input, train: { ...input.train, asOf: input.train.asOf.map((ms) => ms + 20 * DAY_MS) } };
    },
  },
  {
    leak: 'a random split of a log: training after the test',
    check: 'learning-from-later',
    make: (seed) => {
      const input = shop(seed);
      return { ...input, train: input.test, test: input.train };
    },
  },
  {
    leak: 'a customer split that puts one customer on both sides',
    check: 'customers-on-both-sides',
    make: (seed) => {
      const { all, split } = table(seed);
      const input = split({ ...all, entities: all.entities.map((_, i) => `user ${i % 500}`) });
      return { ...input, splitBy: 'customer' };
    },
  },
  {
    leak: 'buyers oversampled before a split at random by row',
    check: 'copied-rows',
    make: (seed) => {
      const { all, split } = table(seed);
      const more = rowsOf(all).flatMap((i) => (all.target[i] === 1 ? [i, i, i, i] : [i]));
      const over = take(all, more);
      return split({ ...over, entities: over.entities.map((id, i) => `${id} copy ${i}`) });
    },
  },
  {
    leak: 'one example in four copied under another id',
    check: 'copied-rows',
    make: (seed) => {
      const { all, split } = table(seed);
      const more = take(all, [...rowsOf(all), ...rowsOf(all).filter((i) => i % 4 === 0)]);
      return split({ ...more, entities: more.entities.map((_, i) => `new id ${i}`) });
    },
  },
  {
    leak: 'examples of the test stand in training',
    check: 'repeated-examples',
    make: (seed) => {
      const input = shop(seed);
      const train = [...input.train.entities, ...input.test.entities.slice(0, 50)];
      const part = take(input.test, rowsOf(input.test).slice(0, 50));
      return {
        ...input,
        train: {
          entities: train,
          asOf: Float64Array.from([...input.train.asOf, ...part.asOf]),
          target: Float64Array.from([...input.train.target, ...part.target]),
          frame: makeFrame([
            number(
              'frequency',
              new Float64Array(train.length).map((_, i) => i % 7),
            ),
          ]),
        },
      };
    },
  },
  {
    leak: 'the test oversampled at one moment',
    check: 'repeated-examples',
    make: (seed) => {
      const input = shop(seed);
      const more = rowsOf(input.test).flatMap((i) => (input.test.target[i] === 1 ? [i, i] : [i]));
      return { ...input, test: take(input.test, more) };
    },
  },
  {
    leak: 'a feature that counts purchases after its moment, seen by recomputing',
    check: 'features-after-as-of',
    feature: 'frequency',
    make: (seed) => {
      const input = shop(seed);
      const { target } = input.test;
      return {
        ...input,
        truncated: input.test.frame,
        test: { ...input.test, frame: replaceNumber(input.test.frame, 'frequency', (f, i) => f + target[i]) },
      };
    },
  },
  {
    leak: 'a window that ends a day late, seen by its newest event',
    check: 'events-after-as-of',
    feature: 'spent',
    make: (seed) => {
      const input = shop(seed);
      return {
        ...input,
        newestEventMs: { spent: input.test.asOf.map((ms, i) => ms + (i % 40 === 0 ? 1 : -1) * 1000) },
      };
    },
  },
  {
    leak: 'days since the last purchase counted from the end of the file',
    check: 'negative-ages',
    feature: 'days_since_purchase',
    make: (seed) => {
      const input = shop(seed);
      return {
        ...input,
        test: {
          ...input.test,
          frame: replaceNumber(input.test.frame, 'days_since_purchase', (d, i) =>
            input.test.target[i] ? -d : d,
          ),
        },
      };
    },
  },
  {
    leak: 'the order of events of one second decides a feature',
    check: 'shuffled-ties',
    feature: 'last_viewed',
    make: (seed) => {
      const input = shop(seed);
      const viewed = input.test.entities.map((_, i) => ['a', 'b', i % 2 ? 'c' : 'd']);
      const shuffled = input.test.entities.map((_, i) => ['a', i % 2 ? 'c' : 'd', 'b']);
      return {
        ...input,
        test: withColumns(input.test, sequence('last_viewed', viewed)),
        tiesShuffled: makeFrame([...input.test.frame.columns, sequence('last_viewed', shuffled)]),
      };
    },
  },
  {
    leak: 'a flag set when the order comes',
    check: 'target-proxies',
    feature: 'welcome_mail_sent',
    make: (seed) =>
      fromTarget(shop(seed), (stage) =>
        number(
          'welcome_mail_sent',
          stage.target.map((y, i) => (i % 60 === 0 ? 1 - y : y)),
        ),
      ),
  },
  {
    leak: 'a proxy that is high in the middle only',
    check: 'target-proxies',
    feature: 'phase',
    make: (seed) => {
      const stream = random(seed + 1);
      return fromTarget(shop(seed), (stage) =>
        number(
          'phase',
          stage.target.map((y) =>
            y ? stream.normal(0, 0.2) : stream.normal(0, 0.1) + (stream.uniform() < 0.5 ? 2 : -2),
          ),
        ),
      );
    },
  },
  {
    leak: 'a page value computed from transactions, strong and alone but not certain',
    check: 'target-proxies',
    feature: 'page_value',
    make: (seed) => {
      const { all, split, stream } = table(seed, 6000);
      const value = all.target.map((y) => (stream.uniform() < (y ? 0.78 : 0.04) ? stream.gamma(1, 0.1) : 0));
      return split(withColumns(all, number('page_value', value)));
    },
  },
  {
    leak: 'revenue with tax as a feature of revenue',
    check: 'target-proxies',
    feature: 'gross',
    make: (seed) =>
      fromTarget(shop(seed, { kind: 'amount' }), (stage) =>
        number(
          'gross',
          stage.target.map((y) => Math.round(y * 1.2)),
        ),
      ),
  },
  {
    leak: 'the newest event of the sequence is the outcome',
    check: 'target-proxies',
    feature: 'path',
    make: (seed) =>
      fromTarget(shop(seed), (stage) =>
        sequence(
          'path',
          Array.from(stage.target, (y, i) => ['view', i % 2 ? 'cart' : 'view', y ? 'thank you' : 'leave']),
        ),
      ),
  },
  {
    leak: 'a category made from the outcome: campaigns named after who responded',
    check: 'memorising-categories',
    feature: 'campaign',
    make: (seed) =>
      fromTarget(shop(seed), (stage) =>
        category(
          'campaign',
          Array.from(stage.target, (y, i) => (y ? `won ${i % 31}` : `lost ${i % 37}`)),
        ),
      ),
  },
  {
    leak: 'the customer id as a category',
    check: 'memorising-categories',
    feature: 'user_id',
    make: (seed) => fromTarget(shop(seed), (stage) => category('user_id', stage.entities)),
  },
  {
    leak: 'a delivery date filled in once they bought',
    check: 'telling-gaps',
    feature: 'delivery_days',
    make: (seed) =>
      fromTarget(shop(seed), (stage) =>
        number(
          'delivery_days',
          stage.target.map((y, i) => (y && i % 50 ? i % 9 : Number.NaN)),
        ),
      ),
  },
  {
    leak: 'a model that has seen the answer',
    check: 'too-good',
    make: (seed) => {
      const input = shop(seed);
      return { ...input, predicted: input.test.target.map((y, i) => (y ? 0.9 : 0.1) + (i % 10) / 200) };
    },
  },
  {
    leak: 'a file sorted by its outcome',
    check: 'ordered-by-target',
    make: (seed) => {
      const input = shop(seed);
      const order = rowsOf(input.train).sort((a, b) => input.train.target[a] - input.train.target[b]);
      return { ...input, train: take(input.train, order) };
    },
  },
  ...(['test', 'all'] as const).map((which) => ({
    leak: `a scaler fitted on ${which === 'test' ? 'the test' : 'training and test together'}`,
    check: 'fitted-on-test',
    feature: 'spent',
    make: (seed: number) => {
      const input = shop(seed);
      const values = [input.train, input.test].map(
        ({ frame }) => (frame.columns[2] as { values: Float64Array }).values,
      );
      const seen = which === 'test' ? [...values[1]] : [...values[0], ...values[1]];
      const mean = seen.reduce((a, b) => a + b, 0) / seen.length;
      const stdDev = Math.sqrt(seen.reduce((a, b) => a + (b - mean) ** 2, 0) / seen.length);
      return { ...input, fitted: [{ feature: 'spent', mean, stdDev }] };
    },
  })),
  {
    leak: 'a vocabulary built over the test',
    check: 'fitted-on-test',
    feature: 'coupon',
    make: (seed) => {
      const input = shop(seed);
      const texts = (stage: Stage, word: string) => stage.entities.map((_, i) => `${word} ${i % 5}`);
      return {
        ...input,
        train: withColumns(input.train, category('coupon', texts(input.train, 'spring'))),
        test: withColumns(input.test, category('coupon', texts(input.test, 'summer'))),
        fitted: [{ feature: 'coupon', levels: ['spring 0', 'spring 1', 'summer 0'] }],
      };
    },
  },
  {
    leak: 'a calibration fitted on the test',
    check: 'calibrated-on-test',
    make: (seed) => {
      const input = shop(seed);
      const raw = modelOf(input);
      const rate = input.test.target.reduce((a, b) => a + b, 0);
      // Shifts the margin until the mean probability is exactly the share of positives.
      const shifted = (by: number) => raw.map((p) => 1 / (1 + Math.exp(-(Math.log(p / (1 - p)) + by))));
      let [low, high] = [-20, 20];
      for (let i = 0; i < 100; i++) {
        const middle = (low + high) / 2;
        if (shifted(middle).reduce((a, b) => a + b, 0) > rate) high = middle;
        else low = middle;
      }
      return { ...input, predicted: shifted(low) };
    },
  },
  {
    leak: 'a test in which nobody buys',
    check: 'broken-test',
    make: (seed) => {
      const input = shop(seed);
      return { ...input, test: { ...input.test, target: input.test.target.map(() => 0) } };
    },
  },
  {
    leak: 'a column that only training has',
    check: 'broken-test',
    feature: 'survey',
    make: (seed) => {
      const input = shop(seed);
      return {
        ...input,
        train: withColumns(
          input.train,
          number(
            'survey',
            input.train.target.map((_, i) => i % 5),
          ),
        ),
        test: withColumns(
          input.test,
          number(
            'survey',
            input.test.target.map(() => Number.NaN),
          ),
        ),
      };
    },
  },
];

describe('seeded leaks are found', () => {
  it.each(LEAKS)('$leak ($check)', ({ check, feature, make }) => {
    for (const seed of [1, 2]) {
      const findings = checkLeakage(make(seed));
      const found = findings.find((finding) => finding.check === check && finding.feature === feature);
      expect(
        found,
        `seed ${seed}: ${JSON.stringify(findings.map((f) => [f.check, f.feature]))}`,
      ).toBeDefined();
      expect(found?.words.zh).toMatch(/[\u4e00-\u9fff]/);
      expect(Object.values(found?.evidence ?? {}).every(Number.isFinite)).toBe(true);
    }
  });

  it('every check has a leak that only the code could seed', () =>
    expect([...new Set(LEAKS.map(({ check }) => check))].sort()).toEqual(Object.keys(LEAKAGE_CHECKS).sort()));
});

describe('refusing', () => {
  it('names the reasons and no customer', () => {
    const findings = checkLeakage(LEAKS[0].make(1));
    expect(() => refuseLeaks(findings)).toThrow(/the data know the answer: .*20 days past the moment/);
    try {
      refuseLeaks(findings);
    } catch (error) {
      expect((error as AppError).code).toBe('LEAKAGE');
      expect((error as AppError).message).not.toMatch(/user \d/);
      expect(error).toBeInstanceOf(AppError);
    }
  });
  it('lets warnings pass', () =>
    refuseLeaks([{ check: 'x', severity: 'warn', words: name('a', '甲'), evidence: {} }]));
});
