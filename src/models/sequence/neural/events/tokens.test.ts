// Event tokens: the same for one history and for many, unknown things as unknown, every event asked once.
import { describe, expect, it } from 'vitest';
import type { Sequences } from '../../../../core/sequences.ts';
import { emptyTokens, gapLevel, planTokens, tokenWriter, UNKNOWN_ROW, windowsOf } from './tokens.ts';

const SECOND_MS = 1000;

/** Two shops' visitors: views (0) and purchases (1) of four items, of which the last is never seen. */
const sequences: Sequences = {
  entities: ['a', 'b'],
  offsets: Uint32Array.of(0, 3, 5),
  items: Int32Array.of(0, 1, 0, 2, 1),
  timesMs: Float64Array.of(0, 3, 103, 0, 86_400).map((seconds) => seconds * SECOND_MS),
  types: Uint8Array.of(0, 0, 1, 0, 0),
  typeLevels: ['view', 'purchase'],
  itemIds: ['w', 'x', 'y', 'z'],
};
const attributes = {
  categories: { kind: { codes: Int32Array.of(1, 0, -1, 1), levels: ['low', 'high'] } },
  priceMinor: Float64Array.of(100, 500, Number.NaN, 300),
};
const options = { ownRows: 100, times: true, masked: false };

describe('event tokens', () => {
  it('are rows, kinds, gaps and columns of each event, with 0 for what is not known', () => {
    const plan = planTokens(sequences, options, attributes);
    const tokens = emptyTokens(plan, 5);
    const write = tokenWriter(plan, sequences);
    write({ from: 0, to: 3, start: 0 }, tokens, 0);
    write({ from: 3, to: 5, start: 3 }, tokens, 3);
    expect(plan.rows).toBe(4);
    expect(plan.rowOf[3]).toBe(UNKNOWN_ROW);
    expect([...tokens.rows]).toEqual([1, 2, 1, 3, 2]);
    expect([...(tokens.types ?? [])]).toEqual([1, 1, 2, 1, 1]);
    // 3 s lie in [2, 4), 100 s in [64, 128), a day in [2¹⁶, 2¹⁷)
    expect([...(tokens.gaps ?? [])]).toEqual([0, 2, 7, 0, 17]);
    expect([...(tokens.seconds ?? [])]).toEqual([0, 3, 103, 0, 86_400]);
    expect([...tokens.columns[0]]).toEqual([2, 1, 2, 0, 1]);
    expect(plan.columns.map(({ name }) => name)).toEqual(['kind', 'price']);
    expect(plan.columns[1].codes[2]).toBe(0);
    expect(plan.columns[1].codes[1]).toBeGreaterThan(plan.columns[1].codes[3]);
  });

  it('know a kind by its name, whatever its code', () => {
    const plan = planTokens(sequences, options);
    const other = {
      ...sequences,
      types: Uint8Array.of(2, 2, 1, 0, 2),
      typeLevels: ['gift', 'purchase', 'view'],
    };
    const tokens = emptyTokens(plan, 5);
    tokenWriter(plan, other)({ from: 0, to: 5, start: 0 }, tokens, 0);
    expect([...(tokens.types ?? [])]).toEqual([1, 1, 2, 0, 1]);
  });

  it('read items without a code as unknown', () => {
    const plan = planTokens(sequences, options, attributes);
    const tokens = emptyTokens(plan, 2);
    const strange = { ...sequences, items: Int32Array.of(-1, 99, 0, 0, 0) };
    tokenWriter(plan, strange)({ from: 0, to: 2, start: 0 }, tokens, 0);
    expect([...tokens.rows, ...tokens.columns[0]]).toEqual([0, 0, 0, 0]);
  });

  it('let the rarest items share rows where there are too many, with their share of it kept', () => {
    const items = Int32Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0 : i % 200));
    const itemIds = Array.from({ length: 200 }, (_, i) => `i${i}`);
    const many: Sequences = { entities: ['a'], offsets: Uint32Array.of(0, 1000), items, itemIds };
    const plan = planTokens(many, { ...options, ownRows: 40 });
    expect(plan.rows).toBe(1 + 40 + 40);
    expect(plan.rowOf[0]).toBe(1);
    expect(plan.logShare[0]).toBe(0);
    const shares = new Float64Array(plan.rows);
    plan.rowOf.forEach((row, item) => {
      shares[row] += Math.exp(plan.logShare[item]);
    });
    for (const share of shares.subarray(1)) if (share > 0) expect(share).toBeCloseTo(1, 5);
  });

  it('count gaps by powers of two seconds', () => {
    expect([0, 1, 2, 3.9, 4, 1e30].map((seconds) => gapLevel(seconds * SECOND_MS))).toEqual([
      1, 1, 2, 2, 3, 31,
    ]);
  });

  it('lie in windows in which every event but the first has one before it exactly once', () => {
    const long = { ...sequences, offsets: Uint32Array.of(0, 1, 24) };
    const asked = new Int32Array(24);
    for (const { from, to } of windowsOf(long, 5, 2)) {
      expect(to - from).toBeLessThanOrEqual(5);
      for (let event = from + 1; event < to; event++) asked[event]++;
    }
    expect([...asked]).toEqual([0, 0, ...new Array(22).fill(1)]);
  });
});
