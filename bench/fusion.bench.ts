// Titles and pictures in the next-item network: what they add, to rare items above all, and what they make of new ones.
import { type CaseView, layOut, viewOf } from '../src/core/case-view.ts';
import type { ItemVectors } from '../src/core/item-vectors.ts';
import { silent } from '../src/core/progress.ts';
import { type NextItemCases, type Sequences, takeSequences } from '../src/core/sequences.ts';
import { leaveOneOut } from '../src/eval/sequences/leave-one-out.ts';
import type { Settings } from '../src/models/estimator.ts';
import { mixture } from '../src/models/sequence/catalogue.ts';
import { contentKnn } from '../src/models/sequence/classical/content-knn.ts';
import type { Recommender } from '../src/models/sequence/recommender.ts';
import { transformerWith } from '../src/models/sequence/transformer/transformer.ts';
import { itemCounts } from '../src/serve/next-item/long-tail.ts';
import { atLeast, type Bench, type Target } from './bench.ts';
import { readBeautyTexts } from './fusion/beauty-texts.ts';
import { type Found, foundAmong, foundBy, meanFound } from './fusion/found-by-count.ts';
import { atChosenTail, foundByTail, type TailMeasured } from './fusion/found-by-tail.ts';
import { measurePictures } from './fusion/pictured-ablation.ts';
import { casesWithout, drawRemoved, withoutItems } from './fusion/removed-items.ts';
import { settingsOf } from './sequence/asked-entry.ts';
import { hasSharedData, SEQUENCE_SETS } from './sequence/read-sets.ts';

const REMOVED = 0.1;
const RARE = 5;
const LEAST_LIFT = 1.2;
/** Rows without which no target can be held. */
const JUDGED = ['content-knn', 'ids', 'ids as cosines', 'ids and text'];

/**
 * Words: `beauty` (titles of real items) and `pictures` (photographs under simulated behaviour); both when none is given. `tail`: how many rare
 * items of Beauty are found as `--long-tail` grows; with `inner`, in a shop that ends before the events that stop the training and
 * are tested, for choices that must see neither.
 * `encoder=use|FOLDER`, `seeds=3`, `models=ids,ids and text` some rows alone, `settings=epochs:10` for all networks, `sample=4` every
 * fourth user to try things out: no target is then held.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  if (!hasSharedData()) throw new Error('expected the shared data beside the repository, found none');
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const words = args.filter((arg) => !arg.includes('='));
  const options: Options = {
    seeds: Array.from({ length: Number(said('seeds') ?? 3) }, (_, i) => seed + i),
    threads,
    encoder: said('encoder') ?? 'use',
    ...(said('models') !== undefined && { models: said('models')?.split(',') }),
    settings: settingsOf(said('settings') ?? ''),
    sample: Number(said('sample') ?? 1),
    log,
  };
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  if (words.length === 0 || words.includes('beauty')) {
    const beauty = await measureBeauty(options);
    figures.beauty = beauty;
    if (options.sample === 1 && JUDGED.every((row) => row in beauty.table))
      targets.push(...beautyTargets(beauty));
  }
  if (words.includes('tail')) {
    const isInner = words.includes('inner');
    const table = await measureTail(options, isInner);
    figures.tail = table;
    if ('ids' in table) {
      const chosen = withChosenTails(table);
      figures['with chosen tails'] = chosen;
      if (!isInner && options.sample === 1 && JUDGED_TAIL in table) targets.push(tailTarget(chosen));
    }
  }
  if (words.length === 0 || words.includes('pictures')) figures.pictures = await measurePictures(options);
  return {
    bench: 'fusion',
    protocol:
      'Beauty: leave-one-out, last item test, the one before it stops the training and is not learned; full ranking, ties against us, own history excluded; counts are of training events; a second run of each without any event of a tenth of the items, drawn, which stand in test histories and among the candidates as new; means over seeds. Pictures: see figures.pictures.protocol',
    targets,
    figures,
  };
};

export interface Options {
  readonly seeds: readonly number[];
  readonly threads: number;
  readonly encoder: string;
  readonly models?: readonly string[] | undefined;
  readonly settings: Settings;
  /** Every so many-th user. */
  readonly sample: number;
  readonly log: (line: string) => void;
}

interface Shop {
  readonly train: Sequences;
  readonly valid: NextItemCases;
  readonly test: CaseView;
}

type Row = Readonly<Record<string, Found>>;

/** What stands in the table: how items are told, and to what. */
const rowsOf = (vectors: ItemVectors, settings: Settings): Readonly<Record<string, Recommender>> => {
  const attributes = { categories: {}, vectors: [vectors] };
  const knn = contentKnn.knowing?.(attributes);
  if (!knn) throw new Error('expected a baseline that may be told of items');
  return {
    'content-knn': knn,
    ids: transformerWith(settings),
    'ids as cosines': transformerWith({ temperature: 0.1, ...settings }),
    'ids and text': transformerWith(settings, { attributes }),
    'ids and text as cosines': transformerWith({ temperature: 0.1, ...settings }, { attributes }),
    'ids and text + content-knn': mixture([transformerWith(settings, { attributes }), knn]),
    'text alone': transformerWith({ idDropout: 1, vectorDropout: 0, ...settings }, { attributes }),
  };
};

async function measureBeauty(options: Options) {
  const { threads, seeds, log, sample } = options;
  const set = await SEQUENCE_SETS.beauty({ seed: seeds[0], threads });
  const whole = sampled(set, sample);
  const { itemIds } = set.train;
  const { encoder, vectors } = await readBeautyTexts(itemIds, options);
  const names = Object.keys(rowsOf(vectors, {})).filter((name) => options.models?.includes(name) ?? true);
  const found = new Map<string, { readonly whole: Row[]; readonly removed: Row[] }>();
  for (const name of names) {
    found.set(name, { whole: [], removed: [] });
    for (const seed of name === 'content-knn' ? seeds.slice(0, 1) : seeds) {
      const recommender = () => rowsOf(vectors, options.settings)[name];
      const own = found.get(name);
      own?.whole.push(await fitAndAsk(recommender(), whole, { seed, ...options }));
      // The same items are new to every model: the draw is of the first seed.
      const removed = drawRemoved(itemIds.length, REMOVED, seeds[0]);
      own?.removed.push(
        await fitAndAsk(recommender(), withoutShop(whole, removed), { seed, ...options }, removed),
      );
      log(
        `${name}, seed ${seed}: ${JSON.stringify(own?.whole.at(-1))} ${JSON.stringify(own?.removed.at(-1))}`,
      );
    }
  }
  const table = Object.fromEntries(
    [...found].map(([name, { whole: all, removed }]) => [
      name,
      { whole: meanRow(all), removed: meanRow(removed) },
    ]),
  );
  return { encoder, seeds: seeds.length, sample, table };
}

/** How many rare targets are found, and how many of all, as `--long-tail` grows: among those that stopped the training, and tested. */
async function measureTail(options: Options, isInner: boolean) {
  const { threads, seeds, log } = options;
  const whole = await SEQUENCE_SETS.beauty({ seed: seeds[0], threads });
  const { train, valid, test } = sampled(isInner ? endedEarlier(whole) : whole, options.sample);
  const { vectors } = await readBeautyTexts(train.itemIds, options);
  const told = { counts: itemCounts(train), few: RARE };
  const names = Object.keys(rowsOf(vectors, {})).filter((name) => options.models?.includes(name) ?? true);
  const table: Record<string, TailMeasured[]> = {};
  for (const name of names) {
    table[name] = [];
    for (const seed of seeds) {
      const recommender = rowsOf(vectors, options.settings)[name];
      const model = await recommender.fit(train, valid, { seed, threads, progress: silent });
      table[name].push({
        valid: await foundByTail(model, viewOf(valid), told),
        test: await foundByTail(model, test, told),
      });
      await model.close?.();
      log(`${name}, seed ${seed}: ${JSON.stringify(table[name].at(-1))}`);
    }
  }
  return table;
}

/** The shop before the last two events of each history: the two before those stop the training and are tested. */
function endedEarlier({ train }: Shop): Shop {
  const { train: earlier, valid, test } = leaveOneOut(train);
  return { train: earlier, valid, test: viewOf(test) };
}

const JUDGED_TAIL = 'ids and text + content-knn';

/** Each row where its longest tail leaves no less found of all than ids find: the tail is chosen among validation targets, seed by seed. */
function withChosenTails(table: Readonly<Record<string, readonly TailMeasured[]>>) {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return Object.fromEntries(
    Object.entries(table).map(([name, seeds]) => {
      const least = (seed: number): number => table.ids[seed].valid[0].all;
      const chosen = seeds.map((own, seed) =>
        name === 'ids' ? own.test[0] : atChosenTail(own, least(seed)),
      );
      return [
        name,
        {
          all: mean(chosen.map(({ all }) => all)),
          rare: mean(chosen.map(({ rare }) => rare)),
          tails: chosen.map(({ tail }) => tail),
        },
      ];
    }),
  );
}

function tailTarget(chosen: ReturnType<typeof withChosenTails>): Target {
  const [ours, ids] = [chosen[JUDGED_TAIL], chosen.ids];
  return atLeast(
    `Beauty: R@10 on targets met less than 5 times, ${JUDGED_TAIL} with --long-tail over ids alone, no less found of all`,
    ours.rare / ids.rare,
    LEAST_LIFT,
    `${ours.rare.toFixed(4)} over ${ids.rare.toFixed(4)}; of all ${ours.all.toFixed(4)} over ${ids.all.toFixed(4)}; tails ${ours.tails.join(', ')}`,
  );
}

const meanRow = (rows: readonly Row[]) =>
  Object.fromEntries(Object.keys(rows[0]).map((slice) => [slice, meanFound(rows.map((row) => row[slice]))]));

async function fitAndAsk(
  recommender: Recommender,
  { train, valid, test }: Shop,
  { seed, threads, log }: { seed: number; threads: number; log: (line: string) => void },
  removed: Uint8Array = new Uint8Array(train.itemIds.length),
): Promise<Row> {
  const counts = itemCounts(train);
  const progress = { step() {}, note: (line: string) => log(`  ${line}`) };
  const startedMs = performance.now();
  const model = await recommender.fit(train, valid, { seed, threads, progress });
  log(`  fitted in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  try {
    const isNew = (item: number): boolean => removed[item] === 1;
    const slices = await foundBy(model, test, {
      all: () => true,
      'met less than 5 times': (item) => !isNew(item) && counts[item] < RARE,
      'met 5 to 9 times': (item) => counts[item] >= RARE && counts[item] < 2 * RARE,
      'met 10 times or more': (item) => counts[item] >= 2 * RARE,
      ...(removed.includes(1) && { removed: isNew }),
    });
    if (!removed.includes(1)) return slices;
    return { ...slices, 'removed, among themselves': await foundAmong(model, test, removed) };
  } finally {
    await model.close?.();
  }
}

function withoutShop({ train, valid, test }: Shop, removed: Uint8Array): Shop {
  return { train: withoutItems(train, removed), valid: casesWithout(valid, removed), test };
}

function sampled({ train, valid, test }: Shop, every: number): Shop {
  if (every === 1) return { train, valid, test };
  const rows = [...train.entities.keys()].filter((row) => row % every === 0);
  const kept = new Set(rows.map((row) => train.entities[row]));
  const part = ({ before, targets }: NextItemCases): NextItemCases => {
    const own = [...targets.keys()].filter((row) => kept.has(before.entities[row]));
    return { before: takeSequences(before, own), targets: Int32Array.from(own, (row) => targets[row]) };
  };
  const asked = layOut(test, Int32Array.from(test.targets.keys()));
  return { train: takeSequences(train, rows), valid: part(valid), test: viewOf(part(asked)) };
}

function beautyTargets({ table }: Awaited<ReturnType<typeof measureBeauty>>): readonly Target[] {
  const rare = (name: string): number => table[name].whole['met less than 5 times'].recall;
  const fresh = (name: string, slice: string): number => table[name].removed[slice].recall;
  const best = rare('ids') >= rare('ids as cosines') ? 'ids' : 'ids as cosines';
  return [
    atLeast(
      'Beauty: R@10 on targets met less than 5 times, with text over the better of ids alone',
      rare('ids and text') / Math.max(1e-9, rare(best)),
      LEAST_LIFT,
      `${rare('ids and text').toFixed(4)} over ${rare(best).toFixed(4)} (${best})`,
    ),
    ...['removed', 'removed, among themselves'].map((slice) =>
      atLeast(
        `Beauty: R@10 of items ${slice}, above content-knn`,
        fresh('ids and text', slice),
        fresh('content-knn', slice),
      ),
    ),
  ];
}
