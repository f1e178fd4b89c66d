import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, type Frame, findColumn, makeFrame, numberColumn, takeRows } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import type { Link } from '../models/estimator.ts';
import { drawBackground, typicalOf } from './background.ts';
import { coalitionFrame, stackRows } from './coalition-frame.ts';
import { columnGroups } from './column-groups.ts';
import { type Predictor, rowValues } from './contribution.ts';
import { explainRows } from './explain-rows.ts';
import { shapleyValues } from './group-shapley.ts';
import { carryAttribution, finiteMargins, shownEffects, shownValue } from './margin.ts';

const number = (id: string, values: ArrayLike<number>, group = id): Column => ({
  kind: 'number',
  name: id,
  label: name(id, id),
  unit: 'none',
  group,
  values: Float64Array.from(values),
});

/** A predictor that reads number columns row by row. */
const predictorOf = (
  inputs: readonly string[],
  margin: (x: readonly number[]) => number,
  link: Link = 'identity',
): Predictor => ({
  link,
  inputs,
  margin: async (frame) => {
    const columns = inputs.map((input) => numberColumn(frame, input).values);
    return Float64Array.from({ length: frame.rows }, (_, row) =>
      margin(columns.map((column) => column[row])),
    );
  },
});

const frameOf = (rows: readonly (readonly number[])[], names: readonly string[]): Frame =>
  makeFrame(
    names.map((id, at) =>
      number(
        id,
        rows.map((row) => row[at]),
      ),
    ),
  );

const background = (frame: Frame) => ({ frame, seed: 1, drawnFrom: frame.rows });

/** Shapley's definition word for word: over all orders of arrival, the mean of what each player adds. */
function byAllOrders(worth: (players: ReadonlySet<number>) => number, count: number): number[] {
  const totals = new Array<number>(count).fill(0);
  let orders = 0;
  const walk = (arrived: readonly number[]): void => {
    if (arrived.length === count) {
      orders++;
      arrived.forEach((player, at) => {
        totals[player] += worth(new Set(arrived.slice(0, at + 1))) - worth(new Set(arrived.slice(0, at)));
      });
      return;
    }
    for (let player = 0; player < count; player++) {
      if (!arrived.includes(player)) walk([...arrived, player]);
    }
  };
  walk([]);
  return totals.map((total) => total / orders);
}

fc.configureGlobal({ seed: 7 });

const NAMES = ['a', 'b', 'c', 'd'];
const cell = fc.double({ min: -3, max: 3, noNaN: true });
const rowsOf = (count: number) =>
  fc.array(fc.tuple(cell, cell, cell, cell), { minLength: count, maxLength: count });
/** Tangled enough that no part's effect is independent of the others'. */
const tangled = ([a, b, c, d]: readonly number[]) => a * b + Math.sin(c) * d + Math.max(a, d) - 2 * b;

describe('Shapley values of groups', () => {
  it('equal the mean over all orders of arrival, by brute force', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(5), rowsOf(2), async (others, own) => {
        const predictor = predictorOf(NAMES, tangled);
        const explained = await explainRows(predictor, frameOf(own, NAMES), {
          background: background(frameOf(others, NAMES)),
        });
        own.forEach((row, at) => {
          const worth = (players: ReadonlySet<number>) => {
            const margins = others.map((other) =>
              tangled(row.map((x, i) => (players.has(i) ? x : other[i]))),
            );
            return margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
          };
          const expected = byAllOrders(worth, 4);
          rowValues(explained, at).forEach((value, part) => {
            expect(value).toBeCloseTo(expected[part], 9);
          });
        });
      }),
      { numRuns: 30 },
    );
  });

  it('add up to the margin, for every link', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsOf(7),
        rowsOf(3),
        fc.constantFrom<Link>('identity', 'logit', 'log'),
        async (bg, own, link) => {
          const explained = await explainRows(predictorOf(NAMES, tangled, link), frameOf(own, NAMES), {
            background: background(frameOf(bg, NAMES)),
          });
          explained.margins.forEach((margin, row) => {
            const sum = rowValues(explained, row).reduce((total, value) => total + value, explained.base);
            expect(Math.abs(sum - margin)).toBeLessThan(1e-9);
            expect(margin).toBeCloseTo(tangled(own[row]), 12);
          });
        },
      ),
    );
  });

  it('give nothing to a part that changes nothing, and the same to parts that do the same', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(6), cell, cell, async (bg, x, d) => {
        const others = bg.map(([a, , c, e]) => [a, a, c, e]);
        const predictor = predictorOf(NAMES, ([a, b, c]) => Math.exp(a + b) * c);
        const { values } = await explainRows(predictor, frameOf([[x, x, 1, d]], NAMES), {
          background: background(frameOf(others, NAMES)),
        });
        // Symmetry holds for twins (equal in the row and in the background); d is a dummy.
        expect(values[0]).toBeCloseTo(values[1], 9);
        expect(values[3]).toBeCloseTo(0, 12);
      }),
    );
  });

  it('of a linear margin are coefficient times distance from the background mean', async () => {
    const draw = random(3);
    const others = Array.from({ length: 40 }, () => NAMES.map(() => draw.normal()));
    const slopes = [2, -1, 0.5, 0];
    const predictor = predictorOf(NAMES, (x) => x.reduce((sum, value, i) => sum + slopes[i] * value, 1));
    const { values } = await explainRows(predictor, frameOf([[1, 2, 3, 4]], NAMES), {
      background: background(frameOf(others, NAMES)),
    });
    slopes.forEach((slope, i) => {
      const average = others.reduce((sum, row) => sum + row[i], 0) / others.length;
      expect(values[i]).toBeCloseTo(slope * (i + 1 - average), 10);
    });
  });

  it('stay exact at twelve groups, and merge the smallest beyond', async () => {
    const names = Array.from({ length: 14 }, (_, i) => `x${String(i).padStart(2, '0')}`);
    const draw = random(5);
    const rows = (count: number) => Array.from({ length: count }, () => names.map(() => draw.normal()));
    const columns = (data: number[][]) =>
      makeFrame(
        names.map((id, i) =>
          number(
            id,
            data.map((row) => row[i]),
            i < 2 ? 'large' : id,
          ),
        ),
      );
    const bg = columns(rows(8));
    const own = columns(rows(2));
    const parts = columnGroups(bg, names);
    expect(parts.map(({ id }) => id)).toEqual(['large', 'x02+x03', ...names.slice(4)]);
    const predictor = predictorOf(names, (x) => x.reduce((product, value) => product + value * x[0], 0));
    const explained = await explainRows(predictor, own, { background: background(bg) });
    expect(explained.method).toBe('groups');
    explained.margins.forEach((margin, row) => {
      const sum = rowValues(explained, row).reduce((total, value) => total + value, explained.base);
      expect(sum).toBeCloseTo(margin, 9);
    });
  });

  it('do not depend on the order of rows or on which rows are explained beside them', async () => {
    const draw = random(11);
    const rows = Array.from({ length: 9 }, () => NAMES.map(() => draw.normal()));
    const predictor = predictorOf(NAMES, tangled);
    const bg = background(frameOf(rows.slice(0, 5), NAMES));
    const all = await explainRows(predictor, frameOf(rows, NAMES), { background: bg });
    const one = await explainRows(predictor, frameOf([rows[7]], NAMES), { background: bg });
    expect([...one.values]).toEqual([...rowValues(all, 7)]);
  });

  it('explain a predictor that reads nothing, and one whose margin is infinite', async () => {
    const frame = frameOf([[1, 2, 3, 4]], NAMES);
    const bg = background(frameOf([[0, 0, 0, 0]], NAMES));
    const constant: Predictor = {
      link: 'logit',
      inputs: [],
      margin: async ({ rows }) => new Float64Array(rows).fill(-1),
    };
    const nothing = await explainRows(constant, frame, { background: bg });
    expect([nothing.base, nothing.parts.length]).toEqual([-1, 0]);
    const certain = predictorOf(['a'], ([a]) => (a > 0 ? Number.POSITIVE_INFINITY : -1), 'logit');
    const sure = await explainRows(certain, frame, { background: bg });
    expect(sure.base + sure.values[0]).toBe(36);
    const broken = predictorOf(['a'], () => Number.NaN);
    await expect(explainRows(broken, frame, { background: bg })).rejects.toThrow('not a number');
  });

  it('name the column that carries a group, not the one that merely stands out', async () => {
    const grouped = (rows: readonly (readonly number[])[]) =>
      makeFrame(
        NAMES.map((id, at) =>
          number(
            id,
            rows.map((row) => row[at]),
            at < 3 ? 'g' : id,
          ),
        ),
      );
    const predictor = predictorOf(NAMES, ([a, b, c, d]) => 3 * a - 2 * b + 0 * c + d);
    const { parts, leading, values } = await explainRows(
      predictor,
      grouped([
        [1, 1, 99, 1],
        [0, 1, 0, 0],
      ]),
      {
        background: background(
          grouped([
            [0, 0, 0, 0],
            [0, 0, 0, 0],
          ]),
        ),
      },
    );
    expect(parts.map(({ id }) => id)).toEqual(['d', 'g']);
    expect([...values]).toEqual([1, 1, 0, -2]);
    expect(leading).toEqual([
      [undefined, 'a'],
      [undefined, 'b'],
    ]);
  });

  it('stop when asked to', async () => {
    const signal = AbortSignal.abort();
    const options = { background: background(frameOf([[0, 0, 0, 0]], NAMES)), signal };
    const asked = explainRows(predictorOf(NAMES, tangled), frameOf([[1, 1, 1, 1]], NAMES), options);
    await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('of worths given as numbers match a hand-made example', () => {
    // The glove game: player 0 has a left glove, players 1 and 2 a right one each; a pair is worth 1.
    const worth = Float64Array.from({ length: 8 }, (_, s) => (s & 1 && s & 6 ? 1 : 0));
    const [left, right, other] = shapleyValues(worth, 3);
    expect(left).toBeCloseTo(2 / 3, 12);
    expect(right).toBeCloseTo(1 / 6, 12);
    expect(other).toBeCloseTo(1 / 6, 12);
  });
});

describe('a model that has contributions of its own', () => {
  const linear = (error = 0): Predictor => ({
    ...predictorOf(NAMES, ([a, b]) => 1 + 2 * a - b),
    attribute: async (frame) => ({
      features: ['a', 'b'],
      base: 1 + error,
      values: Float64Array.from({ length: frame.rows * 2 }, (_, i) => {
        const row = Math.floor(i / 2);
        return i % 2 === 0 ? 2 * numberColumn(frame, 'a').values[row] : -numberColumn(frame, 'b').values[row];
      }),
    }),
  });
  const frame = frameOf([[1, 2, 3, 4]], NAMES);

  it('is explained by them, per feature', async () => {
    const explained = await explainRows(linear(), frame, { background: background(frame) });
    expect(explained.method).toBe('features');
    expect(explained.parts.map(({ id }) => id)).toEqual(['a', 'b']);
    expect([...explained.values]).toEqual([2, -2]);
  });

  it('is refused when they do not add up', async () => {
    const asked = explainRows(linear(1e-3), frame, { background: background(frame) });
    await expect(asked).rejects.toThrow('add up');
  });

  it('keeps them adding up through a calibration', async () => {
    const draw = random(2);
    const rows = Array.from({ length: 20 }, () => NAMES.map(() => draw.normal()));
    const many = frameOf(rows, NAMES);
    const model = linear();
    const attribution = await (model.attribute as NonNullable<Predictor['attribute']>)(many);
    const margins = await model.margin(many);
    const calibrate = (margin: Float64Array) => margin.map((m) => 0.7 * m + 0.05 * m ** 3 - 0.2);
    const carried = carryAttribution(attribution, margins, calibrate);
    const expected = calibrate(margins);
    expected.forEach((margin, row) => {
      expect(carried.base + carried.values[2 * row] + carried.values[2 * row + 1]).toBeCloseTo(margin, 9);
    });
  });
});

describe('contributions carried through a calibration', () => {
  const step = (margins: Float64Array) => margins.map((margin) => (margin < 0.5 ? -1 : 2));
  const carry = (contributions: readonly number[], calibrate = step) => {
    const values = Float64Array.from(contributions);
    const margin = values.reduce((sum, value) => sum + value, 0.499);
    const attribution = { features: contributions.map(String), base: 0.499, values };
    return { ...carryAttribution(attribution, Float64Array.of(margin), calibrate), margin };
  };

  it('add up whatever the calibration does, steps and flats too', () => {
    const parts = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, (contributions) => {
        const { base, values, margin } = carry(contributions);
        const total = values.reduce((sum, value) => sum + value, base);
        expect(total).toBeCloseTo(step(Float64Array.of(margin))[0], 9);
      }),
    );
  });

  it('take off no more than the base and add no more than the outcome, where parts cancel out', () => {
    const amounts = (margins: Float64Array) => margins.map(Math.exp);
    const { base, values, margin } = carry([6, -5, -1.2], amounts);
    expect(values[0]).toBeLessThanOrEqual(Math.exp(margin));
    expect(values[1] + values[2]).toBeGreaterThanOrEqual(-base);
    expect(values[1] / values[2]).toBeCloseTo(5 / 1.2, 9);
  });

  it('stay what they are where nothing is changed', () => {
    const same = (margins: Float64Array) => margins.slice();
    for (const contributions of [
      [1, -0.999],
      [2, 1],
      [0, 0],
    ]) {
      carry(contributions, same).values.forEach((value, i) => {
        expect(value).toBeCloseTo(contributions[i], 12);
      });
    }
  });
});

describe('effects in the shown unit', () => {
  it('add up from the base to the prediction, and keep their signs', () => {
    const parts = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        parts,
        cell,
        fc.constantFrom<Link>('identity', 'logit', 'log'),
        (contributions, base, link) => {
          const margin = contributions.reduce((sum, value) => sum + value, base);
          const effects = shownEffects(Float64Array.from(contributions), { link, base, margin });
          const total = effects.reduce((sum, effect) => sum + effect, shownValue(link, base));
          expect(total).toBeCloseTo(shownValue(link, margin), 8);
          effects.forEach((effect, i) => {
            expect(effect * contributions[i]).toBeGreaterThanOrEqual(0);
          });
        },
      ),
    );
  });

  it('go down for what speaks against, then up for what speaks for', () => {
    const share = (margin: number) => 1 / (1 + Math.exp(-margin));
    const effects = shownEffects(Float64Array.of(-1, 3, -2), { link: 'logit', base: 0.5, margin: 0.5 });
    const down = share(0.5 - 3) - share(0.5);
    expect(effects[0]).toBeCloseTo(down / 3, 12);
    expect(effects[2]).toBeCloseTo((2 * down) / 3, 12);
    expect(effects[1]).toBeCloseTo(-down, 12);
  });

  it('leave infinite margins finite where nothing visible changes', () => {
    const infinite = Float64Array.of(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    expect(shownValue('logit', finiteMargins('logit', infinite)[1])).toBeCloseTo(1, 12);
    expect(shownValue('log', finiteMargins('log', infinite)[0])).toBeLessThan(1e-12);
  });
});

describe('background and coalition frames', () => {
  it('draw the same rows for the same seed, and all when there are few', () => {
    const frame = frameOf(
      Array.from({ length: 200 }, (_, i) => [i, 0, 0, 0]),
      NAMES,
    );
    const drawn = drawBackground(frame, { seed: 4 });
    expect(drawn.frame.rows).toBe(50);
    expect(drawn.drawnFrom).toBe(200);
    expect(drawBackground(frame, { seed: 4 })).toEqual(drawn);
    expect(drawBackground(frame, { seed: 5 })).not.toEqual(drawn);
    expect(drawBackground(frame, { seed: 5, rows: 500 }).frame).toEqual(frame);
  });

  it('mix every kind of column, with the levels of both', () => {
    const kinds = (own: boolean): Column[] => [
      number('n', own ? [7] : [1, 2], 'g'),
      {
        ...number('c', []),
        kind: 'category',
        codes: own ? Int32Array.of(0) : Int32Array.of(1, -1),
        levels: own ? ['new'] : ['x', 'y'],
      } as Column,
      { ...number('t', []), kind: 'text', values: own ? ['own'] : ['p', 'q'] } as Column,
      {
        ...number('v', []),
        kind: 'vector',
        width: 2,
        values: own ? Float32Array.of(9, 8) : Float32Array.of(1, 2, 3, 4),
      } as Column,
      {
        ...number('s', []),
        kind: 'sequence',
        codes: own ? Int32Array.of(1, 0) : Int32Array.of(0, 1, 1),
        offsets: own ? Uint32Array.of(0, 2) : Uint32Array.of(0, 1, 3),
        levels: own ? ['k', 'new'] : ['k', 'l'],
      } as Column,
    ];
    const names = ['n', 'c', 't', 'v', 's'];
    const stacked = stackRows(makeFrame(kinds(false)), makeFrame(kinds(true)), names);
    const blocks = [
      { row: 0, owns: (part: number) => ((0b00 >> part) & 1) === 1 },
      { row: 0, owns: (part: number) => ((0b11 >> part) & 1) === 1 },
      { row: 0, owns: (part: number) => ((0b10 >> part) & 1) === 1 },
    ];
    const mixed = coalitionFrame(
      stacked,
      2,
      [
        ['n', 'c'],
        ['t', 'v', 's'],
      ],
      blocks,
    );
    const texts = (row: number) => {
      const one = takeRows(mixed, [row]);
      const category = findColumn(one, 'c') as Extract<Column, { kind: 'category' }>;
      const sequence = findColumn(one, 's') as Extract<Column, { kind: 'sequence' }>;
      return [
        numberColumn(one, 'n').values[0],
        category.levels[category.codes[0]] ?? null,
        (findColumn(one, 't') as Extract<Column, { kind: 'text' }>).values[0],
        [...(findColumn(one, 'v') as Extract<Column, { kind: 'vector' }>).values],
        Array.from(sequence.codes, (code) => sequence.levels[code]).join(' '),
      ];
    };
    expect(Array.from({ length: 6 }, (_, row) => texts(row))).toEqual([
      [1, 'y', 'p', [1, 2], 'k'],
      [2, null, 'q', [3, 4], 'l l'],
      [7, 'new', 'own', [9, 8], 'new k'],
      [7, 'new', 'own', [9, 8], 'new k'],
      [1, 'y', 'own', [9, 8], 'new k'],
      [2, null, 'own', [9, 8], 'new k'],
    ]);
  });

  it('know what is typical', () => {
    const typical = (...values: number[]) => typicalOf(number('x', values));
    expect(typical(5, 1, 3)).toMatchObject({ kind: 'number', value: 3 });
    expect(typical(Number.NaN, Number.NaN, 3)).toEqual({ kind: 'missing' });
    expect(typical()).toEqual({ kind: 'missing' });
    const category = {
      ...number('c', []),
      kind: 'category',
      codes: Int32Array.of(1, 0, 1, -1),
      levels: ['x', 'y'],
    };
    expect(typicalOf(category as Column)).toEqual({ kind: 'level', level: 'y' });
  });
});
