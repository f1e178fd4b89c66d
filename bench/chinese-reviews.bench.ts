// Chinese reviews told apart by an encoder learned from the very reviews, beside characters and their pairs, by count of labels.
import { silent } from '../src/core/progress.ts';
import { random } from '../src/core/random.ts';
import type { OwnSettings } from '../src/encoders/own/own-settings.ts';
import { pretrainOwn } from '../src/encoders/own/pretrain-own.ts';
import type { TextEncoder } from '../src/encoders/text/text-encoder.ts';
import { estimatorById, fitModel } from '../src/models/catalogue.ts';
import type { Sample, Settings } from '../src/models/estimator.ts';
import { logit } from '../src/models/link.ts';
import { takeSample } from '../src/models/sample.ts';
import { pseudoLabels } from '../src/models/text/self-training/pseudo-labels.ts';
import { SELF_TAUGHT_DEFAULTS, type SelfTaught } from '../src/models/text/self-training/self-taught.ts';
import { classShares, SELF_TAUGHT } from '../src/models/text/self-training/self-training.ts';
import { onEncoder, type TextEstimator } from '../src/models/text/text-estimator.ts';
import { nodeBackend } from '../src/tensor/session/session-node.ts';
import { atLeast, type Bench, type Target } from './bench.ts';
import { characterLogistic } from './text/character-logistic.ts';
import { askCounts, countsAndEncoder, mixed, stacked } from './text/mixed-opinions.ts';
import { drawRows, type ReviewSet, readReviews, splitReviews, textsIn } from './text/reviews.ts';

const SEEDS = 3;
/** Draws of few labels: one draw says little. */
const DRAWS = 3;
/** Apart from the seeds of outer splits: the same would leave nothing to test. */
const INNER_SEED = 1000;
const HELD_SEED = 2000;
const SIZES = [200, 1000, Number.POSITIVE_INFINITY];
const GAIN: Readonly<Record<number, number>> = { 200: 0.02, [Number.POSITIVE_INFINITY]: 0.01 };

const SETS: readonly ReviewSet[] = ['hotel', 'takeaway'];

/** Right or wrong, [rows]; of several draws the share that was right. */
type Right = Float64Array;

/** Words: sets (hotel, takeaway), `inner` (the tested fifth is of the training side, for choices that must not see the test), `seeds=N`, `draws=N`, `sizes=200,1000`, `own:NAME=VALUE`, `set:NAME=VALUE`, `all:NAME=VALUE` with all labels, `self:NAME=VALUE`. */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const asked = SETS.filter((id) => args.includes(id));
  const told = (prefix: string): Record<string, number | string | boolean> =>
    Object.fromEntries(
      args
        .filter((arg) => arg.startsWith(prefix))
        .map((arg) => arg.slice(prefix.length).split('='))
        .map(([key, value]) => [
          key,
          value === 'true' ? true : Number.isNaN(Number(value)) ? value : Number(value),
        ]),
    );
  const { seeds = SEEDS, draws = DRAWS } = told('') as { seeds?: number; draws?: number };
  const sizes =
    args
      .find((arg) => arg.startsWith('sizes='))
      ?.slice(6)
      .split(',')
      .map((size) => (size === 'all' ? Number.POSITIVE_INFINITY : Number(size))) ?? SIZES;
  const own = told('own:') as Partial<OwnSettings>;
  const settings = told('set:') as Settings;
  const withAll = { ...settings, ...(told('all:') as Settings) };
  const self = told('self:') as Settings;
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const id of asked.length > 0 ? asked : SETS) {
    const reviews = await readReviews(id, log);
    if (reviews === undefined) continue;
    const right = new Map<string, Right[]>();
    for (let k = 0; k < seeds; k++) {
      const outer = splitReviews(reviews, seed + k);
      const { train, test } = args.includes('inner')
        ? splitReviews({ ...reviews, sample: outer.train }, INNER_SEED + seed + k)
        : outer;
      const encoders = await bothEncoders(textsIn(train), { own, seed: seed + k, threads, log });
      for (const size of sizes) {
        const count = size < train.target.length ? draws : 1;
        const drawn = Array.from({ length: count }, (_, d) => {
          const learn = drawRows(train, size, `labels ${seed + k} ${d}`);
          return { learn, ...(size < train.target.length && { open: otherRows(train, learn) }) };
        });
        const asked = {
          ...{ seed: seed + k, threads, self, log },
          settings: size < train.target.length ? settings : withAll,
        };
        const answers = await answersOf(drawn, test, encoders, asked);
        for (const [model, own] of Object.entries(answers)) {
          const key = `${model} ${size}`;
          right.set(key, [...(right.get(key) ?? []), own]);
        }
        log(
          `${id}, seed ${seed + k}, ${size} labels: ${Object.entries(answers)
            .map(([model, own]) => `${model} ${mean(own).toFixed(4)}`)
            .join(', ')}`,
        );
        for (const ours of ['self-taught', 'counts and encoder', 'stacked']) {
          const [first, second] = [right.get(`${ours} ${size}`), right.get(`pairs ${size}`)];
          if (!first || !second) continue;
          const so = difference(first, second, seed);
          log(`  so far, ${ours} over pairs: ${so.value.toFixed(4)} (${interval(so)})`);
        }
      }
    }
    for (const size of sizes) {
      const of = (model: string): readonly Right[] => right.get(`${model} ${size}`) as readonly Right[];
      const ours = right.has(`self-taught ${size}`) ? 'self-taught' : 'stacked';
      const [characters, pairs] = [accuracy(of('characters')), accuracy(of('pairs'))];
      const best = pairs >= characters ? 'pairs' : 'characters';
      const gain = difference(of(ours), of(best), seed);
      const alone = difference(of('pretrained'), of(best), seed);
      const over = difference(of('pretrained'), of('random'), seed);
      const name = `${id}, ${Number.isFinite(size) ? `${size} labels` : 'all labels'}`;
      figures[name] = {
        characters,
        pairs,
        random: accuracy(of('random')),
        pretrained: accuracy(of('pretrained')),
        words: accuracy(of('words')),
        'mixed with pairs': accuracy(of('mixed')),
        'n-grams': accuracy(of('n-grams')),
        topics: accuracy(of('topics')),
        'counts and encoder': accuracy(of('counts and encoder')),
        ...(ours === 'stacked' && { stacked: accuracy(of('stacked')) }),
        ...(ours === 'self-taught' && {
          'self-taught': accuracy(of('self-taught')),
          'pairs, self-taught': accuracy(of('pairs, self-taught')),
          'self-taught over pairs self-taught': difference(of(ours), of('pairs, self-taught'), seed),
        }),
        [`${ours} over the better count`]: gain,
        'pretrained alone over it': alone,
        'pretrained over random': over,
      };
      const limit = GAIN[size];
      if (limit !== undefined)
        targets.push(
          atLeast(`${name}: pretrained ${ours}, accuracy over ${best}`, gain.value, limit, interval(gain)),
        );
      targets.push(atLeast(`${name}: pretrained over random`, over.value, 0, interval(over)));
    }
  }
  return {
    bench: 'chinese-reviews',
    protocol: `80/20 by text, equal texts on one side, ${seeds} seeds; the encoder is pretrained on the training texts alone; few labels drawn ${draws} times a seed; penalties of the baselines by cross-validation; intervals: bootstrap over tested texts`,
    targets,
    figures,
  };
};

const interval = ({ low, high }: { low: number; high: number }): string =>
  `${low.toFixed(4)} … ${high.toFixed(4)}`;

/** The rows of a sample that are none of those drawn from it. */
function otherRows(sample: Sample, drawn: Sample): Sample {
  const taken = new Map<string, number>();
  for (const text of textsIn(drawn)) taken.set(text, (taken.get(text) ?? 0) + 1);
  const rows = textsIn(sample).flatMap((text, row) => {
    const left = taken.get(text) ?? 0;
    if (left > 0) taken.set(text, left - 1);
    return left > 0 ? [] : [row];
  });
  return takeSample(sample, rows);
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
const accuracy = (seeds: readonly Right[]): number =>
  seeds.reduce((sum, own) => sum + mean(own), 0) / seeds.length;

async function bothEncoders(
  texts: readonly string[],
  {
    own,
    seed,
    threads,
    log,
  }: { own: Partial<OwnSettings>; seed: number; threads: number; log: (line: string) => void },
): Promise<Readonly<Record<'pretrained' | 'random', TextEncoder>>> {
  const task = { name: 'own', backend: nodeBackend, seed, threads, progress: silent };
  const startedMs = performance.now();
  const { encoder, losses } = await pretrainOwn(texts, { ...task, settings: own });
  log(
    `pretrained in ${((performance.now() - startedMs) / 1000).toFixed(0)} s, ${losses.length} steps, loss ${losses.at(0)?.toFixed(2)} → ${mean(Float64Array.from(losses.slice(-50))).toFixed(2)}, ${encoder.tokenizer.size} pieces`,
  );
  const { encoder: drawn } = await pretrainOwn(texts, { ...task, settings: { ...own, steps: 0 } });
  return { pretrained: encoder, random: drawn };
}

/** Labels learned from, and the texts of the training side beside them, where any are left. */
interface Drawn {
  readonly learn: Sample;
  readonly open?: Sample;
}

async function answersOf(
  drawn: readonly Drawn[],
  test: Sample,
  encoders: Readonly<Record<'pretrained' | 'random', TextEncoder>>,
  {
    seed,
    threads,
    settings,
    self,
    log,
  }: { seed: number; threads: number; settings: Settings; self: Settings; log: (line: string) => void },
): Promise<Readonly<Record<string, Right>>> {
  const right: Record<string, Right> = {};
  const add = (model: string, predicted: Float64Array): void => {
    right[model] ??= new Float64Array(test.target.length);
    predicted.forEach((p, row) => {
      if (p >= 0.5 === test.target[row] >= 0.5) right[model][row] += 1 / drawn.length;
    });
  };
  const run = { seed, threads, progress: silent };
  for (const { learn, open } of drawn) {
    const told = { texts: textsIn(learn), target: learn.target };
    add('characters', await characterLogistic(1, told, textsIn(test), seed));
    const pairs = await characterLogistic(2, told, textsIn(test), seed);
    add('pairs', pairs);
    const counted = await askCounts(learn, test, run);
    add('words', counted.words);
    add('n-grams', counted.grams);
    add('topics', counted.topics);
    for (const [name, encoder] of Object.entries(encoders)) {
      const estimator = onEncoder(estimatorById('text'), encoder);
      const model = await fitModel(estimator.withSettings?.(settings) ?? estimator, learn, undefined, run);
      const said = await model.predict(test.frame);
      add(name, said);
      if (name !== 'pretrained') continue;
      add('mixed', mixed([said, pairs], learn));
      add('counts and encoder', countsAndEncoder(counted, said, learn));
      if (!open) {
        const { train: taught, test: held } = splitReviews(
          { id: 'held out', sample: learn },
          HELD_SEED + seed,
        );
        const tutored = await fitModel(
          estimator.withSettings?.(settings) ?? estimator,
          taught,
          undefined,
          run,
        );
        const first = await askCounts(taught, held, run);
        const heldOut = [first.words, first.grams, first.topics, await tutored.predict(held.frame)];
        const all = [counted.words, counted.grams, counted.topics, said];
        add('stacked', await stacked({ heldOut, said: all }, held, seed));
        continue;
      }
      add('pairs, self-taught', await selfTaughtPairs(learn, open, test, seed));
      const reader = (estimator.withSettings?.(settings) ?? estimator) as TextEstimator;
      const taught = (estimatorById(SELF_TAUGHT) as SelfTaught).withParts({
        ...{ reader, encoder, unlabelled: open },
        onVerdict: (verdict) =>
          log(`unlabelled texts ${verdict.isKept ? 'kept' : 'left'}: ${JSON.stringify(verdict)}`),
      });
      const both = await fitModel(taught.withSettings?.(self) ?? taught, learn, undefined, run);
      add('self-taught', await both.predict(test.frame));
    }
  }
  return right;
}

/** The baseline with the very pseudo-labels that our own learners get, its own for a teacher; always kept. */
async function selfTaughtPairs(
  learn: Sample,
  open: Sample,
  test: Sample,
  seed: number,
): Promise<Float64Array> {
  const texts = textsIn(learn);
  const first = await characterLogistic(2, { texts, target: learn.target }, textsIn(open), seed);
  const guessed = pseudoLabels(first.map(logit), classShares(learn), first.length);
  const { labelWeight } = SELF_TAUGHT_DEFAULTS;
  const told = {
    texts: [...texts, ...textsIn(open)],
    target: Float64Array.from([...learn.target, ...guessed.target]),
    weight: Float64Array.from([
      ...texts.map(() => labelWeight),
      // a weight of nothing is none to a sparse fit
      ...guessed.weight.map((sure) => Math.max(sure, 1e-6)),
    ]),
  };
  return characterLogistic(2, told, textsIn(test), seed);
}

const BOOTSTRAPS = 1000;

/** Mean difference over seeds, and its interval over tested texts drawn again. */
function difference(first: readonly Right[], second: readonly Right[], seed: number) {
  const draws = random(seed).fork('differences');
  const gaps = first.map((own, k) => own.map((value, row) => value - second[k][row]));
  const value = gaps.reduce((sum, own) => sum + mean(own), 0) / gaps.length;
  const drawn = Float64Array.from({ length: BOOTSTRAPS }, () =>
    gaps.reduce((sum, own) => {
      let total = 0;
      for (let i = 0; i < own.length; i++) total += own[draws.integer(own.length)];
      return sum + total / own.length / gaps.length;
    }, 0),
  ).sort();
  return {
    value,
    low: drawn[Math.floor(0.025 * BOOTSTRAPS)],
    high: drawn[Math.ceil(0.975 * BOOTSTRAPS) - 1],
  };
}
