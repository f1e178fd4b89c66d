// What 8 bits cost: the area under the curve of a logistic head on vectors, in floats and rounded, on the same reviews.
import { type Frame, makeFrame } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { silent } from '../../src/core/progress.ts';
import { embedTexts } from '../../src/encoders/text/embed.ts';
import type { TextEncoder } from '../../src/encoders/text/text-encoder.ts';
import type { TextPrecision } from '../../src/encoders/text/text-program.ts';
import { rocAuc } from '../../src/eval/metrics/binary.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { vectorLogistic } from '../../src/models/heads/vector-logistic.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { drawRows, readReviews, splitReviews, textsIn } from './reviews.ts';

export interface Int8Loss {
  readonly rows: { readonly train: number; readonly test: number };
  /** On the test rows. */
  readonly auc: Readonly<Record<TextPrecision, number>>;
}

export interface LossOptions {
  readonly count: number;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

/** Women's Clothing, recommended or not; reviews of one item stay on one side. Undefined where the data are absent. */
export async function int8Loss(
  encoder: TextEncoder,
  { count, seed, threads, log }: LossOptions,
): Promise<Int8Loss | undefined> {
  const reviews = await readReviews('clothing', log);
  if (reviews === undefined) return undefined;
  const drawn = { ...reviews, sample: drawRows(reviews.sample, count, `int8 ${seed}`) };
  const { train, test } = splitReviews(drawn, seed);
  const auc = async (precision: TextPrecision): Promise<number> => {
    const onVectors = async (sample: Sample): Promise<Sample> => {
      const values = await embedTexts(encoder, textsIn(sample), { backend: nodeBackend, threads, precision });
      return { ...sample, frame: frameOf(values, encoder.width) };
    };
    const model = await vectorLogistic.fit(await onVectors(train), undefined, {
      seed,
      threads,
      progress: silent,
    });
    const { frame, target } = await onVectors(test);
    const predicted = Float64Array.from(await model.predict(frame));
    return rocAuc({ actual: target, predicted })(new Float64Array(target.length).fill(1));
  };
  const scores = { float: await auc('float'), int8: await auc('int8') };
  return { rows: { train: train.target.length, test: test.target.length }, auc: scores };
}

function frameOf(values: Float32Array, width: number): Frame {
  const label = name('text', '文本');
  return makeFrame([{ kind: 'vector', name: 'text', label, unit: 'none', group: 'text', width, values }]);
}
