// Gradients of an embedding table with nine duplicates in ten: both of the engine's ways lose nothing in 200 runs.

import { countWrongRuns } from '../../src/tensor/checks/made-up-duplicates.ts';
import { atMost, type Target } from '../bench.ts';
import type { MeasurePart } from './part.ts';

const RUNS = 200;

/** Also counts how often onnxruntime's ScatterND is wrong there: the reason why the engine never writes it. */
export const measureDuplicates: MeasurePart = async ({ seed, log }) => {
  const targets: Target[] = [];
  const scatterNdWrong: Record<string, number> = {};
  for (const threads of [1, 2]) {
    for (const [way, words] of [
      ['kernel', 'rows added by the kernel'],
      ['graph', 'rows scattered in the graph'],
    ] as const) {
      const wrong = await countWrongRuns(way, { threads, runs: RUNS, seed });
      targets.push(
        atMost(
          `${words}, ${threads} thread(s): wrong runs of ${RUNS}`,
          wrong,
          0,
          'against the sum in order, bit for bit; 6,400 rows of 64 into 12,000, 90 % duplicates',
        ),
      );
    }
    scatterNdWrong[`${threads} thread(s)`] = await countWrongRuns('scatterNd', { threads, runs: RUNS, seed });
    log(
      `ScatterND with ${threads} thread(s): ${scatterNdWrong[`${threads} thread(s)`]} of ${RUNS} runs wrong`,
    );
  }
  return { targets, figures: { runs: RUNS, scatterNdWrong } };
};
