// One entry of the table: fitted with each seed, ranked against the whole catalogue, and counted in every way.
import { caseEntities } from '../../src/core/case-view.ts';
import { type NextItemCases, takeSequences } from '../../src/core/sequences.ts';
import type { RankMetricName } from '../../src/eval/score.ts';
import { repeatedTargets } from '../../src/eval/sequences/count-sequences.ts';
import { scoreRanks } from '../../src/eval/sequences/score-ranks.ts';
import type { Settings } from '../../src/models/estimator.ts';
import { partIdsOf, recommenderById, sharingFits } from '../../src/models/sequence/catalogue.ts';
import { learnAgain, type Recommender } from '../../src/models/sequence/recommender.ts';
import { rankCases } from '../../src/train/sequence/rank-cases.ts';
import { askedEntry } from './asked-entry.ts';
import type { History, SequenceSet } from './sequence-set.ts';

/** A mean over seeds, how far seeds lie apart, and the interval of the first seed by entity. */
export interface Figure {
  readonly mean: number;
  /** Standard deviation between seeds; absent with one. */
  readonly spread?: number;
  readonly low: number;
  readonly high: number;
}

type Figures = Partial<Record<RankMetricName, Figure>>;

export interface Entry {
  /** As asked for, see `askedEntry`. */
  readonly model: string;
  readonly seeds: number;
  /** Deciding metric on the validation cases, a mean over seeds. */
  readonly valid: number;
  readonly by: Readonly<Record<History, Figures>>;
  /** The same before the validation targets were learned from, too: how most published numbers are made. */
  readonly once: Readonly<Record<History, Figures>>;
  /** In the deciding way to count: cases whose target the entity has had, and those whose target it has not. */
  readonly repeat?: Figures;
  readonly nonRepeat?: Figures;
  /** To the model that was judged. */
  readonly fitSeconds: number;
  /** Of learning once more. */
  readonly againSeconds: number;
  readonly scoredPerSecond: number;
  /** Of the process up to here. */
  readonly peakMegabytes: number;
}

/** What the entries of one set share: each is fitted once a seed, and what that took. */
export class SharedFits {
  readonly #bySeed = new Map<number, (id: string) => Recommender>();
  readonly #taken = new Map<string, Taken>();

  recommender(id: string, seed: number): Recommender {
    const byId = this.#bySeed.get(seed) ?? sharingFits();
    this.#bySeed.set(seed, byId);
    return byId(id);
  }

  /** Seconds of an entry with those of its parts, which were fitted for entries before it. */
  total(id: string, seed: number, own: Taken): Taken {
    const isOwn = /[@[]/.test(id);
    const parts = isOwn ? [] : partIdsOf(id).flatMap((part) => this.#taken.get(`${part} ${seed}`) ?? []);
    const total = {
      fitSeconds: parts.reduce((sum, part) => sum + part.fitSeconds, own.fitSeconds),
      againSeconds: parts.reduce((sum, part) => sum + part.againSeconds, own.againSeconds),
    };
    this.#taken.set(`${id} ${seed}`, total);
    return total;
  }
}

interface Taken {
  readonly fitSeconds: number;
  readonly againSeconds: number;
}

export interface MeasureOptions {
  readonly shared: SharedFits;
  readonly seeds: readonly number[];
  readonly threads: number;
  /** Told to all that learn weights. */
  readonly settings: Settings;
  readonly attributes: boolean;
  readonly log: (line: string) => void;
}

/** Of an interval of one seed: enough for two digits. */
const DRAWS = 500;

export async function measure(asked: string, set: SequenceSet, options: MeasureOptions): Promise<Entry> {
  const { threads, log } = options;
  const recommenders = options.seeds.map((seed) => recommenderOf(asked, set, { ...options, seed }));
  // What learns nothing by chance is the same with every seed.
  const seeds = recommenders[0].within ? options.seeds : options.seeds.slice(0, 1);
  const runs: Run[] = [];
  for (const [i, seed] of seeds.entries()) {
    const own = await runOnce(recommenders[i], set, { seed, threads, again: !asked.includes('@'), log });
    const run = { ...own, ...options.shared.total(asked, seed, own) };
    const [metric] = set.metrics;
    log(
      `${set.name} ${asked} seed ${seed}: ${metric} ${(run.by[set.history][metric]?.value ?? Number.NaN).toFixed(4)} (valid ${run.valid.toFixed(4)}), fitted in ${run.fitSeconds.toFixed(1)} s`,
    );
    runs.push(run);
  }
  const mean = (of: (run: Run) => number): number =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return {
    model: asked,
    seeds: runs.length,
    valid: mean(({ valid }) => valid),
    by: {
      excluded: figures(runs.map(({ by }) => by.excluded)),
      included: figures(runs.map(({ by }) => by.included)),
    },
    ...(runs.every(({ repeat }) => repeat) && {
      repeat: figures(runs.map(({ repeat }) => repeat as Scored)),
    }),
    ...(runs.every(({ nonRepeat }) => nonRepeat) && {
      nonRepeat: figures(runs.map(({ nonRepeat }) => nonRepeat as Scored)),
    }),
    once: {
      excluded: figures(runs.map(({ once }) => once.excluded)),
      included: figures(runs.map(({ once }) => once.included)),
    },
    againSeconds: mean(({ againSeconds }) => againSeconds),
    fitSeconds: mean(({ fitSeconds }) => fitSeconds),
    scoredPerSecond: mean(({ scoredPerSecond }) => scoredPerSecond),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

/** Told what all networks are told, then what it alone is, and how long it may take; one that is told nothing shares its fits. */
function recommenderOf(
  word: string,
  set: SequenceSet,
  { settings, attributes, shared, seed }: MeasureOptions & { readonly seed: number },
): Recommender {
  const asked = askedEntry(word);
  const plain = recommenderById(asked.id);
  const told = { ...(plain.within && settings), ...asked.settings };
  const isTold = Object.keys(told).length > 0;
  const isShared = !isTold && asked.seconds === undefined;
  const base = isShared ? shared.recommender(asked.id, seed) : plain;
  const named = isTold ? base.withSettings?.(told) : base;
  if (!named) throw new Error(`expected settings of something that has some, got ${word}`);
  const knowing = (attributes && set.attributes && named.knowing?.(set.attributes)) || named;
  if (asked.seconds === undefined) return knowing;
  const limited = knowing.within?.(STOPPING_SHARE * asked.seconds);
  if (!limited) throw new Error(`expected a limit for something that can stop early, got ${word}`);
  return limited;
}

/** Of the seconds given: the rest is for what comes before and after the steps. */
const STOPPING_SHARE = 0.92;

type Scored = ReturnType<typeof scoreRanks>;

interface Run {
  readonly valid: number;
  readonly by: Readonly<Record<History, Scored>>;
  readonly once: Readonly<Record<History, Scored>>;
  readonly repeat?: Scored;
  readonly nonRepeat?: Scored;
  readonly fitSeconds: number;
  readonly againSeconds: number;
  readonly scoredPerSecond: number;
}

/** A run that is stopped by the clock has no time to learn again. */
async function runOnce(
  recommender: Recommender,
  set: SequenceSet,
  {
    seed,
    threads,
    again,
    log,
  }: { seed: number; threads: number; again: boolean; log: (line: string) => void },
): Promise<Run> {
  const startedMs = performance.now();
  const progress = { step() {}, note: (line: string) => log(`  ${line}`) };
  const fitRun = { seed, threads, progress };
  const now = () => performance.now();
  const judged = await recommender.fit(set.train, set.valid, fitRun);
  const fitSeconds = (now() - startedMs) / 1000;
  const [decider] = set.metrics;
  const { at } = set;
  const asked = someOf(set.valid, MOST_VALID);
  const checked = await rankCases(judged, asked, { now });
  const before = await rankCases(judged, set.test, { now });
  const againMs = now();
  const model = again ? await learnAgain(recommender, judged, set.known, fitRun) : judged;
  const againSeconds = (now() - againMs) / 1000;
  if (again) await judged.close?.();
  try {
    const entities = caseEntities(set.test);
    const { ranks, casesPerSecond } = again ? await rankCases(model, set.test, { now }) : before;
    const score = (history: History, keep?: Uint8Array, of = ranks): Scored =>
      scoreRanks(of[history], entities, { at, seed, draws: DRAWS, ...(keep && { keep }) });
    const isRepeat = repeatedTargets(set.test);
    const repeats = isRepeat.reduce((sum, one) => sum + one, 0);
    const apart = set.history === 'included' && repeats > 1 && repeats < isRepeat.length - 1;
    return {
      valid: scoreOf(
        scoreRanks(checked.ranks[set.history], asked.before.entities, { at, seed, draws: 2 }),
        decider,
      ),
      by: { excluded: score('excluded'), included: score('included') },
      once: {
        excluded: score('excluded', undefined, before.ranks),
        included: score('included', undefined, before.ranks),
      },
      ...(apart && {
        repeat: score('included', isRepeat),
        nonRepeat: score(
          'included',
          isRepeat.map((one) => 1 - one),
        ),
      }),
      fitSeconds,
      againSeconds,
      scoredPerSecond: casesPerSecond,
    };
  } finally {
    await model.close?.();
  }
}

/** More tell models apart no better. */
const MOST_VALID = 10_000;

function someOf(cases: NextItemCases, most: number): NextItemCases {
  const count = cases.targets.length;
  if (count <= most) return cases;
  const rows = Int32Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) * count) / most));
  return {
    before: takeSequences(cases.before, rows),
    targets: Int32Array.from(rows, (row) => cases.targets[row]),
  };
}

const scoreOf = (scored: Scored, metric: RankMetricName): number => scored[metric]?.value ?? Number.NaN;

function figures(scored: readonly Scored[]): Figures {
  const names = Object.keys(scored[0]) as RankMetricName[];
  return Object.fromEntries(
    names.map((name) => {
      const values = scored.map((one) => scoreOf(one, name));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const { low = Number.NaN, high = Number.NaN } = scored[0][name] ?? {};
      const spread = values.length > 1 ? { spread: Math.sqrt(squares / (values.length - 1)) } : {};
      return [name, { mean, ...spread, low, high }];
    }),
  );
}
