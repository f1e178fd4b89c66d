// Lists of what comes next: what diversity costs and buys on public data, and how fast lists of a large catalogue are made.
import { layOut, viewOf } from '../src/core/case-view.ts';
import { silent } from '../src/core/progress.ts';
import { type Random, random } from '../src/core/random.ts';
import { type NextItemCases, type Sequences, sequenceCount } from '../src/core/sequences.ts';
import { topPlaces } from '../src/core/top-places.ts';
import { recommenderById } from '../src/models/sequence/catalogue.ts';
import type { NextItemModel } from '../src/models/sequence/recommender.ts';
import type { Likeness } from '../src/serve/next-item/diversify.ts';
import { likenessByAttributes, likenessByHistories } from '../src/serve/next-item/item-likeness.ts';
import { type ItemLists, listItems } from '../src/serve/next-item/list-items.ts';
import { atMost, type Bench, type Target } from './bench.ts';
import { hasSharedData, SEQUENCE_SETS } from './sequence/read-sets.ts';
import type { SequenceSet } from './sequence/sequence-set.ts';

const AMOUNTS = [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1] as const;
const TOP = 10;

/**
 * Words: a data set, `beauty` when none is given, or `speed` alone. `model=sequential-rules`, `cases=5000` of the test.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const words = args.filter((arg) => !arg.includes('='));
  const figures: Record<string, unknown> = {};
  const speed = await measureSpeed(random(seed), log);
  figures.speed = speed.figures;
  for (const word of words.length > 0 ? words : ['beauty']) {
    if (word === 'speed') continue;
    if (!hasSharedData()) throw new Error('expected the shared data beside the repository, found none');
    const read = SEQUENCE_SETS[word];
    if (!read) throw new Error(`expected one of ${Object.keys(SEQUENCE_SETS).join(', ')}, got ${word}`);
    const set = await read({ seed, threads });
    const options = { model: said('model') ?? 'sequential-rules', cases: Number(said('cases') ?? 5000) };
    figures[word] = await tradeOff(set, { ...options, seed, threads, log });
  }
  return {
    bench: 'next-item-lists',
    protocol:
      'lists of ten, own history left out, chosen by marginal relevance from the fifty best; NDCG of the item that came; diversity: one less the mean likeness of two items of a list; coverage: share of the catalogue on any list',
    targets: speed.targets,
    figures,
  };
};

interface TradeOptions {
  readonly model: string;
  readonly cases: number;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

async function tradeOff(set: SequenceSet, { model: id, cases, seed, threads, log }: TradeOptions) {
  const run = { seed, threads, progress: silent };
  const model = await recommenderById(id).fit(set.known, undefined, run);
  const some = someOf(set, cases, random(seed).fork('cases'));
  const together = await likenessByHistories(set.known, run);
  const kinds = set.attributes && likenessByAttributes(set.attributes, set.known.itemIds.length);
  log(`${set.name}, ${id}, ${some.targets.length} cases`);
  const rows: Record<string, number | string>[] = [];
  const ways = [
    ...(kinds ? [{ by: 'attributes', likeness: kinds }] : []),
    { by: 'histories', likeness: together },
  ];
  for (const { by, likeness } of ways)
    for (const amount of AMOUNTS) {
      const lists = await listItems(model, some.before, {
        ...{ top: TOP, barred: some.before, diversity: { amount, likeness } },
      });
      const row = {
        ...{ by, amount, ...rankingOf(lists, some.targets) },
        ...(kinds && { diversity_by_attributes: diversityOf(lists, kinds) }),
        diversity_by_histories: diversityOf(lists, together),
        coverage: new Set(lists.items).size / model.itemIds.length,
      };
      rows.push(row);
      log(
        Object.entries(row)
          .map(([key, value]) => `${key} ${typeof value === 'number' ? value.toFixed(4) : value}`)
          .join('  '),
      );
    }
  await model.close?.();
  return { model: id, cases: some.targets.length, rows };
}

function someOf(set: SequenceSet, most: number, draws: Random): NextItemCases {
  const view = viewOf(set.test);
  const all = Int32Array.from({ length: view.targets.length }, (_, at) => at);
  return layOut(view, draws.shuffle(all).slice(0, most).sort());
}

function rankingOf({ offsets, items }: ItemLists, targets: Int32Array) {
  let [gain, hits] = [0, 0];
  targets.forEach((target, row) => {
    const place = items.subarray(offsets[row], offsets[row + 1]).indexOf(target);
    if (place < 0) return;
    gain += 1 / Math.log2(2 + place);
    hits++;
  });
  return { 'ndcg@10': gain / targets.length, 'recall@10': hits / targets.length };
}

/** One less the mean likeness of two items of the same list. */
function diversityOf({ offsets, items }: ItemLists, likeness: Likeness): number {
  let [sum, pairs] = [0, 0];
  for (let row = 0; row + 1 < offsets.length; row++)
    for (let a = offsets[row]; a < offsets[row + 1]; a++)
      for (let b = a + 1; b < offsets[row + 1]; b++) {
        sum += likeness(items[a], items[b]);
        pairs++;
      }
  return 1 - sum / pairs;
}

const ITEMS = 100_000;
const CUSTOMERS = 64;
const ROUNDS = 5;
/** Ten from a hundred thousand, a filter and what they had left out, told apart by attributes. */
const MOST_MILLISECONDS = 1;

/** Of the processor: others at work on the machine do not count. */
function milliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Scores lie ready: what is measured is making lists of them. */
async function measureSpeed(
  draws: Random,
  log: (line: string) => void,
): Promise<{ readonly targets: Target[]; readonly figures: Record<string, number> }> {
  const scores = Float32Array.from({ length: ITEMS }, () => draws.normal());
  const model: NextItemModel = {
    recommender: 'ready',
    itemIds: Array.from({ length: ITEMS }, (_, i) => String(i)),
    async score(before) {
      const rows = sequenceCount(before);
      const all = new Float32Array(rows * ITEMS);
      for (let row = 0; row < rows; row++) {
        // Another order for each.
        const cut = (7919 * (row + 1)) % ITEMS;
        all.set(scores.subarray(cut), row * ITEMS);
        all.set(scores.subarray(0, cut), (row + 1) * ITEMS - cut);
      }
      return all;
    },
    save: () => ({ estimator: 'ready', format: 1, state: null }),
  };
  const items = Int32Array.from({ length: 20 * CUSTOMERS }, () => draws.integer(ITEMS));
  const histories: Sequences = {
    entities: Array.from({ length: CUSTOMERS }, (_, e) => String(e)),
    offsets: Uint32Array.from({ length: CUSTOMERS + 1 }, (_, e) => 20 * e),
    ...{ items, itemIds: model.itemIds },
  };
  const offered = Uint8Array.from({ length: ITEMS }, () => Number(draws.uniform() < 0.7));
  const codes = () => Int32Array.from({ length: ITEMS }, () => draws.integer(200));
  const levels = Array.from({ length: 200 }, (_, i) => String(i));
  const likeness = likenessByAttributes(
    { categories: { kind: { codes: codes(), levels }, brand: { codes: codes(), levels } } },
    ITEMS,
  );
  const ways = {
    'scores copied': async () => void (await model.score(histories)),
    'ten best': async () => void (await listItems(model, histories, { top: TOP })),
    'filtered, nothing had': async () =>
      void (await listItems(model, histories, { top: TOP, offered, barred: histories })),
    'filtered and diverse': async () =>
      void (await listItems(model, histories, {
        ...{ top: TOP, offered, barred: histories, diversity: { amount: 0.3, likeness } },
      })),
    'all sorted': async () => {
      const all = await model.score(histories);
      for (let row = 0; row < CUSTOMERS; row++) {
        const own = all.subarray(row * ITEMS, (row + 1) * ITEMS);
        Int32Array.from(own.keys()).sort((a, b) => own[b] - own[a]);
      }
    },
  };
  const figures: Record<string, number> = {};
  for (const [name, work] of Object.entries(ways)) {
    await work();
    const times: number[] = [];
    for (let round = 0; round < (name === 'all sorted' ? 1 : ROUNDS); round++) {
      const before = process.cpuUsage();
      await work();
      times.push(milliseconds(before) / CUSTOMERS);
    }
    figures[name] = times.sort((a, b) => a - b)[times.length >> 1];
  }
  const before = process.cpuUsage();
  for (let round = 0; round < 10 * CUSTOMERS; round++) topPlaces(scores, TOP, offered);
  figures['topPlaces alone'] = milliseconds(before) / (10 * CUSTOMERS);
  for (const [name, own] of Object.entries(figures))
    log(`${ITEMS} items, ${name}: ${own.toFixed(3)} ms a customer`);
  const own = (name: string): number => figures[name] - figures['scores copied'];
  return {
    targets: [
      atMost(
        'processor ms for a filtered, diverse list of ten from 100,000 items, beside scoring',
        own('filtered and diverse'),
        MOST_MILLISECONDS,
        `${own('ten best').toFixed(3)} the ten best alone; sorting all ${own('all sorted').toFixed(1)}`,
      ),
    ],
    figures,
  };
}
