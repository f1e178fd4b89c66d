// Smaller next-item networks on public data: in whole numbers, pruned, both; how large, how fast and how much worse they are.
import { type CaseView, layOut } from '../src/core/case-view.ts';
import { random } from '../src/core/random.ts';
import type { RankMetricName } from '../src/eval/score.ts';
import { scoreRanks } from '../src/eval/sequences/score-ranks.ts';
import { loadNextItemModel, recommenderById } from '../src/models/sequence/catalogue.ts';
import type { Compression, NextItemModel } from '../src/models/sequence/recommender.ts';
import { jsonBytes } from '../src/registry/manifest.ts';
import { savedModelFiles } from '../src/registry/saved-model-files.ts';
import { rankCases } from '../src/train/sequence/rank-cases.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { settingsOf } from './sequence/asked-entry.ts';
import { hasSharedData, SEQUENCE_SETS } from './sequence/read-sets.ts';
import type { SequenceSet } from './sequence/sequence-set.ts';

const FORMS: readonly (readonly [string, Compression])[] = [
  ['8 bits', { bits: 8, sparsity: 0 }],
  ['7 bits', { bits: 7, sparsity: 0 }],
  ['20 % pruned', { bits: 32, sparsity: 0.2 }],
  ['50 % pruned', { bits: 32, sparsity: 0.5 }],
  ['8 bits, 20 % pruned', { bits: 8, sparsity: 0.2 }],
  ['8 bits, 30 % pruned', { bits: 8, sparsity: 0.3 }],
  ['8 bits, 50 % pruned', { bits: 8, sparsity: 0.5 }],
];
const ROUNDS = 5;
/** The forms held to the targets. */
const HELD = ['8 bits', '8 bits, 20 % pruned'];
const MOST_LOSS = 0.01;
const LEAST_GAIN = 2;

/**
 * Words: data sets, `ml100k` when none is given. `model=transformer`, `seconds=90` of learning, `cases=10000` of the test (all when there are fewer),
 * `settings=width:128` as for `sequence`.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  if (!hasSharedData()) throw new Error('expected the shared data beside the repository, found none');
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const words = args.filter((arg) => !arg.includes('='));
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const word of words.length > 0 ? words : ['ml100k']) {
    const read = SEQUENCE_SETS[word];
    if (!read) throw new Error(`expected one of ${Object.keys(SEQUENCE_SETS).join(', ')}, got ${word}`);
    const set = await read({ seed, threads });
    const seconds = Number(said('seconds') ?? 90);
    const base = recommenderById(said('model') ?? 'transformer');
    const told = base.withSettings?.(settingsOf(said('settings') ?? '')) ?? base;
    const progress = { step() {}, note: (line: string) => log(`  ${line}`) };
    const model = await (told.within?.(seconds) ?? told).fit(set.train, set.valid, {
      seed,
      threads,
      progress,
    });
    const rows = await compare(set, model, { cases: Number(said('cases') ?? 10_000), seed, log });
    figures[word] = { model: base.id, seconds, cases: rows[0].cases, rows };
    for (const row of rows.filter(({ form }) => HELD.includes(form))) {
      const [first] = rows;
      const loss = (metric: 'ndcg' | 'recall') => 1 - row[metric] / first[metric];
      targets.push(
        atMost(`${word}, ${row.form}: relative loss of NDCG@10`, loss('ndcg'), MOST_LOSS),
        atMost(`${word}, ${row.form}: relative loss of R@10`, loss('recall'), MOST_LOSS),
        atLeast(
          `${word}, ${row.form}: times smaller, or faster`,
          Math.max(first.bytes / row.bytes, row.faster),
          LEAST_GAIN,
          `${(first.bytes / row.bytes).toFixed(2)} × smaller, ${row.faster.toFixed(2)} × faster`,
        ),
      );
    }
    await model.close?.();
  }
  return {
    bench: 'sequence-smaller',
    protocol:
      'one network learned, then made smaller without learning on; the same test cases for all forms, full ranking, ties against us; bytes of the model as saved; forms score in turn, faster is the median over rounds of the ratio of processor time to that of floats in the same round',
    targets,
    figures,
  };
};

interface Row {
  readonly form: string;
  readonly bytes: number;
  readonly ndcg: number;
  readonly recall: number;
  readonly faster: number;
  readonly cases: number;
}

async function compare(
  set: SequenceSet,
  model: NextItemModel,
  { cases: most, seed, log }: { cases: number; seed: number; log: (line: string) => void },
): Promise<readonly Row[]> {
  const forms = [
    // As they are read back: one thread each, so that processor time is work and not waiting.
    { form: 'floats', own: loadNextItemModel(model.save()) },
    ...FORMS.flatMap(([form, how]) => {
      const small = model.compressed?.(how);
      return small ? [{ form, own: loadNextItemModel(small.save()) }] : [];
    }),
  ];
  const drawn = random(seed)
    .fork('cases')
    .shuffle(Int32Array.from({ length: set.test.targets.length }, (_, at) => at));
  const view: CaseView = {
    ...set.test,
    rows: Uint32Array.from(drawn.slice(0, most), (at) => set.test.rows[at]),
    ends: Uint32Array.from(drawn.slice(0, most), (at) => set.test.ends[at]),
    targets: Int32Array.from(drawn.slice(0, most), (at) => set.test.targets[at]),
  };
  const few = layOut(
    view,
    Int32Array.from({ length: Math.min(2000, view.targets.length) }, (_, at) => at),
  );
  const entities = Array.from(view.rows, (row) => view.sequences.entities[row]);
  const now = () => performance.now();
  const times = forms.map((): number[] => []);
  const found: Omit<Row, 'faster'>[] = [];
  for (const { form, own } of forms) {
    const { ranks } = await rankCases(own, view, { now });
    const scores = scoreRanks(ranks[set.history], entities, { at: [10], seed, draws: 2 });
    const value = (metric: RankMetricName): number => scores[metric]?.value ?? Number.NaN;
    const files = Object.values(savedModelFiles('model', own.save()));
    found.push({
      form,
      bytes: files.reduce<number>(
        (sum, file) => sum + (file instanceof Uint8Array ? file : jsonBytes(file)).length,
        0,
      ),
      ...{ ndcg: value('ndcg@10'), recall: value('recall@10'), cases: view.targets.length },
    });
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const [f, { own }] of forms.entries()) {
      const before = process.cpuUsage();
      await own.score(few.before);
      const { user, system } = process.cpuUsage(before);
      times[f].push(user + system);
    }
  const rows = found.map((row, f): Row => {
    const ratios = times[f].map((own, round) => times[0][round] / own).sort((a, b) => a - b);
    return { ...row, faster: ratios[ratios.length >> 1] };
  });
  for (const { form, bytes, ndcg, recall, faster } of rows)
    log(
      `${set.name}, ${form}: ${(bytes / 1000).toFixed(0)} kB (${(rows[0].bytes / bytes).toFixed(2)} × smaller), NDCG@10 ${ndcg.toFixed(4)} (${(100 * (ndcg / rows[0].ndcg - 1)).toFixed(2)} %), R@10 ${recall.toFixed(4)} (${(100 * (recall / rows[0].recall - 1)).toFixed(2)} %), ${faster.toFixed(2)} × faster`,
    );
  for (const { own } of forms) await own.close?.();
  return rows;
}
