// How well a head on frozen vectors tells a product's category, beside always the largest and beside its name's words.
import { makeFrame, type VectorColumn } from '../../src/core/frame.ts';
import { silent } from '../../src/core/progress.ts';
import { classAccuracy, macroF1 } from '../../src/eval/metrics/classes.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { vectorLogistic } from '../../src/models/heads/vector-logistic.ts';
import { wordVectors } from '../../src/models/retrieval/word-vectors.ts';
import type { BenchOptions } from '../bench.ts';
import { type Fashion, meanAndSpread, splitByName, takeVectors, vectorColumn } from './fashion-data.ts';

/** Fewer products of a category on both sides teach and test nothing. */
const LEAST = 10;

export async function categoryHeads(
  fashion: Fashion,
  vectors: Float32Array,
  { seed, threads, log }: BenchOptions,
): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const field of ['articleType', 'masterCategory'] as const) {
    const labels = fashion.fields[field];
    const counts = new Map<string, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const levels = [...counts]
      .filter(([, count]) => count >= LEAST)
      .map(([label]) => label)
      .sort();
    const codeOf = new Map(levels.map((label, code) => [label, code]));
    const scores: Record<string, { accuracy: number[]; macroF1: number[]; seconds: number[] }> = {};
    let sizes = { train: 0, test: 0 };
    for (let draw = seed; draw < seed + 3; draw++) {
      const split = splitByName(fashion.keys, draw);
      const [train, test] = [split.train, split.test].map((rows) =>
        rows.filter((i) => codeOf.has(labels[i])),
      );
      sizes = { train: train.length, test: test.length };
      const words = wordVectors(train.map((i) => fashion.names[i]));
      const { width } = fashion.encoder;
      const columnsOf = (rows: readonly number[]) => ({
        words: vectorColumn('words', words.width, words.read(rows.map((i) => fashion.names[i]))),
        pictures: vectorColumn('pictures', width, takeVectors(vectors, width, rows)),
      });
      const [learned, asked] = [columnsOf(train), columnsOf(test)];
      const targetOf = (rows: readonly number[]) =>
        Float64Array.from(rows, (i) => codeOf.get(labels[i]) as number);
      const note = (key: string, predicted: Float64Array, seconds: number) => {
        const rows = { classes: levels.length, actual: targetOf(test), predicted };
        const even = new Float64Array(test.length).fill(1);
        scores[key] ??= { accuracy: [], macroF1: [], seconds: [] };
        scores[key].accuracy.push(classAccuracy(rows)(even));
        scores[key].macroF1.push(macroF1(rows)(even));
        scores[key].seconds.push(seconds);
        log(
          `${field} seed ${draw} ${key}: accuracy ${scores[key].accuracy.at(-1)?.toFixed(4)} in ${seconds.toFixed(1)} s`,
        );
      };
      const shares = new Float64Array(levels.length).fill(1e-9);
      for (const code of targetOf(train)) shares[code] += 1 / train.length;
      const total = shares.reduce((a, b) => a + b, 0);
      const constant = new Float64Array(test.length * levels.length);
      test.forEach((_, row) => {
        constant.set(
          shares.map((own) => own / total),
          row * levels.length,
        );
      });
      note('majority', constant, 0);
      for (const key of ['words', 'pictures', 'words + pictures'] as const) {
        const pick = (columns: typeof learned): VectorColumn[] =>
          key.split(' + ').map((own) => columns[own as keyof typeof columns]);
        const sample: Sample = {
          question: {
            kind: 'classes',
            outcome: 'other',
            horizonDays: 0,
            discountPerYear: 0,
            classes: levels.length,
          },
          frame: makeFrame(pick(learned)),
          entities: train.map((i) => fashion.keys[i]),
          asOf: new Float64Array(train.length),
          target: targetOf(train),
        };
        const startedMs = performance.now();
        const model = await vectorLogistic.fit(sample, undefined, { seed: draw, threads, progress: silent });
        const seconds = (performance.now() - startedMs) / 1000;
        note(key, await model.predict(makeFrame(pick(asked))), seconds);
      }
    }
    tables[field] = {
      classes: levels.length,
      ...sizes,
      ...Object.fromEntries(
        Object.entries(scores).map(([key, own]) => [
          key,
          {
            accuracy: meanAndSpread(own.accuracy),
            macro_f1: meanAndSpread(own.macroF1),
            seconds_to_fit: meanAndSpread(own.seconds).mean,
          },
        ]),
      ),
    };
  }
  return tables;
}
