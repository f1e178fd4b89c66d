// A small model with everything a run can have (rows, dropout, a statistic, two buckets), and batches for it, for tests.

import { random } from '../../core/random.ts';
import { add, div, maximum, mul, sub } from '../../tensor/ops/arithmetic.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { reshape, sum } from '../../tensor/ops/structure.ts';
import { initialValues, normal, zeros } from '../initialise.ts';
import { defineModule } from '../module.ts';
import { compileEvaluation, type EvaluationProgram } from '../program/evaluation-program.ts';
import {
  type CompileOptions,
  compileTraining,
  type Objective,
  type SymbolicBatch,
  type TrainingProgram,
} from '../program/training-program.ts';
import type { Batch, TrainingStepSettings } from '../step/training-step.ts';
import type { BatchSource } from './batches/batch-source.ts';
import type { TrainingSettings } from './train-options.ts';
import type { TrainingData } from './worker/training-data.ts';

export const ITEMS = 40;
export const WIDTH = 8;
export const LENGTHS = [3, 6] as const;

const specsOf = (batch: number, time: number) =>
  ({
    items: { dtype: 'int32', axes: { batch, time } },
    target: { dtype: 'float', axes: { batch } },
    weight: { dtype: 'float', axes: { batch } },
  }) as const;

type Specs = ReturnType<typeof specsOf>;

/** Mean weighted squared error of a sum of item effects, read by a small network with dropout. */
const objective = (rate: number) =>
  defineModule<SymbolicBatch<Specs>, Objective>('sum-of-effects', (scope, { items, target, weight }) => {
    const table = scope.parameter('table', { items: ITEMS, width: WIDTH }, normal(0.5));
    const hidden = scope.parameter('hidden', { width: WIDTH, inner: WIDTH }, normal(0.5));
    const bias = scope.parameter('bias', { inner: WIDTH }, zeros);
    const out = scope.parameter('out', { inner: WIDTH, one: 1 }, normal(0.5));
    const seen = scope.statistic('seen', { inner: WIDTH }, zeros);
    const read = sum(scope.dropout(gather(table, items), rate), 1);
    const inner = maximum(add(matmul(read, hidden), bias), 0);
    const batch = target.shape[0] as number;
    scope.update(seen, add(mul(seen, 0.9), mul(sum(inner, 0), 0.1 / batch)));
    const error = sub(reshape(matmul(scope.dropout(inner, rate), out), [batch]), target);
    const loss = div(sum(mul(weight, mul(error, error))), sum(weight));
    return { loss, metrics: { squared_error: loss } };
  });

export function madeUpProgram(
  batch: number,
  time: number,
  rate = 0.2,
  options: CompileOptions = {},
): TrainingProgram {
  return compileTraining(objective(rate), specsOf(batch, time), options).program;
}

export function madeUpEvaluation(batch: number, time: number): EvaluationProgram {
  return compileEvaluation(objective(0), specsOf(batch, time));
}

export interface MadeUpOptions {
  readonly batch?: number;
  readonly rate?: number;
  readonly seed?: number;
}

/** Settings of a run over both lengths. */
export function madeUpSettings({
  batch = 8,
  rate = 0.2,
  seed = 7,
}: MadeUpOptions = {}): TrainingStepSettings {
  const { parameters } = compileTraining(objective(rate), specsOf(batch, LENGTHS[0]));
  return {
    programs: LENGTHS.map((time) => madeUpProgram(batch, time, rate)),
    evaluations: LENGTHS.map((time) => madeUpEvaluation(batch, time)),
    values: initialValues(parameters, random(seed)),
    optimiser: { kind: 'adamw' },
    seed,
  };
}

/** The batch of this number: its target is the sum of fixed effects of its items. */
export function madeUpBatch(number: number, batch = 8, bucket = number % LENGTHS.length): Batch {
  const draws = random(11).fork(`batch ${number}`);
  const time = LENGTHS[bucket] as number;
  const items = Int32Array.from({ length: batch * time }, () => draws.integer(ITEMS));
  const target = new Float32Array(batch);
  for (let i = 0; i < items.length; i++) target[Math.floor(i / time)] += effectOf(items[i]);
  return { bucket, arrays: { items, target, weight: new Float32Array(batch).fill(1) } };
}

const effectOf = (item: number): number => ((item * 7) % 11) / 10 - 0.5;

/** Seven batches an epoch, other ones in each. */
export function madeUpSource(batch = 8, perEpoch = 7): BatchSource {
  return {
    *batches(epoch, from) {
      for (let i = from; i < perEpoch; i++) yield madeUpBatch(epoch * perEpoch + i, batch);
    },
  };
}

/** Four batches no epoch of the first hundred holds. */
export const madeUpValidation: BatchSource = {
  *batches() {
    for (let i = 0; i < 4; i++) yield madeUpBatch(10_000 + i);
  },
};

/** A run with everything whose state must survive a kill: accumulation, averages, plateau, early stopping. */
export function madeUpRun(steps = 40): TrainingSettings {
  return {
    ...madeUpSettings(),
    // Strict enough that some evaluations are better and others are not.
    schedule: { kind: 'plateau', rate: 0.02, patience: 1, factor: 0.5, threshold: 0.2 },
    accumulate: 2,
    averageDecay: 0.9,
    clipNorm: 1,
    earlyStopping: { patience: 1000, minimumImprovement: 0.2 },
    limits: { steps },
    evaluateEvery: 5,
    checkpointEvery: 4,
    recordEvery: 1,
  };
}

/** As a module for a training worker. */
export function createTrainingData({ batch }: { readonly batch: number }): TrainingData {
  return { batches: madeUpSource(batch), validation: madeUpValidation };
}
