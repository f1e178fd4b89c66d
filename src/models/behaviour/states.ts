// Pooled states of many rows: each different history is read once, and those asked about again are remembered.
import type { Frame } from '../../core/frame.ts';
import { type Sequences, sequenceCount, takeSequences } from '../../core/sequences.ts';
import { defineModule } from '../../nn/module.ts';
import { compileEvaluation, type EvaluationProgram } from '../../nn/program/evaluation-program.ts';
import type { SymbolicBatch } from '../../nn/program/training-program.ts';
import { lengthBuckets } from '../../nn/trainer/batches/length-buckets.ts';
import { sum } from '../../tensor/ops/structure.ts';
import type { Session } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { TokenPlan } from '../sequence/neural/events/tokens.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import type { Values } from '../sequence/neural/trained.ts';
import { historyFeeds } from './feeds.ts';
import { pooledStates, stateSpecs } from './head.ts';
import { historiesOf, type Vocabulary } from './histories.ts';

/** One batch size for all: a row's numbers must not depend on how many are asked for. */
const BATCH = 32;

export interface StateReader {
  /** [rows, 2 · width] */
  read(frame: Frame): Promise<Float32Array>;
}

/** What pools histories, and how long and wide they are. */
export interface PooledBy {
  readonly trunk: Trunk;
  readonly plan: TokenPlan;
  readonly length: number;
  readonly width: number;
}

export interface ReadBy extends PooledBy {
  readonly vocabulary: Vocabulary;
  readonly values: Values;
  readonly threads: number;
}

/** Histories read before, and what came of them. */
interface Remembered {
  readonly histories: Sequences;
  /** Of each history, [histories, 2 · width]. */
  readonly states: Float32Array;
  readonly byHash: ReadonlyMap<number, readonly number[]>;
}

/**
 * Explanations ask of the same histories again and again, in other orders and with other features: those of the last
 * frame that brought many new ones are remembered.
 */
export function stateReader(by: ReadBy): StateReader {
  const programs = statePrograms(by);
  const wide = 2 * by.width;
  let remembered: Remembered | undefined;
  return {
    async read(frame) {
      const histories = historiesOf(frame, by.vocabulary, by.length);
      const states = new Float32Array(frame.rows * wide);
      const missing: number[] = [];
      for (let row = 0; row < frame.rows; row++) {
        const at = remembered === undefined ? undefined : placeOf(remembered, histories, row);
        if (remembered === undefined || at === undefined) missing.push(row);
        else states.set(remembered.states.subarray(at * wide, (at + 1) * wide), row * wide);
      }
      const fresh = takeSequences(histories, missing);
      const found = await poolHistories(fresh, by, programs);
      missing.forEach((row, at) => void states.set(found.subarray(at * wide, (at + 1) * wide), row * wide));
      if (2 * missing.length > frame.rows)
        remembered = { histories: fresh, states: found, byHash: hashed(fresh) };
      return states;
    },
  };
}

function hashed(histories: Sequences): ReadonlyMap<number, readonly number[]> {
  const byHash = new Map<number, number[]>();
  for (let row = 0; row < sequenceCount(histories); row++) {
    const key = hashOf(histories, row);
    const known = byHash.get(key);
    if (known) known.push(row);
    else byHash.set(key, [row]);
  }
  return byHash;
}

const placeOf = ({ histories, byHash }: Remembered, asked: Sequences, row: number): number | undefined =>
  byHash.get(hashOf(asked, row))?.find((at) => isAlike({ of: histories, at }, { of: asked, at: row }));

/** The program of a length, compiled when first asked for. */
export type StatePrograms = (time: number) => EvaluationProgram;

export function statePrograms({ trunk, plan }: PooledBy): StatePrograms {
  const programs = new Map<number, EvaluationProgram>();
  return (time) => {
    const program = programs.get(time) ?? stateProgram(trunk, plan, time);
    programs.set(time, program);
    return program;
  };
}

function stateProgram(trunk: Trunk, plan: TokenPlan, time: number): EvaluationProgram {
  const places = { batch: BATCH, time };
  return compileEvaluation(
    defineModule('states', (scope, inputs: SymbolicBatch) => {
      const states = pooledStates(trunk, places).build(scope, inputs);
      return { loss: sum(states), outputs: { states } };
    }),
    stateSpecs(plan, places),
  );
}

/** Pooled states, [histories, 2 · width]; sessions are open no longer than it takes. */
export async function poolHistories(
  all: Sequences,
  { plan, length, width, values, threads }: Omit<ReadBy, 'vocabulary'>,
  programs: StatePrograms,
): Promise<Float32Array> {
  const rows = sequenceCount(all);
  const wide = 2 * width;
  const states = new Float32Array(rows * wide);
  if (rows === 0) return states;
  const { first, like } = distinctRows(all);
  const histories = takeSequences(all, first);
  const lengths = Array.from(first, (row) => all.offsets[row + 1] - all.offsets[row]);
  const buckets = lengthSteps(length);
  const planned = lengthBuckets(lengths, { buckets, batchSize: BATCH, seed: 0, shuffle: false });
  const fill = historyFeeds(histories, plan, BATCH);
  const own = new Float32Array(first.length * wide);
  const sessions = new Map<number, Session>();
  try {
    for (const { length: time, rows: chosen, count } of planned.epoch(0)) {
      const program = programs(time);
      const session = sessions.get(time) ?? (await nodeBackend.open(program.model, { threads }));
      sessions.set(time, session);
      const fed = Object.fromEntries(program.parameters.map(({ name }) => [name, values[name]]));
      const { states: found } = await session.run({ ...fill(chosen, time), ...fed });
      for (let r = 0; r < count; r++)
        own.set((found as Float32Array).subarray(r * wide, (r + 1) * wide), chosen[r] * wide);
    }
  } finally {
    for (const session of sessions.values()) await session.release();
  }
  like.forEach((at, row) => void states.set(own.subarray(at * wide, (at + 1) * wide), row * wide));
  return states;
}

/** The first row of each different history, and for every row the place of its like among them. */
function distinctRows(histories: Sequences): { readonly first: Int32Array; readonly like: Int32Array } {
  const rows = histories.offsets.length - 1;
  const like = new Int32Array(rows);
  const first: number[] = [];
  const found = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const key = hashOf(histories, row);
    const candidates = found.get(key) ?? [];
    const same = candidates.find((at) =>
      isAlike({ of: histories, at: first[at] }, { of: histories, at: row }),
    );
    like[row] = same ?? first.push(row) - 1;
    if (same === undefined) found.set(key, [...candidates, like[row]]);
  }
  return { first: Int32Array.from(first), like };
}

function hashOf({ offsets, items, types, timesMs, marks = [] }: Sequences, row: number): number {
  let hash = 0x811c9dc5;
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193);
    hash ^= hash >>> 15;
  };
  for (let event = offsets[row]; event < offsets[row + 1]; event++) {
    mix(items[event]);
    mix(types?.[event] ?? 0);
    mix((timesMs?.[event] ?? 0) / 1000);
    for (const { codes } of marks) mix(codes[event]);
  }
  return hash;
}

interface History {
  readonly of: Sequences;
  readonly at: number;
}

function isAlike(a: History, b: History): boolean {
  const size = a.of.offsets[a.at + 1] - a.of.offsets[a.at];
  if (b.of.offsets[b.at + 1] - b.of.offsets[b.at] !== size) return false;
  const [first, second] = [a, b].map(({ of, at }) => ({ told: toldBy(of), start: of.offsets[at] }));
  if (first.told.length !== second.told.length) return false;
  return first.told.every((values, k) => {
    const others = second.told[k];
    for (let place = 0; place < size; place++)
      if (values?.[first.start + place] !== others?.[second.start + place]) return false;
    return true;
  });
}

const toldBy = ({ items, types, timesMs, marks = [] }: Sequences) => [
  ...[items, types, timesMs],
  ...marks.map(({ codes }) => codes),
];
