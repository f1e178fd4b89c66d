// A small model trained the same way wherever it runs: next item by a causal transformer and a GRU, dropout and all.

import { random } from '../../src/core/random.ts';
import { initialValues } from '../../src/nn/initialise.ts';
import { embeddingTable } from '../../src/nn/layers/embedding.ts';
import { gru } from '../../src/nn/layers/gru.ts';
import { transformer } from '../../src/nn/layers/transformer.ts';
import { tiedCrossEntropy } from '../../src/nn/losses/softmax.ts';
import { weightedMean } from '../../src/nn/losses/weighted.ts';
import { defineModule } from '../../src/nn/module.ts';
import {
  compileTraining,
  type Objective,
  type SymbolicBatch,
} from '../../src/nn/program/training-program.ts';
import { createTrainingStep } from '../../src/nn/step/training-step.ts';
import { gather } from '../../src/tensor/ops/indexing.ts';
import type { Backend } from '../../src/tensor/session/session.ts';

const [BATCH, TIME, ITEMS, WIDTH] = [16, 8, 60, 16];

const SPECS = {
  items: { dtype: 'int32', axes: { batch: BATCH, time: TIME } },
  targets: { dtype: 'int32', axes: { batch: BATCH, time: TIME } },
} as const;

const objective = defineModule<SymbolicBatch<typeof SPECS>, Objective>('next-item', (scope, batch) => {
  const table = embeddingTable(scope, { count: ITEMS, width: WIDTH });
  const x = scope.dropout(gather(table, batch.items), 0.1);
  const trunk = transformer({ width: WIDTH, heads: 2, blocks: 1, causal: true, dropout: 0.1 });
  const seen = scope.apply('transformer', trunk, { x });
  const { states } = scope.apply('gru', gru({ hidden: WIDTH }), { x: seen });
  return { loss: weightedMean(tiedCrossEntropy({ states, table, targets: batch.targets })) };
});

/** The loss of each of `steps` steps of AdamW; the next item is three further on, but for one draw in ten. */
export async function trainSmallModel(
  backend: Backend,
  { steps, threads = 1 }: { readonly steps: number; readonly threads?: number },
): Promise<readonly number[]> {
  const { program, parameters } = compileTraining(objective, SPECS);
  const run = createTrainingStep({
    backend,
    programs: [program],
    values: initialValues(parameters, random(3)),
    optimiser: { kind: 'adamw' },
    clipNorm: 1,
    seed: 3,
    threads,
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const arrays = drawBatch(step);
    const { loss } = await run.step([{ bucket: 0, arrays }], { epoch: 0, learningRate: 0.02 });
    losses.push(loss);
  }
  await run.close();
  return losses;
}

function drawBatch(step: number): { readonly items: Int32Array; readonly targets: Int32Array } {
  const draws = random(5).fork(`batch ${step}`);
  const items = new Int32Array(BATCH * TIME);
  const targets = new Int32Array(BATCH * TIME);
  for (let i = 0; i < items.length; i++) {
    items[i] = i % TIME === 0 ? draws.integer(ITEMS) : (targets[i - 1] as number);
    const isSurprise = draws.uniform() < 0.1;
    targets[i] = isSurprise ? draws.integer(ITEMS) : ((items[i] as number) + 3) % ITEMS;
  }
  return { items, targets };
}
