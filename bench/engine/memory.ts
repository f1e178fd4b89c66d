// Whether memory stays flat over thousands of training steps.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createTrainingStep } from '../../src/nn/step/training-step.ts';
import { madeUpBatch, madeUpSettings } from '../../src/nn/trainer/made-up-run.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atMost } from '../bench.ts';
import { decoderSettings, openContestant } from './decoder.ts';
import type { MeasurePart } from './part.ts';

const MB = 2 ** 20;
/** Of noise that is no leak: the allocator gives pages back when it likes. */
const GROWTH_MB = 16;

export interface MemoryFigures {
  readonly steps: number;
  /** Resident set after the warm-up, at the end, and at its highest, MB. */
  readonly afterWarmUpMb: number;
  readonly endMb: number;
  readonly highestMb: number;
  /** The end less the warm-up: what a leak would make grow with the number of steps. */
  readonly growthMb: number;
}

export interface MemoryOptions {
  /** 2,000 after the warm-up. */
  readonly steps?: number;
  /** Steps in which compiled code, caches and the allocator's arenas find their size, 2,000. */
  readonly warmUp?: number;
}

/** Resident memory around many calls of `step`. Garbage is collected first, so that it is not taken for a leak. */
export async function memoryOver(
  step: (number: number) => Promise<unknown>,
  { steps = 2000, warmUp = 2000 }: MemoryOptions = {},
): Promise<MemoryFigures> {
  const collect = garbageCollector();
  const resident = (): number => {
    collect();
    return process.memoryUsage.rss() / MB;
  };
  for (let i = 0; i < warmUp; i++) await step(i);
  const afterWarmUpMb = resident();
  let highestMb = afterWarmUpMb;
  for (let i = 0; i < steps; i++) {
    await step(warmUp + i);
    if (i % 50 === 49) highestMb = Math.max(highestMb, process.memoryUsage.rss() / MB);
  }
  const endMb = resident();
  return { steps, afterWarmUpMb, endMb, highestMb, growthMb: endMb - afterWarmUpMb };
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Memory over steps of a small model with two buckets, dropout, rows and micro-batches. */
export async function smallModelMemory(threads: number, options: MemoryOptions = {}): Promise<MemoryFigures> {
  const run = createTrainingStep({
    backend: nodeBackend,
    ...madeUpSettings({ batch: 64 }),
    averageDecay: 0.99,
    threads,
  });
  try {
    return await memoryOver(
      (i) =>
        run.step([madeUpBatch(2 * i, 64), madeUpBatch(2 * i + 1, 64)], {
          epoch: Math.floor(i / 100),
          learningRate: 1e-3,
        }),
      options,
    );
  } finally {
    await run.close();
  }
}

/** Memory over steps of the wide transformer, in batches of 4: the same graph and parameters, an eighth of the time. */
async function wideModelMemory(threads: number, seed: number): Promise<MemoryFigures> {
  const wide = decoderSettings('wide', 'sampled', 0.1);
  const contestant = await openContestant({ ...wide, shape: { ...wide.shape, batch: 4 } }, threads, seed);
  try {
    return await memoryOver(() => contestant.run(1), { steps: 2000, warmUp: 200 });
  } finally {
    await contestant.close();
  }
}

/** 2,000 steps of the small model, after 2,000 more; then 2,000 of the wide one. */
export const measureMemory: MeasurePart = async ({ threads, seed }) => {
  const small = await smallModelMemory(threads);
  const wide = await wideModelMemory(threads, seed);
  const described = ({ afterWarmUpMb, endMb, highestMb }: MemoryFigures) =>
    `${afterWarmUpMb.toFixed(0)} → ${endMb.toFixed(0)} MB, at most ${highestMb.toFixed(0)}`;
  return {
    targets: [
      atMost(
        'growth of resident memory over 2,000 steps of a small model, MB',
        small.growthMb,
        GROWTH_MB,
        described(small),
      ),
      atMost(
        'growth of resident memory over 2,000 steps of the wide transformer (batch 4), MB',
        wide.growthMb,
        GROWTH_MB,
        described(wide),
      ),
    ],
    figures: { small, wide },
  };
};
