// A network asked in whole numbers: its matrices in 8 bits inside the programs, what they meet rounded at each run.
import { quantiseDynamic } from '../../../nn/compress/quantise.ts';
import { chooseWeights } from '../../../nn/compress/weight-uses.ts';
import type { EvaluationProgram } from '../../../nn/program/evaluation-program.ts';
import { readModel } from '../../../tensor/onnx/read.ts';
import { writeModel } from '../../../tensor/onnx/write.ts';
import type { Backend, RunArray, Session } from '../../../tensor/session/session.ts';
import { scoreProgram, stateProgram, vectorProgram } from './answers.ts';
import type { Network } from './network.ts';
import type { Ask } from './scoring.ts';
import { lengthSteps } from './settings.ts';
import type { Values } from './trained.ts';

export interface WholeNetwork {
  readonly network: Network;
  readonly values: Values;
  readonly batchSize: number;
  readonly bits: 7 | 8;
}

/** As a network of floats is asked. The vectors of items are rounded too, once: all batches are given the same. */
export function wholeAsking(
  { network, values, batchSize, bits }: WholeNetwork,
  { backend, threads }: { readonly backend: Backend; readonly threads: number },
): { readonly ask: Ask; readonly close: () => Promise<void> } {
  const steps = lengthSteps(network.settings.length);
  const sessions = new Map<number, Promise<Session>>();
  const programOf = (bucket: number, vectors: RunArray | undefined): EvaluationProgram => {
    if (bucket < steps.length)
      return stateProgram(network, { batch: batchSize, time: steps[bucket] }, values);
    if (bucket === steps.length) return vectorProgram(network, values);
    return scoreProgram(network, batchSize, vectors as Float32Array);
  };
  const opened = (bucket: number, vectors: RunArray | undefined): Promise<Session> => {
    const known =
      sessions.get(bucket) ?? backend.open(inWholeNumbers(programOf(bucket, vectors), bits), { threads });
    sessions.set(bucket, known);
    return known;
  };
  return {
    async ask({ bucket, arrays }) {
      const { vectors, ...fed } = arrays;
      return (await opened(bucket, vectors)).run(fed);
    },
    async close() {
      const open = [...sessions.values()];
      sessions.clear();
      for (const session of open) await (await session).release();
    },
  };
}

/** Its matrices in 8 bits; a program whose matrices are too small to gain stays as it is. */
function inWholeNumbers({ model }: EvaluationProgram, bits: 7 | 8): Uint8Array {
  const floats = readModel(model);
  if (chooseWeights(floats, () => true).chosen.length === 0) return model;
  return writeModel(quantiseDynamic(floats, { bits }).model);
}
