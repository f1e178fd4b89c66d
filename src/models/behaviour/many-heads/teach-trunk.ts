// A pretrained trunk taught by several questions at once, at past moments whose outcomes are known: what helps all of them stays.
import { AppError } from '../../../core/errors.ts';
import { random } from '../../../core/random.ts';
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import { initialValues } from '../../../nn/initialise.ts';
import { decayGroups, layerwiseRates } from '../../../nn/optimiser/groups.ts';
import { compileTraining } from '../../../nn/program/training-program.ts';
import { parameterSettings } from '../../../nn/step/training-settings.ts';
import { bucketedBatches, lengthBuckets } from '../../../nn/trainer/batches/length-buckets.ts';
import { named, trainToEnd } from '../../../nn/trainer/train-to-end.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import type { FitRun } from '../../estimator.ts';
import { clampToRate } from '../../link.ts';
import { lengthSteps } from '../../sequence/neural/settings.ts';
import { behaviourTrunk } from '../../sequence/transformer/trunk.ts';
import { historyFeeds } from '../feeds.ts';
import type { LearnedTrunk } from '../pretrain.ts';
import { type HeadQuestion, manyHeads, manyHeadsSpecs } from './many-heads.ts';

/** A question and its outcomes at the rows of the histories. */
export interface TaughtQuestion {
  readonly name: string;
  readonly kind: 'binary' | 'amount';
  /** Of its loss among the others'; 0 leaves it out. */
  readonly weight: number;
  /** [rows] */
  readonly target: Float64Array;
  /** 1 where the question is asked of the row, else 0: [rows] */
  readonly asked: Uint8Array;
}

export interface TeachTask {
  /** Named in the progress. */
  readonly id: string;
  /** At most. */
  readonly steps: number;
  readonly epochs: number;
  readonly run: FitRun;
}

export interface TaughtTrunk {
  readonly trunk: LearnedTrunk;
  /** Of each step, 1 for the best answer that is the same for everybody. */
  readonly losses: readonly number[];
}

const BATCH = 64;
/** As in pretraining: heads begin from nothing, and so do the directions they ask for. */
const RATE = 0.003;
const WARM_UP = 0.1;
/** Blocks further from the heads move less: what they know is of more than these questions. */
const LAYER_DECAY = 0.8;
const EMBEDDINGS = /^trunk\.(item|types|gaps|mark\d+|positions)\b/;
/** Amounts beyond this share of the positive ones are pulled in: a single one would be the whole slope of a batch. */
const CAP_SHARE = 0.995;

/**
 * @param histories with the moment of asking as their last place, by the trunk's words
 * @throws AppError USAGE where no question weighs anything, NOT_ENOUGH_DATA where outcomes are all alike, INTERRUPTED, DIVERGED
 */
export async function teachTrunk(
  trunk: LearnedTrunk,
  histories: Sequences,
  questions: readonly TaughtQuestion[],
  { id, steps: most, epochs, run }: TeachTask,
): Promise<TaughtTrunk> {
  const weighed = questions.filter(({ weight }) => weight > 0);
  if (weighed.length === 0 || questions.some(({ weight }) => !(weight >= 0 && Number.isFinite(weight))))
    throw new AppError('USAGE', 'expected questions with weights of at least 0, one of them above');
  const heads = weighed.map(headOf);
  const scaled = weighed.map(scaledTarget);
  const { plan, settings } = trunk;
  const body = behaviourTrunk(plan, settings);
  const buckets = lengthSteps(settings.length);
  const compiled = buckets.map((time) => {
    const places = { batch: BATCH, time };
    return compileTraining(manyHeads(body, heads, places), manyHeadsSpecs(plan, heads, places));
  });
  const programs = compiled.map(({ program }) => program);
  const draws = random(run.seed).fork('many heads');
  const rows = sequenceCount(histories);
  const lengths = Array.from(
    { length: rows },
    (_, row) => histories.offsets[row + 1] - histories.offsets[row],
  );
  const planned = lengthBuckets(lengths, { buckets, batchSize: BATCH, seed: draws.integer(2 ** 32) });
  const fill = historyFeeds(histories, plan, BATCH);
  const taken = (values: ArrayLike<number>, chosen: ArrayLike<number>) =>
    Float32Array.from({ length: BATCH }, (_, r) => (r < chosen.length ? values[chosen[r]] : 0));
  const batches = bucketedBatches(planned, ({ rows: padded, count, length: time }) => {
    const chosen = padded.subarray(0, count);
    const told = weighed.flatMap(({ asked }, q) => [
      [`target.${q}`, taken(scaled[q], chosen)] as const,
      [`asked.${q}`, taken(asked, chosen)] as const,
    ]);
    return { ...fill(chosen, time), ...Object.fromEntries(told) };
  });
  const steps = Math.min(most, epochs * planned.batchesPerEpoch);
  const { values, losses } = await trainToEnd({
    ...{ backend: nodeBackend, threads: run.threads, seed: draws.integer(2 ** 32), programs, batches },
    values: { ...initialValues(compiled[0].parameters, draws.fork('weights')), ...trunk.values },
    ...{ optimiser: { kind: 'adamw' }, clipNorm: 1, openSessions: programs.length },
    parameters: parameterSettings(programs, [
      decayGroups(settings.weightDecay),
      layerwiseRates({
        ...{ factor: LAYER_DECAY, layers: settings.blocks },
        ...{ layer: /blocks\.(\d+)\./, below: EMBEDDINGS },
      }),
    ]),
    schedule: {
      kind: 'warm-up-cosine',
      ...{
        rate: RATE,
        steps,
        warmUpSteps: Math.min(steps - 1, Math.ceil(WARM_UP * steps)),
        floor: RATE / 20,
      },
    },
    limits: { steps },
    progress: named(run.progress, `${id}: ${weighed.map(({ name }) => name).join(', ')}`),
    ...(run.signal && { signal: run.signal }),
  });
  const own = Object.entries(values).filter(([name]) => name.startsWith('trunk.'));
  return { trunk: { ...trunk, values: Object.fromEntries(own) }, losses };
}

/** @throws AppError NOT_ENOUGH_DATA */
function headOf({ name, kind, weight, target, asked }: TaughtQuestion): HeadQuestion {
  const own = target.filter((_, row) => asked[row] === 1);
  const positive = own.filter((value) => value > 0).length;
  if (positive === 0 || (kind === 'binary' && positive === own.length))
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected both outcomes of "${name}" at past moments, ${positive} of ${own.length} are above 0: leave it out, or use a shorter horizon`,
    );
  const rate = clampToRate(positive / own.length, own.length);
  const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate);
  const logit = Math.log(rate / (1 - rate));
  // Amounts are in units of their mean: a spender's deviance from it is 1.
  return kind === 'binary'
    ? { name, kind, weight, unit: entropy, constant: [logit] }
    : { name, kind, weight, unit: entropy + rate, constant: [logit, 0] };
}

function scaledTarget({ kind, target, asked }: TaughtQuestion): Float64Array {
  if (kind === 'binary') return target;
  const positive = target.filter((value, row) => asked[row] === 1 && value > 0).sort();
  const cap = positive[Math.ceil(CAP_SHARE * (positive.length - 1))];
  const mean = positive.reduce((sum, value) => sum + Math.min(cap, value), 0) / positive.length;
  return target.map((value) => Math.max(0, Math.min(cap, value)) / mean);
}
