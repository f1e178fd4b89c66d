// Whether memory stays flat over thousands of training steps.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createTrainingStep } from '../../src/nn/step/training-step.ts';
import { madeUpBatch, madeUpSettings } from '../../src/nn/trainer/made-up-run.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atMost } from '../bench.ts';
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

/** 2,000 steps of the small model, after 2,000 more. */
export const measureMemory: MeasurePart = async ({ threads }) => {
  const figures = await smallModelMemory(threads);
  const target = atMost('growth of resident memory over 2,000 steps, MB', figures.growthMb, GROWTH_MB);
  return { targets: [target], figures };
};
