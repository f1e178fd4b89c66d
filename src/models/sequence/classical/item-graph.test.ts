// Rules and item neighbourhoods against a paper's example worked out by hand, and against plain loops on random logs.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { madeUpSequences } from '../made-up-sequences.ts';
import { recencyWeights } from './event-recency.ts';
import { growItemGraph, type ItemGraph, nthLargest } from './item-graph.ts';
import { growItemKnn, type ItemKnnSettings } from './item-knn.ts';
import { growRules, type RuleSettings, sequentialRules } from './sequential-rules.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const GRAPH = { halfLife: 0, neighbours: 1000, lookBack: 1, decay: 1, popularShare: 0.05 };
const RULES: RuleSettings = { ...GRAPH, steps: 10, shares: false };
const KNN: ItemKnnSettings = { ...GRAPH, window: 10, shrinkage: 5, popularityPower: 0.5, idfPower: 1 };

const sequences = (lists: readonly (readonly number[])[]): Sequences => ({
  entities: lists.map((_, i) => `s${i}`),
  offsets: Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]),
  items: Int32Array.from(lists.flat()),
  itemIds: ['a', 'b', 'c', 'd', 'e'],
});

const rowOf = ({ offsets, neighbours, weights }: ItemGraph, item: number): Record<number, number> =>
  Object.fromEntries(
    [...neighbours.subarray(offsets[item], offsets[item + 1])].map((other, i) => [
      other,
      weights[offsets[item] + i],
    ]),
  );

/** The same rows from a dense table filled pair by pair. */
function expectSame(graph: ItemGraph, table: readonly Float64Array[]): void {
  for (let item = 0; item < table.length; item++) {
    const row = rowOf(graph, item);
    expect(Object.keys(row).map(Number)).toEqual([...table[item].keys()].filter((j) => table[item][j] > 0));
    for (const [other, weight] of Object.entries(row))
      expect(Math.abs(weight - table[item][Number(other)])).toBeLessThan(1e-5 * weight);
  }
}

const LOG = madeUpSequences({ sessions: 60, items: 15, seed: 4, signal: true, repeats: 0.2 });

const tableOf = (pair: (from: number, to: number, distance: number, event: number) => number) => {
  const table = LOG.itemIds.map(() => new Float64Array(LOG.itemIds.length));
  for (let row = 0; row < LOG.entities.length; row++) {
    for (let i = LOG.offsets[row]; i < LOG.offsets[row + 1]; i++) {
      for (let j = i + 1; j < LOG.offsets[row + 1]; j++) {
        const [from, to] = [LOG.items[i], LOG.items[j]];
        table[from][to] += pair(from, to, j - i, j);
      }
    }
  }
  return table;
};

describe('sequential rules', () => {
  it('weigh a pair by the inverse of its distance, as Ludewig and Jannach do', async () => {
    const graph = await growRules(
      sequences([
        [0, 1, 2],
        [0, 2],
        [1, 0, 3, 3],
      ]),
      RULES,
      RUN,
    );
    const fromA = rowOf(graph, 0);
    expect(fromA[1]).toBeCloseTo(1);
    expect(fromA[2]).toBeCloseTo(1 / 2 + 1);
    expect(fromA[3]).toBeCloseTo(1 + 1 / 2);
    expect(rowOf(graph, 3)).toEqual({ 3: 1 });
    expect(rowOf(graph, 4)).toEqual({});
  });

  it('of one step are a Markov chain', async () => {
    const log = sequences([
      [0, 1, 2],
      [0, 2],
      [0, 1],
    ]);
    const graph = await growRules(log, { ...RULES, steps: 1, shares: true }, RUN);
    expect(rowOf(graph, 0)[1]).toBeCloseTo(2 / 3);
    expect(rowOf(graph, 0)[2]).toBeCloseTo(1 / 3);
  });

  it('agree with a plain loop over all pairs, recency and all', async () => {
    const recency = recencyWeights(LOG, 0.3);
    const graph = await growRules(LOG, { ...RULES, steps: 3, halfLife: 0.3 }, RUN);
    expectSame(
      graph,
      tableOf((_from, _to, distance, event) => (distance <= 3 ? recency[event] / distance : 0)),
    );
  });

  it('step over events of unknown items, which keep their place', async () => {
    const graph = await growRules(sequences([[0, -1, 1]]), RULES, RUN);
    expect(rowOf(graph, 0)).toEqual({ 1: 0.5 });
  });

  it('score shares of the last items, and popularity for the rest', async () => {
    const log = sequences([
      [0, 1],
      [0, 1],
      [0, 2],
      [3, 3],
    ]);
    const told = sequentialRules.withSettings!({ lookBack: 1, popularShare: 0.1 });
    const scores = await (await told.fit(log, undefined, RUN)).score(sequences([[0]]));
    // Item 1 has two of three rules from 0, and two of eight events; each count has .01 added.
    expect(Math.exp(scores[1])).toBeCloseTo(0.9 * (2 / 3) + 0.1 * (2.01 / 8.05), 5);
    expect(Math.exp(scores[4])).toBeCloseTo(0.1 * (0.01 / 8.05), 6);
  });
});

describe('item neighbourhoods', () => {
  it('are the shrunk cosine, as worked out by hand', async () => {
    const graph = await growItemKnn(
      sequences([
        [0, 1],
        [0, 1],
        [0, 2],
      ]),
      { ...KNN, idfPower: 0 },
      RUN,
    );
    expect(rowOf(graph, 0)[1]).toBeCloseTo(2 / (Math.sqrt(3 * 2) + 5), 6);
    expect(rowOf(graph, 0)[2]).toBeCloseTo(1 / (Math.sqrt(3 * 1) + 5), 6);
    expect(rowOf(graph, 1)).not.toHaveProperty('1');
  });

  it('agree with a plain loop over all pairs', async () => {
    const graph = await growItemKnn(LOG, { ...KNN, window: 2, halfLife: 0.3, popularityPower: 0.2 }, RUN);
    const recency = recencyWeights(LOG, 0.3);
    const together = tableOf((from, to, distance, event) =>
      from !== to && distance <= 2 ? recency[event] : 0,
    );
    const counts = new Float64Array(LOG.itemIds.length);
    LOG.items.forEach((item, event) => {
      counts[item] += recency[event];
    });
    const events = counts.reduce((sum, count) => sum + count, 0);
    expectSame(
      graph,
      together.map((row, i) =>
        row.map(
          (forth, j) =>
            ((forth + together[j][i]) * Math.log(1 + events / counts[i])) /
            (counts[i] ** 0.8 * counts[j] ** 0.2 + 5),
        ),
      ),
    );
  });
});

describe('a grown graph', () => {
  it('keeps the heaviest neighbours, and those as heavy as the last of them', async () => {
    const growth = { task: 'test', items: 5, most: 2, run: RUN };
    const weights = [5, 1, 3, 3, 2];
    const graph = await growItemGraph(growth, (item, tally) => {
      if (item > 0) return;
      weights.forEach((weight, other) => {
        tally.sums[other] = weight;
        tally.touched[tally.count++] = other;
      });
    });
    expect([...graph.neighbours]).toEqual([0, 2, 3]);
    expect([...graph.offsets]).toEqual([0, 3, 3, 3, 3, 3]);
  });

  it('finds the n-th largest among some values', () => {
    const values = Float64Array.of(9, 4, 7, 7, 1);
    expect(nthLargest(values, Int32Array.of(1, 2, 3, 4), 2)).toBe(7);
    expect(nthLargest(values, Int32Array.of(0, 1, 4), 3)).toBe(Number.NEGATIVE_INFINITY);
    const draw = random(2);
    for (let trial = 0; trial < 50; trial++) {
      const many = Float64Array.from({ length: 2 + draw.integer(40) }, () => draw.integer(15));
      const places = Int32Array.from(many.keys());
      for (let n = 1; n < many.length; n++)
        expect(nthLargest(many, places, n)).toBe(many.slice().sort()[many.length - n]);
    }
  });
});
