// The baselines of Chinese reviews: TF-IDF of characters, or of characters and their pairs, and a ridge logistic regression.
import { hash32 } from '../../src/core/random.ts';
import { fitSparseLinear, type SparseProblem } from '../../src/models/encoding/sparse-linear.ts';
import { chooseRidge } from '../../src/models/encoding/sparse-penalty.ts';
import { type SparseRows, sparseProduct } from '../../src/models/encoding/sparse-rows.ts';
import { sigmoid } from '../../src/models/link.ts';

/** Characters alone, or with pairs. */
export type Grams = 1 | 2;

function gramsOf(text: string, longest: Grams): Map<string, number> {
  const letters = [...text];
  const counts = new Map<string, number>();
  for (let i = 0; i < letters.length; i++)
    for (let n = 1; n <= longest && i + n <= letters.length; n++) {
      const gram = letters.slice(i, i + n).join('');
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
    }
  return counts;
}

/** Rows of length one: (1 + ln count) · idf, idf = ln((1 + rows) / (1 + rows with it)) + 1, of the training texts alone. */
function tfIdf(texts: readonly string[], longest: Grams) {
  const counted = texts.map((text) => gramsOf(text, longest));
  const rowsWith = new Map<string, number>();
  for (const counts of counted)
    for (const gram of counts.keys()) rowsWith.set(gram, (rowsWith.get(gram) ?? 0) + 1);
  const codes = new Map([...rowsWith.keys()].sort().map((gram, code) => [gram, code]));
  const idf = new Map(
    [...rowsWith].map(([gram, rows]) => [gram, Math.log((1 + texts.length) / (1 + rows)) + 1] as const),
  );
  const matrixOf = (all: readonly Map<string, number>[]): SparseRows => {
    const rows = all.map((counts) => {
      const known = [...counts].flatMap(([gram, count]) => {
        const code = codes.get(gram);
        return code === undefined ? [] : [[code, (1 + Math.log(count)) * (idf.get(gram) as number)] as const];
      });
      const length = Math.sqrt(known.reduce((sum, [, value]) => sum + value * value, 0)) || 1;
      return known.toSorted(([a], [b]) => a - b).map(([code, value]) => [code, value / length] as const);
    });
    const offsets = new Uint32Array(rows.length + 1);
    rows.forEach((row, i) => {
      offsets[i + 1] = offsets[i] + row.length;
    });
    return {
      rows: rows.length,
      width: codes.size,
      offsets,
      codes: Int32Array.from(rows.flatMap((row) => row.map(([code]) => code))),
      values: Float32Array.from(rows.flatMap((row) => row.map(([, value]) => value))),
    };
  };
  return {
    learned: matrixOf(counted),
    of: (others: readonly string[]) => matrixOf(others.map((t) => gramsOf(t, longest))),
  };
}

/** Probabilities of the second texts, learned from the first; the penalty is chosen by cross-validation. */
export async function characterLogistic(
  longest: Grams,
  learn: {
    readonly texts: readonly string[];
    readonly target: Float64Array;
    /** Ones where left out. */
    readonly weight?: Float64Array;
  },
  asked: readonly string[],
  seed: number,
): Promise<Float64Array> {
  const table = tfIdf(learn.texts, longest);
  const problem: SparseProblem = {
    matrix: table.learned,
    y: learn.target,
    weight: learn.weight ?? new Float64Array(learn.target.length).fill(1),
    loss: 'logistic',
  };
  const entities = learn.texts.map((text, i) => `${hash32(text)} ${i}`);
  const ridge = await chooseRidge(problem, { entities, seed });
  const { intercept, weights } = await fitSparseLinear(problem, { ridge, seed });
  return sparseProduct(table.of(asked), weights).map((margin) => sigmoid(intercept + margin));
}
