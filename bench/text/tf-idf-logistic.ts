// The baseline of reviews: TF-IDF of words, their pairs and pieces, and a ridge logistic regression fitted to all of them at once.
import { fitHashedText, textReader } from '../../src/models/encoding/hashed-text.ts';
import { fitSparseLinear, type SparseProblem } from '../../src/models/encoding/sparse-linear.ts';
import { chooseRidge } from '../../src/models/encoding/sparse-penalty.ts';
import { sparseProduct } from '../../src/models/encoding/sparse-rows.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { sigmoid } from '../../src/models/link.ts';
import { textsIn } from './reviews.ts';

/** Probabilities of the tested texts; the penalty is chosen by cross-validation over groups. */
export async function tfIdfLogistic(train: Sample, test: Sample, seed: number): Promise<Float64Array> {
  const { vocabulary, matrix } = await fitHashedText(textsIn(train), {});
  const weight = new Float64Array(train.target.length).fill(1);
  const problem: SparseProblem = { matrix, y: train.target, weight, loss: 'logistic' };
  const ridge = await chooseRidge(problem, { entities: train.entities, seed });
  const { intercept, weights } = await fitSparseLinear(problem, { ridge, seed });
  const read = await textReader(vocabulary)(textsIn(test));
  return sparseProduct(read, weights).map((margin) => sigmoid(intercept + margin));
}
