// The data sets of the shared folder as train, validation and test, each by the split its field uses.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaseView, viewOf } from '../../src/core/case-view.ts';
import { silent } from '../../src/core/progress.ts';
import { random } from '../../src/core/random.ts';
import { type NextItemCases, type Sequences, sequenceCount } from '../../src/core/sequences.ts';
import { readItemLists, readUserLists } from '../../src/data/sequences/read-json-lists.ts';
import { countSequences } from '../../src/eval/sequences/count-sequences.ts';
import { holdOutLast } from '../../src/eval/sequences/hold-out-last.ts';
import { leaveOneOut } from '../../src/eval/sequences/leave-one-out.ts';
import { everyPrefix } from '../../src/eval/sequences/prefixes.ts';
import { splitByTime } from '../../src/eval/sequences/split-by-time.ts';
import { readSequenceData } from '../../src/train/sequence/sequence-data.ts';
import { readSource, type SequenceSource } from '../../src/train/sequence/sequence-source.ts';
import { PUBLISHED } from './published.ts';
import type { SequenceSet } from './sequence-set.ts';

export interface ReadSetOptions {
  readonly seed: number;
  readonly threads: number;
}

type ReadSet = (options: ReadSetOptions) => Promise<SequenceSet>;

const shared = (path: string): string =>
  fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));

/** Whether the folder of shared data is there at all. */
export const hasSharedData = (): boolean => existsSync(shared('README.md'));

const CLASSICAL = [
  'popularity',
  'recent-popularity',
  'repeat',
  'markov',
  'sequential-rules',
  'item-knn',
  'session-knn',
] as const;
const NETWORKS = ['mlp', 'cnn', 'gru', 'transformer'] as const;
/** Of all kinds one, as `sequence fit` tries them unasked. */
const TOGETHER = 'session-knn:repeats+sequential-rules+item-knn+transformer';
const MODELS = [
  ...CLASSICAL,
  'session-knn:repeats',
  'session-knn:repeats+sequential-rules+item-knn',
  ...NETWORKS,
  TOGETHER,
];

/** Users' whole lives, an item each once: what they have had is no candidate. */
const LIVES = {
  history: 'excluded',
  at: [5, 10, 20],
  metrics: ['ndcg@10', 'recall@10', 'mrr@10', 'recall@20'],
  models: MODELS,
  targets: [],
  protocol:
    'leave-one-out: last item test, the one before it validation; full ranking, ties against us, own history excluded (and shown included)',
} as const;

/** Visits that go back and forth: everything is a candidate. */
const VISITS = {
  history: 'included',
  at: [10, 20],
  metrics: ['mrr@20', 'recall@20', 'ndcg@20', 'recall@10'],
  models: [...MODELS, 'transformer:repeats'],
  targets: [],
} as const;

type Facts = Omit<SequenceSet, 'name' | 'train' | 'known' | 'valid' | 'test' | 'counts' | 'published'>;

const setOf = (
  name: string,
  facts: Facts,
  {
    sequences,
    test,
    ...split
  }: Pick<SequenceSet, 'train' | 'known'> & {
    sequences: Sequences;
    test: NextItemCases | CaseView;
    valid?: NextItemCases;
  },
): SequenceSet => {
  const { valid } = split;
  if (!valid) throw new Error(`${name}: too few sequences to validate by`);
  return {
    ...{ name, published: PUBLISHED[name] ?? [], counts: countSequences(sequences) },
    ...facts,
    ...split,
    test: viewOf(test),
    valid,
  };
};

/** One file, the last two items of each user left out. */
const lives =
  (name: string, source: SequenceSource, facts: Partial<Facts> = {}): ReadSet =>
  async (options) => {
    const read = await inScratch((scratch) => readSource(source, { ...options, scratch, progress: silent }));
    return setOf(name, { ...LIVES, ...facts }, { ...leaveOneOut(read.sequences), sequences: read.sequences });
  };

const withLists =
  (path: string, read: ReadSet): ReadSet =>
  async (options) => {
    const set = await read(options);
    return { ...set, attributes: readItemLists(shared(path), set.train.itemIds) };
  };

/** Sessions a line, and a file of test cases. */
const visits =
  (name: string, facts: Partial<Facts>): ReadSet =>
  async (options) => {
    const source = {
      path: shared(`sessions/${name}_train_sessions.txt.gz`),
      format: 'lines',
      testFile: shared(`sessions/${name}_test_prefix_target.tsv.gz`),
    } as const;
    const data = await inScratch((scratch) =>
      readSequenceData(source, { ...options, scratch, progress: silent }),
    );
    const protocol =
      "the field's own train and test; validation: the last item of 5,000 training sessions; full ranking, ties against us, own session included (and shown excluded)";
    const whole = { ...data, sequences: data.train };
    return { ...setOf(name, { ...VISITS, protocol, ...facts }, whole), counts: data.counts };
  };

/** A table with moments, its last tenth of the events asked about. */
const byTime =
  (name: string, source: SequenceSource, facts: Partial<Facts> = {}): ReadSet =>
  async (options) => {
    const { sequences } = await inScratch((scratch) =>
      readSource(source, { ...options, scratch, progress: silent }),
    );
    const sorted = (sequences.timesMs ?? new Float64Array()).slice().sort();
    const { train, test } = splitByTime(sequences, sorted[Math.floor(0.9 * sorted.length)]);
    const held = holdOutLast(train, { random: random(options.seed).fork('validation') });
    const protocol =
      'global split by time at 90 % of the events: each later event of somebody known is asked about from all before it; validation: the last training item of a tenth; full ranking, ties against us';
    return setOf(name, { ...LIVES, protocol, ...facts }, { ...held, test, sequences });
  };

const clicks = (part: string): SequenceSource => ({
  path: shared(`yoochoose_100k/yoochoose-clicks-100k_${part}.txt.gz`),
  format: 'csv',
  ...{ user: 'SessionId', item: 'ItemId', time: 'Time' },
});

/** YooChoose's first clicks: sessions of a week, and those of the day after. */
const yoochoose: ReadSet = async (options) => {
  const [before, after] = await Promise.all(
    ['train_full', 'test'].map((part) =>
      inScratch(
        async (scratch) =>
          (await readSource(clicks(part), { ...options, scratch, progress: silent })).sequences,
      ),
    ),
  );
  // One catalogue: what is new on the last day is a candidate, and a target that nobody can be right about.
  const codes = new Map(before.itemIds.map((id, code) => [id, code]));
  for (const id of after.itemIds) if (!codes.has(id)) codes.set(id, codes.size);
  const itemIds = [...codes.keys()];
  const later = {
    ...after,
    itemIds,
    items: after.items.map((code) => codes.get(after.itemIds[code]) as number),
  };
  const sequences = { ...before, itemIds };
  const held = holdOutLast(sequences, { random: random(options.seed).fork('validation') });
  const protocol =
    "the field's own train (seven days) and test (the day after), every click but the first of a session asked about; validation: the last click of a tenth of the sessions; full ranking, ties against us, own session included";
  const set = setOf('yoochoose', { ...VISITS, protocol }, { ...held, test: everyPrefix(later), sequences });
  const { entities, interactions } = countSequences(later);
  const { counts } = set;
  return {
    ...set,
    counts: {
      entities: counts.entities + entities,
      items: itemIds.length,
      interactions: counts.interactions + interactions,
    },
  };
};

/** Instruments as LETTER has them: a JSON object of lists. */
const instruments: ReadSet = async () => {
  const { sequences } = readUserLists(shared('amazon_seq/letter_Instruments.inter.json.gz'));
  return setOf('instruments', LIVES, { ...leaveOneOut(sequences), sequences });
};

const amazon = (file: string, format: 'user-lines' | 'pairs'): SequenceSource => ({
  path: shared(`amazon_seq/${file}`),
  format,
});

const columns = (path: string, [user, item, time]: readonly string[]): SequenceSource => ({
  path: shared(path),
  format: 'csv',
  ...{ user, item, time },
});

/** A run that is stopped after three minutes. */
const QUICK = `${TOGETHER}@180s`;

export const SEQUENCE_SETS: Readonly<Record<string, ReadSet>> = {
  beauty: withLists(
    'amazon_seq/s3rec_Beauty_item2attributes.json.gz',
    lives('beauty', amazon('s3rec_Beauty.txt.gz', 'user-lines'), {
      models: [...MODELS, QUICK],
      targets: [
        { metric: 'recall@10', least: 0.095 },
        { metric: 'ndcg@10', least: 0.056 },
        { metric: 'recall@10', least: 0.088, model: QUICK },
      ],
    }),
  ),
  sports: withLists(
    'amazon_seq/s3rec_Sports_and_Outdoors_item2attributes.json.gz',
    lives('sports', amazon('s3rec_Sports_and_Outdoors.txt.gz', 'user-lines'), {
      targets: [
        { metric: 'recall@10', least: 0.057 },
        { metric: 'ndcg@10', least: 0.033 },
      ],
    }),
  ),
  games: lives('games', amazon('sasrec_Video.txt.gz', 'pairs')),
  instruments,
  'bert4rec-beauty': lives('bert4rec-beauty', amazon('bert4rec_beauty.txt.gz', 'pairs')),
  diginetica: visits('diginetica', {
    targets: [
      { metric: 'recall@20', least: 0.543 },
      { metric: 'mrr@20', least: 0.192 },
    ],
  }),
  tmall: visits('tmall', {
    targets: [
      { metric: 'recall@20', least: 0.458 },
      { metric: 'mrr@20', least: 0.227 },
    ],
  }),
  yoochoose,
  grocery: byTime('grocery', columns('grocery_rechorus/train.csv.gz', ['user_id', 'item_id', 'time'])),
  ml100k: byTime(
    'ml100k',
    columns('ml100k/ml-100k.inter.gz', ['user_id:token', 'item_id:token', 'timestamp:float']),
  ),
};

async function inScratch<T>(work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-sequence-bench-'));
  try {
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** How many sequences a set has to learn from, for the log. */
export const learned = ({ train }: SequenceSet): number => sequenceCount(train);
