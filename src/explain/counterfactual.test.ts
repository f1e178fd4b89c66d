import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, type Frame, findColumn, makeFrame, takeRows } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import type { Predictor } from './contribution.ts';
import { type WhatIfOptions, whatWouldChange } from './counterfactual.ts';
import { counterfactualWords, whatIfHeading } from './what-if-words.ts';

const number = (id: string, values: readonly number[]): Column => ({
  kind: 'number',
  name: id,
  label: name(id, id),
  unit: 'count',
  group: 'g',
  values: Float64Array.from(values),
});

const category = (id: string, levels: readonly string[], codes: readonly number[]): Column => ({
  kind: 'category',
  name: id,
  label: name(id, id),
  unit: 'none',
  group: 'g',
  levels,
  codes: Int32Array.from(codes),
});

/** A predictor whose margin is a function of the row's numbers and level names. */
function predictorOf(
  inputs: readonly string[],
  margin: (row: Record<string, number | string>) => number,
): Predictor {
  return {
    link: 'logit',
    inputs,
    margin: async (frame) =>
      Float64Array.from({ length: frame.rows }, (_, i) => margin(valuesOf(frame, inputs, i))),
  };
}

function valuesOf(frame: Frame, inputs: readonly string[], row: number): Record<string, number | string> {
  return Object.fromEntries(
    inputs.map((id) => {
      const column = findColumn(frame, id);
      if (column?.kind === 'number') return [id, column.values[row]];
      if (column?.kind === 'category') return [id, column.levels[column.codes[row]] ?? ''];
      throw new Error(`no column ${id}`);
    }),
  );
}

const background = makeFrame([
  number('orders', [0, 1, 2, 3, 4, 5, 6]),
  number('age', [20, 30, 40, 50, 60, 70, 80]),
  category('channel', ['web', 'mail', 'shop'], [0, 1, 2, 0, 1, 2, 0]),
]);
const inputs = ['orders', 'age', 'channel'];
const row = takeRows(background, [0]);
const over = (share: number) => ({ over: share }) as const;

describe('what would change the answer', () => {
  const additive = predictorOf(
    inputs,
    ({ orders, age, channel }) =>
      -2 + 0.5 * Number(orders) + 0.02 * (Number(age) - 20) + (channel === 'mail' ? 2 : 0),
  );

  it('finds the nearest value of every column that crosses alone, each another answer', async () => {
    const found = await whatWouldChange(additive, row, { background, goal: over(0.5) });
    expect(found.answers.map(({ changes }) => changes.map(({ column, value }) => [column, value]))).toEqual([
      [['channel', 'mail']],
      [['orders', 4]],
    ]);
    expect(found.answers.every(({ value }) => value >= 0.5)).toBe(true);
    expect(found.reached).toBe(false);
  });

  it('changes two columns where one is not enough', async () => {
    const found = await whatWouldChange(additive, row, { background, goal: over(0.8), answers: 1 });
    expect(found.answers[0].changes.map(({ column }) => column)).toEqual(['orders', 'channel']);
    // mail gives 2 and orders .5 each: logit(.8) = 1.386 needs 3.386, so three orders.
    expect(found.answers[0].changes.map(({ value }) => value)).toEqual([3, 'mail']);
  });

  it('goes the other way too, and says when nothing is needed', async () => {
    const last = takeRows(background, [6]);
    const under = await whatWouldChange(additive, last, { background, goal: { under: 0.5 } });
    expect(under.answers[0].changes.map(({ column, value }) => [column, value])).toEqual([['orders', 1]]);
    const already = await whatWouldChange(additive, last, { background, goal: over(0.5) });
    expect([already.reached, already.answers]).toEqual([true, []]);
  });

  it('keeps what may not change, and rises or falls only as told', async () => {
    const limits = { immutable: ['channel'], onlyFall: ['orders'] };
    const none = await whatWouldChange(additive, row, { background, goal: over(0.5), limits });
    expect(none.answers).toEqual([]);
    const older = await whatWouldChange(additive, row, {
      background,
      goal: over(0.28),
      limits: { immutable: ['channel', 'orders'], onlyRise: ['age'] },
    });
    expect(older.answers[0].changes.map(({ value }) => value)).toEqual([80]);
    await expect(
      whatWouldChange(additive, row, { background, goal: over(0.5), limits: { immutable: ['nobody'] } }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('looks only between a forest’s cuts, and still takes the nearest value', async () => {
    const steps = predictorOf(['orders'], ({ orders }) => (Number(orders) > 3.5 ? 1 : -1));
    const stepped = { ...steps, cuts: () => new Map([['orders', Float64Array.of(1.5, 3.5)]]) };
    const found = await whatWouldChange(stepped, row, { background, goal: over(0.5) });
    expect(found.answers[0].changes[0].value).toBe(4);
    // The row as it is, one value for each of the two stretches, and the two nearer values looked at again.
    expect(found.asked).toBeLessThanOrEqual(1 + 2 + 3);
  });

  it('takes the nearest of hundreds of values, though not all are tried at first', async () => {
    const many = makeFrame([
      number(
        'orders',
        Array.from({ length: 500 }, (_, i) => i),
      ),
    ]);
    const stepped = predictorOf(['orders'], ({ orders }) => (Number(orders) >= 123 ? 1 : -1));
    const found = await whatWouldChange(stepped, takeRows(many, [0]), { background: many, goal: over(0.5) });
    expect(found.answers[0].changes[0].value).toBe(123);
    expect(found.asked).toBeLessThan(300);
  });

  it('tries missing values as a change, and never proposes one', async () => {
    const holes = makeFrame([number('orders', [Number.NaN, 1, 2, Number.NaN])]);
    const some = predictorOf(['orders'], ({ orders }) => (Number.isNaN(orders) ? -1 : Number(orders) - 1.5));
    const found = await whatWouldChange(some, takeRows(holes, [0]), { background: holes, goal: over(0.5) });
    expect(found.answers[0].changes.map(({ value }) => value)).toEqual([2]);
  });

  it('refuses goals that are no numbers', async () => {
    await expect(
      whatWouldChange(additive, row, { background, goal: over(Number.NaN) }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });
});

/** Fewest changes, then the nearest, over all combinations of values seen: what the search must match. */
async function bruteForce(predictor: Predictor, start: Frame, goal: number, most: number): Promise<number> {
  const numbers = predictor.inputs.map((id) => {
    const column = findColumn(background3, id);
    if (column?.kind !== 'number') throw new Error('numbers only');
    return [...new Set(column.values)];
  });
  const own = valuesOf(start, predictor.inputs, 0);
  let fewest = Number.POSITIVE_INFINITY;
  for (const a of numbers[0])
    for (const b of numbers[1])
      for (const c of numbers[2]) {
        const tried = [a, b, c];
        const changes = tried.filter((value, i) => value !== own[predictor.inputs[i]]).length;
        if (changes > most || changes >= fewest) continue;
        const frame = makeFrame(predictor.inputs.map((id, i) => number(id, [tried[i]])));
        const [margin] = await predictor.margin(frame);
        if (1 / (1 + Math.exp(-margin)) >= goal) fewest = changes;
      }
  return fewest;
}

const background3 = makeFrame(
  ['a', 'b', 'c'].map((id, k) => {
    const draw = random(k + 1);
    return number(
      id,
      Array.from({ length: 12 }, () => draw.integer(7)),
    );
  }),
);

describe('any model', () => {
  it('gets the fewest changes there are, crosses, and leaves the immutable alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 0, max: 11 }),
        fc.double({ min: 0.2, max: 0.95, noNaN: true }),
        async (seed, at, goal) => {
          const draw = random(seed);
          const weight = Array.from({ length: 6 }, () => draw.normal());
          const ids = ['a', 'b', 'c'];
          const predictor = predictorOf(ids, (values) => {
            const [a, b, c] = ids.map((id) => Number(values[id]) / 3);
            return (
              weight[0] * a +
              weight[1] * b +
              weight[2] * c +
              weight[3] * a * b +
              weight[4] * b * c +
              weight[5]
            );
          });
          const start = takeRows(background3, [at]);
          const options: WhatIfOptions = { background: background3, goal: over(goal), answers: 1 };
          const free = await whatWouldChange(predictor, start, options);
          const wanted = await bruteForce(predictor, start, goal, 3);
          if (free.reached) expect(wanted).toBe(0);
          else expect(free.answers[0]?.changes.length ?? Number.POSITIVE_INFINITY).toBe(wanted);
          const held = await whatWouldChange(predictor, start, {
            ...options,
            answers: 3,
            limits: { immutable: ['b'], onlyRise: ['a'] },
          });
          for (const answer of [...free.answers, ...held.answers]) {
            const [margin] = await predictor.margin(answer.frame);
            expect(1 / (1 + Math.exp(-margin))).toBeGreaterThanOrEqual(goal);
          }
          for (const { frame, changes } of held.answers) {
            const [before, after] = [valuesOf(start, ids, 0), valuesOf(frame, ids, 0)];
            expect(after.b).toBe(before.b);
            expect(Number(after.a)).toBeGreaterThanOrEqual(Number(before.a));
            expect(changes).toHaveLength(ids.filter((id) => after[id] !== before[id]).length);
          }
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
});

describe('counterfactuals in words', () => {
  const shown = { unit: 'probability', currency: '', outcome: 'buys' } as const;

  it('say what would be different, and what then', async () => {
    const predictor = predictorOf(inputs, ({ orders, channel }) =>
      channel === 'mail' ? Number(orders) - 2 : -2,
    );
    const found = await whatWouldChange(predictor, row, { background, goal: over(0.5), answers: 1 });
    expect(whatIfHeading(found, shown)).toEqual({
      en: 'now 11.9%; the smallest changes that would make it 50% or more:',
      zh: '现为 11.9%；使其达到 50% 或更高的最小改变：',
    });
    expect(counterfactualWords(found.answers[0], shown)).toEqual({
      en: '50%, if orders were 2 instead of 0 and channel were mail instead of web',
      zh: '若orders由 0 变为 2，且channel由 web 变为 mail，则为 50%',
    });
  });

  it('say that none was found', async () => {
    const flat = predictorOf(inputs, () => -2);
    const found = await whatWouldChange(flat, row, { background, goal: over(0.5), mostChanges: 2 });
    expect(whatIfHeading(found, shown)).toEqual({
      en: 'now 11.9%; no change found of at most 2 columns, to values others have, that would make it 50% or more',
      zh: '现为 11.9%；改变至多 2 列（取他人实有的值），未找到能使其达到 50% 或更高的办法',
    });
  });
});
