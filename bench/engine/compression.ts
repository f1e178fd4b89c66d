// What compression costs and buys: the next-item model pruned and in 8 bits, and a sentence encoder in 8 bits.
import { gzipSync } from 'node:zlib';
import { random } from '../../src/core/random.ts';
import {
  type CompressionRow,
  compareForms,
  describeForms,
} from '../../src/nn/compress/compression-report.ts';
import type { TransformerOptions } from '../../src/nn/layers/transformer.ts';
import type { Batch } from '../../src/nn/step/training-step.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atLeast } from '../bench.ts';
import { drawSequences, type KnownSequence, sequenceLaw } from '../learnable-sequences.ts';
import { entropyFloor } from '../sequence-baselines.ts';
import {
  BATCH,
  byteForms,
  cutForms,
  type Data,
  type FormMaker,
  LENGTH,
  prunedForms,
  STEPS,
  trainedForm,
  tunedForms,
  VOCABULARY,
} from './compressed-forms.ts';
import type { MeasurePart } from './part.ts';
import { compareSentenceEncoders } from './sentence-encoder.ts';

const TEST_BATCHES = 8;

const trunkOf = (width: number): TransformerOptions => ({
  blocks: 2,
  width,
  heads: width / 32,
  causal: true,
});

async function compress(
  width: number,
  data: Data,
  { log, makers }: { readonly log: (line: string) => void; readonly makers: readonly FormMaker[] },
): Promise<readonly CompressionRow[]> {
  const options = trunkOf(width);
  const { values, form } = await trainedForm(options, data);
  const forms = [form];
  for (const make of makers) forms.push(...(await make(options, values, data)));
  const rows = await compareForms(forms, {
    backend: nodeBackend,
    batches: data.test.map(({ arrays }) => arrays),
    threads: data.threads,
    pack: (bytes) => gzipSync(bytes),
  });
  log(
    `compression: next-item model, width ${width}, ${options.blocks} blocks, ${data.threads} threads; ms a batch of ${BATCH} × ${LENGTH} with all scores`,
  );
  log(describeForms(rows));
  return rows;
}

export const measure: MeasurePart = async ({ seed, threads, log }) => {
  const law = sequenceLaw(seed, VOCABULARY);
  const draws = random(seed);
  const drawn = (name: string, batches: number) =>
    drawSequences(law, draws.fork(name), {
      count: BATCH * batches,
      minLength: LENGTH + 1,
      maxLength: LENGTH + 1,
    });
  const test = drawn('test', TEST_BATCHES);
  const floor = entropyFloor(test);
  log(`compression: entropy floor of the next-item task ${floor.toFixed(3)} nats`);
  const data = { train: batchesOf(drawn('train', STEPS)), test: batchesOf(test), seed, threads };
  const narrow = await compress(64, data, { log, makers: [byteForms, prunedForms, cutForms, tunedForms] });
  // trained for minutes as it is: here it is speed that matters
  const wide = await compress(256, data, { log, makers: [byteForms, prunedForms, cutForms] });
  const encoder = await compareSentenceEncoders({ threads, log });
  const speedOf = (rows: readonly CompressionRow[], name: string): number =>
    rows.find((row) => row.name === name)?.speedUp ?? Number.NaN;
  return {
    targets: [
      atLeast(
        '8 bits, dynamic: times as fast as float, width 256',
        speedOf(wide, '8 bits, dynamic'),
        1.3,
        `width 64: ${speedOf(narrow, '8 bits, dynamic').toFixed(2)}`,
      ),
    ],
    figures: { floor, narrow, wide, encoder: encoder ?? 'skipped: ../shared/models is absent' },
  };
};

function batchesOf(sequences: readonly KnownSequence[]): readonly Batch[] {
  const count = sequences.length / BATCH;
  return Array.from({ length: count }, (_, i) => batchOf(sequences.slice(i * BATCH, (i + 1) * BATCH)));
}

function batchOf(sequences: readonly KnownSequence[]): Batch {
  const inputs = new Int32Array(BATCH * LENGTH);
  const targets = new Int32Array(BATCH * LENGTH);
  for (const [row, { items }] of sequences.entries()) {
    inputs.set(items.subarray(0, LENGTH), row * LENGTH);
    targets.set(items.subarray(1, LENGTH + 1), row * LENGTH);
  }
  return { bucket: 0, arrays: { inputs, targets } };
}
