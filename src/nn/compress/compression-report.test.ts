// The comparison of compressed forms: scores by hand, sizes of the files, speed by a clock of our own.

import { expect, it } from 'vitest';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { mul } from '../../tensor/ops/arithmetic.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { sum } from '../../tensor/ops/structure.ts';
import type { Backend } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { compareForms, describeForms } from './compression-report.ts';

const times = (factor: number): Uint8Array => {
  const x = input('x', 'float', { count: 3 });
  return writeModel(emitModel({ total: sum(mul(x, factor)), all: mul(x, factor) }));
};
const batches = [{ x: Float32Array.of(1, 2, 3) }, { x: Float32Array.of(2, 2, 6) }];
const forms = [
  { name: 'whole', model: times(1) },
  { name: 'double', model: times(2) },
];

/** A backend on which the second form takes 2 milliseconds a run, the first 1; thrice that in the second of three rounds. */
function slowBackend() {
  let clock = 0;
  let open = 0;
  let most = 0;
  let opened = 0;
  const backend: Backend = {
    ...nodeBackend,
    async open(model, options) {
      const session = await nodeBackend.open(model, options);
      most = Math.max(most, ++open);
      // two are opened for the scores, then two a round
      const round = Math.floor(opened++ / 2);
      const milliseconds = (model === forms[1]?.model ? 2 : 1) * (round === 2 ? 3 : 1);
      return {
        ...session,
        run: (feeds, into) => {
          clock += milliseconds;
          return session.run(feeds, into);
        },
        release: () => {
          open--;
          return session.release();
        },
      };
    },
  };
  return { backend, now: () => clock, sessions: () => ({ open, most }) };
}

it('scores are means over the batches, speed is that of rounds against the first form', async () => {
  const { backend, now, sessions } = slowBackend();
  const rows = await compareForms(forms, {
    backend,
    now,
    batches,
    rounds: 3,
    pack: (bytes) => bytes.subarray(0, 9),
  });
  expect(rows).toEqual([
    {
      name: 'whole',
      scores: { total: 8 },
      bytes: forms[0]?.model.length,
      packedBytes: 9,
      milliseconds: 1,
      speedUp: 1,
    },
    {
      name: 'double',
      scores: { total: 16 },
      bytes: forms[1]?.model.length,
      packedBytes: 9,
      milliseconds: 2,
      speedUp: 0.5,
    },
  ]);
  expect(sessions()).toEqual({ open: 0, most: 1 });
});

it('scores of one own see the outputs and the number of the batch', async () => {
  const rows = await compareForms(forms, {
    backend: nodeBackend,
    batches,
    rounds: 1,
    score: ({ all }, batch) => ({ last: Number(all?.[2]) * (batch + 1) }),
  });
  expect(rows.map(({ scores }) => scores.last)).toEqual([7.5, 15]);
});

it('are shown as a table', async () => {
  const row = { scores: { hit: 0.5 }, bytes: 1_234_567, milliseconds: 1.5, speedUp: 1 };
  expect(
    describeForms([
      { name: 'float', ...row },
      { name: '8 bits', ...row, bytes: 400_000, speedUp: 2.04 },
    ]),
  ).toBe(
    [
      '           hit    kB    ms  faster',
      'float   0.5000  1235  1.50   1.00×',
      '8 bits  0.5000   400  1.50   2.04×',
    ].join('\n'),
  );
});

it('wants something to compare', async () => {
  await expect(compareForms([], { backend: nodeBackend, batches })).rejects.toMatchObject({ code: 'USAGE' });
});
