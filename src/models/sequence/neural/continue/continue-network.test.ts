// A network taught what came since: what it knew stays where it was, what is new is learned, and replay keeps the old from fading.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../../core/progress.ts';
import { random } from '../../../../core/random.ts';
import { cutSequences, type Sequences, sequenceCount, takeSequences } from '../../../../core/sequences.ts';
import { compileTraining } from '../../../../nn/program/training-program.ts';
import { nodeBackend } from '../../../../tensor/session/session-node.ts';
import { CONTINUE_DEFAULTS, newsSince, readingsFor } from '../../continuing.ts';
import { lastItemCases } from '../../made-up-sequences.ts';
import type { NextItemModel } from '../../recommender.ts';
import { transformerKind, transformerWith } from '../../transformer/transformer.ts';
import { logShares, planTokens } from '../events/tokens.ts';
import { liftedPlan } from '../fusion/lift-new-items.ts';
import { networkOf } from '../network.ts';
import { pretraining, trainingSpecs } from '../objective.ts';
import { readTrained } from '../saved.ts';
import { openScorer } from '../scorer.ts';
import { growPlan } from './grown-plan.ts';
import { growValues, holdBack, ITEM_TABLE } from './grown-values.ts';
import { askedOf, replayBatches } from './replay.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const TOLD = {
  width: 16,
  blocks: 1,
  length: 8,
  batch: 32,
  epochs: 12,
  learningRate: 0.01,
  dropout: 0,
  times: false,
};
const HOUR_MS = 3_600_000;
const MONTH_MS = Date.UTC(2026, 1, 1);

interface Walks {
  readonly sessions: number;
  readonly from: number;
  readonly step: number;
  readonly startMs: number;
  readonly name: string;
}

const RING = 12;

/** Walks over a ring of twelve items that begins at item `from`, `step` further each time. */
function walks(itemIds: readonly string[], parts: readonly Walks[]): Sequences {
  const [items, times, entities, offsets]: [number[], number[], string[], number[]] = [[], [], [], [0]];
  for (const { sessions, from, step, startMs, name } of parts) {
    const draws = random(9).fork(name);
    for (let s = 0; s < sessions; s++) {
      const first = draws.integer(RING);
      for (let at = 0; at < 6; at++) {
        items.push(from + ((first + at * step) % RING));
        times.push(startMs + s * HOUR_MS + at);
      }
      entities.push(`${name} ${s}`);
      offsets.push(items.length);
    }
  }
  return {
    entities,
    offsets: Uint32Array.from(offsets),
    items: Int32Array.from(items),
    timesMs: Float64Array.from(times),
    itemIds,
  };
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `item ${i}`);
const OLD = { sessions: 150, from: 0, step: 1, startMs: MONTH_MS - 300 * HOUR_MS, name: 'old' };
/** The new month walks the old ring the other way round, and a ring nobody knew. */
const NEW = [
  { sessions: 100, from: 0, step: RING - 1, startMs: MONTH_MS + HOUR_MS, name: 'turned' },
  { sessions: 100, from: RING, step: 5, startMs: MONTH_MS + HOUR_MS, name: 'unheard' },
];

/** How often the item that came last is ranked first, told the five before it. */
async function hitRate(model: NextItemModel, asked: Sequences): Promise<number> {
  const { before, targets } = lastItemCases(asked);
  const scores = await model.score(before);
  const items = model.itemIds.length;
  const isHit = (target: number, row: number): boolean => {
    const own = scores.subarray(row * items, (row + 1) * items);
    return own.every((score, item) => item === target || score < own[target]);
  };
  return [...targets].filter(isHit).length / targets.length;
}

describe('a network that goes on', () => {
  const recommender = transformerWith(TOLD);
  const old = walks(ids(RING), [OLD]);
  const now = walks(ids(2 * RING), [OLD, ...NEW]);
  const saved = recommender.fit(old, undefined, RUN).then((model) => model.save());
  const goOn = async (how: Partial<typeof CONTINUE_DEFAULTS>) => {
    if (!recommender.continued) throw new Error('a network can be continued');
    const settings = { ...CONTINUE_DEFAULTS, epochs: 10, rate: 1, ...how };
    return recommender.continued(await saved, newsSince(now, MONTH_MS), settings, RUN);
  };
  const asked = (name: string) =>
    takeSequences(
      now,
      [...now.entities.keys()].filter((row) => now.entities[row].startsWith(name)),
    );

  it('learns items and ways it never saw, and forgets the old ways unless they are replayed', async () => {
    const replayed = await goOn({ replay: 0.5 });
    const alone = await goOn({ replay: 0 });
    for (const { model } of [replayed, alone]) {
      expect(await hitRate(model, asked('unheard'))).toBeGreaterThan(0.9);
      expect(await hitRate(model, asked('turned'))).toBeGreaterThan(0.9);
    }
    const kept = await hitRate(replayed.model, asked('old'));
    expect(kept).toBeGreaterThan(0.95);
    expect(await hitRate(alone.model, asked('old'))).toBeLessThan(kept - 0.15);
    expect(replayed.effort).toMatchObject({ windows: 350, replayed: 150 });
    expect(alone.effort).toMatchObject({ windows: 200, replayed: 0, asked: 200 * 5 * 10 });
    expect(replayed.effort.examples).toBe(350 * 10);
  });

  it('answers about what it knew as before until a step is taken, whatever the items are called now', async () => {
    const was = readTrained(transformerKind, await saved);
    const mixed = random(4).shuffle(ids(2 * RING));
    const moved = { ...old, itemIds: mixed, items: old.items.map((item) => mixed.indexOf(`item ${item}`)) };
    const { plan, wasRow } = growPlan(was.network.plan, { sequences: moved, ownRows: 1000 });
    const network = networkOf(transformerKind, plan, transformerKind.settings(0, was.network.settings));
    const { parameters } = compileTraining(pretraining(network), trainingSpecs(network, 4));
    const values = growValues(was.members[0], parameters, wasRow, random(1));
    const [first, second] = [was, { network, members: [values] }].map((own) =>
      openScorer(own, nodeBackend, 1),
    );
    const before = await first.score(lastItemCases(old).before);
    const after = await second.score(lastItemCases(moved).before);
    const rows = sequenceCount(old);
    for (let row = 0; row < rows; row++)
      for (let item = 0; item < RING; item++)
        expect(after[row * 2 * RING + mixed.indexOf(`item ${item}`)]).toBeCloseTo(
          before[row * RING + item],
          5,
        );
    await first.close();
    await second.close();
  });

  it('goes on bit for bit alike with the same seed', async () => {
    const [one, other] = [await goOn({ epochs: 1 }), await goOn({ epochs: 1 })];
    expect(other.model.save()).toEqual(one.model.save());
  });

  it('refuses what it cannot go on with, and says what to do', async () => {
    await expect(goOn({ replay: 1 })).rejects.toThrow(/share of replay from 0 to below 1, got 1/);
    const go = async (news: Sequences) =>
      recommender.continued?.(await saved, newsSince(news, MONTH_MS), CONTINUE_DEFAULTS, RUN);
    await expect(go(old)).rejects.toThrow(/nothing to continue with/);
    const { timesMs, ...untimed } = now;
    expect(() => newsSince(untimed, MONTH_MS)).toThrow(/only the order is known/);
  });
});

describe('weights held back', () => {
  it('lie between what they were and what was learned, but for what was not there before', () => {
    const before = {
      [ITEM_TABLE]: Float32Array.of(0, 0, 2, 2, 5, 5),
      'trunk.types': Float32Array.of(4, 8),
      head: Float32Array.of(1),
    };
    const learned = {
      [ITEM_TABLE]: Float32Array.of(4, 4, 4, 4, 4, 4),
      'trunk.types': Float32Array.of(8, 4),
      head: Float32Array.of(3),
    };
    const how = { isNew: (name: string) => name === 'head', wasRow: Int32Array.of(0, 1, -1), hold: 0.25 };
    const held = holdBack(learned, before, how);
    expect([...held[ITEM_TABLE]]).toEqual([3, 3, 3.5, 3.5, 4, 4]);
    expect([...held['trunk.types']]).toEqual([7, 5]);
    expect([...held.head]).toEqual([3]);
    expect(holdBack(learned, before, { ...how, hold: 0 })).toBe(learned);
  });
});

describe('how often the new is read', () => {
  const whole = { asked: 12_000, readings: 20 };

  it('stays under a share of what a first fit costs, and under its readings', () => {
    expect(readingsFor(CONTINUE_DEFAULTS, 3000, whole)).toBe(9);
    expect(readingsFor(CONTINUE_DEFAULTS, 100, whole)).toBe(20);
    expect(readingsFor(CONTINUE_DEFAULTS, 1e6, whole)).toBe(1);
    expect(readingsFor({ ...CONTINUE_DEFAULTS, epochs: 3 }, 100, whole)).toBe(3);
  });

  it('is kept with a network, also with one that was continued', async () => {
    const model = await transformerWith({ ...TOLD, epochs: 2 }).fit(walks(ids(RING), [OLD]), undefined, RUN);
    expect(readTrained(transformerKind, model.save()).readings).toBeGreaterThan(0);
  });
});

describe('a grown plan', () => {
  const options = { ownRows: 1000, times: false, masked: true };
  const small = walks(ids(RING), [{ ...OLD, sessions: 20 }]);

  it('keeps every row, puts new items behind, and the row of hidden events last', () => {
    const plan = planTokens(small, options);
    const now = walks([...ids(RING).reverse(), 'new a', 'new b', 'never'], []);
    const later = { ...now, entities: ['x'], offsets: Uint32Array.of(0, 3), items: Int32Array.of(13, 12, 0) };
    const grown = growPlan(plan, { sequences: later, ownRows: 1000 });
    for (let item = 0; item < RING; item++) expect(grown.plan.rowOf[RING - 1 - item]).toBe(plan.rowOf[item]);
    expect([...grown.plan.rowOf.subarray(RING)]).toEqual([13, 14, 0]);
    expect(grown.plan.rows).toBe(16);
    expect([...grown.wasRow]).toEqual([...Array(13).keys(), -1, -1, 13]);
  });

  it('keeps a score for what nobody did in the events at hand, and does not take it for new', () => {
    const plan = liftedPlan(planTokens(small, options), 2);
    const now = {
      ...walks(ids(RING), []),
      entities: ['x'],
      offsets: Uint32Array.of(0, 1),
      items: Int32Array.of(0),
    };
    const { logShare } = growPlan(plan, { sequences: now, ownRows: 1000 }).plan;
    expect([...logShare]).toEqual(Array.from({ length: RING }, () => 0));
    const shared = logShares(Int32Array.of(1, 1, 1), 2, Int32Array.of(3, 0, 1));
    expect([...shared].map((log) => Math.exp(log))).toEqual(
      [3, 0.5, 1].map((own) => expect.closeTo(own / 4.5, 6)),
    );
  });

  it('lets items share rows where there is no room for more, old ones never', () => {
    const plan = planTokens(small, { ...options, masked: false });
    const later = walks(
      [...ids(RING), ...ids(16).map((id) => `new ${id}`)],
      [
        { ...OLD, sessions: 30 },
        { ...OLD, sessions: 30, from: RING, name: 'new' },
      ],
    );
    const grown = growPlan(plan, { sequences: later, ownRows: RING + 2 });
    const own = [...grown.plan.rowOf];
    expect(new Set(own.slice(0, RING)).size).toBe(RING);
    // Of twelve new items met two have rows of their own, ten share three.
    expect(grown.plan.rows).toBe(1 + RING + 2 + 3);
    const logs = Array.from({ length: RING }, (_, i) => grown.plan.logShare[RING + i]);
    expect(logs.filter((log) => log === 0).length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...logs)).toBeLessThan(0);
  });

  it('grows tables at their end and heads by columns', () => {
    const shape = (rows: number, columns: number) => ({ tensor: { shape: [rows, columns] } });
    const zeros = ([rows, columns]: readonly number[]) => new Float32Array(rows * columns);
    const parameters = [
      { name: ITEM_TABLE, ...shape(3, 2), initialise: zeros },
      { name: 'trunk.types', ...shape(3, 2), initialise: zeros },
      { name: 'nextType.weight', ...shape(2, 3), initialise: zeros },
    ] as never;
    const grown = growValues(
      {
        [ITEM_TABLE]: Float32Array.of(1, 2, 3, 4),
        'trunk.types': Float32Array.of(1, 2, 3, 4),
        'nextType.weight': Float32Array.of(1, 2, 3, 4),
      },
      parameters,
      Int32Array.of(0, -1, 1),
      random(1),
    );
    expect([...grown[ITEM_TABLE]]).toEqual([1, 2, 1, 2, 3, 4]);
    expect([...grown['trunk.types']]).toEqual([1, 2, 3, 4, 1, 2]);
    expect([...grown['nextType.weight']]).toEqual([1, 2, 0, 3, 4, 0]);
  });
});

describe('batches with replay', () => {
  it('hold all that is new in each epoch, and another draw of the old', () => {
    const known = walks(ids(2 * RING), [OLD, { ...NEW[1], sessions: 50 }]);
    const plan = planTokens(known, { ownRows: 1000, times: false, masked: false });
    const settings = transformerKind.settings(0, { ...TOLD, negatives: 8, unknownRate: 0 });
    const batches = replayBatches(plan, newsSince(known, MONTH_MS), settings, { share: 0.25, seed: 1 });
    expect(batches).toMatchObject({ windows: 67, replayed: 17, asked: 67 * 5 });
    const rowsIn = (epoch: number) =>
      [...batches.batches(epoch, 0)].map(({ arrays, examples }) => {
        const rows = arrays.event as Int32Array;
        return { first: Array.from({ length: examples as number }, (_, r) => rows[r * 8]), examples };
      });
    const epochs = [0, 1].map((epoch) => rowsIn(epoch).flatMap(({ first }) => first));
    for (const first of epochs) {
      expect(first.length).toBe(67);
      expect(first.filter((row) => row > RING).length).toBe(50);
    }
    expect(epochs[0].filter((row) => row <= RING).sort()).not.toEqual(
      epochs[1].filter((row) => row <= RING).sort(),
    );
  });

  it('tell new events by what came before them, and ask for nothing else twice', () => {
    const [long] = [walks(ids(RING), [{ ...OLD, sessions: 1 }])];
    const twice = cutSequences(long, [0], () => [0, 6]);
    const news = { known: twice, newFrom: Uint32Array.of(5) };
    const plan = planTokens(twice, { ownRows: 1000, times: false, masked: false });
    const settings = transformerKind.settings(0, { ...TOLD, length: 4, negatives: 8 });
    const { windows, asked } = replayBatches(plan, news, settings, { share: 0, seed: 1 });
    expect({ windows, asked }).toEqual({ windows: 1, asked: 4 });
    expect(askedOf(twice)).toBe(5);
  });
});
