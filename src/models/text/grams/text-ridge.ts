// A ridge regression straight on what texts weigh in words, runs of characters or topics: the count others are held against.
import { throwIfAborted } from '../../../core/errors.ts';
import { fitSparseLinear, type SparseLinear, type SparseProblem } from '../../encoding/sparse-linear.ts';
import { chooseRidge } from '../../encoding/sparse-penalty.ts';
import { type SparseRows, takeSparseRows } from '../../encoding/sparse-rows.ts';
import type { FitRun, Sample } from '../../estimator.ts';
import { unitWeights } from '../../sample.ts';

/** What each thing read in a text weighs. */
export type Line = Pick<SparseLinear, 'intercept' | 'weights'>;

/**
 * One line of yes against no, or a line a class against the rest.
 *
 * @param matrix a row of length one for each row of the sample
 * @throws AppError INTERRUPTED
 */
export async function fitLines(matrix: SparseRows, sample: Sample, run: FitRun): Promise<readonly Line[]> {
  const { kind, classes = 2 } = sample.question;
  if (kind !== 'classes') return [await fitTextRidge(matrix, sample, run)];
  const lines: Line[] = [];
  for (let own = 0; own < classes; own++) {
    const against = { ...sample, target: sample.target.map((y) => Number(y === own)) };
    lines.push(await fitTextRidge(matrix, against, run));
  }
  return lines;
}

/**
 * Fits probabilities of a yes; the penalty is the one that foretells held-out rows best. Rows of no weight are left out.
 *
 * @throws AppError INTERRUPTED
 */
async function fitTextRidge(matrix: SparseRows, sample: Sample, { seed, signal }: FitRun): Promise<Line> {
  throwIfAborted(signal);
  const all = unitWeights(sample);
  const told = Array.from(all.keys()).filter((row) => all[row] > 0);
  const problem: SparseProblem = {
    matrix: told.length === all.length ? matrix : takeSparseRows(matrix, told),
    y: Float64Array.from(told, (row) => sample.target[row]),
    weight: Float64Array.from(told, (row) => all[row]),
    loss: 'logistic',
  };
  const entities = told.map((row) => sample.entities[row]);
  const aborted = signal ? { signal } : {};
  const ridge = await chooseRidge(problem, { entities, seed, ...aborted });
  const { intercept, weights } = await fitSparseLinear(problem, { ridge, seed, ...aborted });
  return { intercept, weights };
}
