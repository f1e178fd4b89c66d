// What order tells of the next view: in a shop whose views follow each other and in one whose views do not, beside the truth.
import { silent } from '../src/core/progress.ts';
import type { ScenarioName } from '../src/data/synthetic/scenario.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { intervalOf } from '../src/eval/bootstrap.ts';
import type { Score } from '../src/eval/score.ts';
import { drawnEntities } from '../src/eval/sequences/drawn-entities.ts';
import { leaveOneOut } from '../src/eval/sequences/leave-one-out.ts';
import { gainsOf } from '../src/eval/sequences/score-ranks.ts';
import { sharingFits } from '../src/models/sequence/catalogue.ts';
import { rankCases } from '../src/train/sequence/rank-cases.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { outOfOrder, ranksOfTruth, viewedInOrder } from './sequence/viewed-in-order.ts';

const SHOPS: readonly ScenarioName[] = ['sequential', 'orderless'];
const MODELS = ['popularity', 'item-knn', 'session-knn', 'markov', 'mlp', 'transformer'];
const SEQUENCE_MODEL = 'transformer';

/** Words: `customers=4000`, `days=120`, `models=ID,…`. */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const customers = Number(said('customers') ?? 4000);
  const days = Number(said('days') ?? 120);
  const models = said('models')?.split(',') ?? MODELS;
  const figures: Record<string, unknown> = { customers, days, seed };
  const targets: Target[] = [];
  for (const scenario of SHOPS) {
    const shop = simulateShop({ scenario, customers, days, seed });
    const sequences = viewedInOrder(shop);
    const { train, valid, known, test } = leaveOneOut(sequences);
    const mixed = { ...test, before: outOfOrder(test.before, seed) };
    const drawn = drawnEntities(test.before.entities, { seed });
    const scoreOf = (gains: Float64Array): Score => {
      const measure = drawn.meanOf(gains);
      const [draws] = drawn.resample([measure]);
      return intervalOf(drawn.onSample(measure), draws, {});
    };
    const truth = gainsOf(ranksOfTruth(shop, test), 'ndcg', 10);
    const byId = sharingFits();
    const rows: Record<string, unknown> = { truth: { ndcg: scoreOf(truth) } };
    log(
      `${scenario}: ${sequences.entities.length} customers, ${sequences.items.length} views; truth ${shown(scoreOf(truth))}`,
    );
    for (const id of models) {
      const startedMs = performance.now();
      const run = { seed, threads, progress: silent };
      const first = await byId(id).fit(train, valid, run);
      const model = (await first.again?.(known, run)) ?? (await byId(id).fit(known, undefined, run));
      const gains = async (cases: typeof test): Promise<Float64Array> =>
        gainsOf((await rankCases(model, cases, { now: () => performance.now() })).ranks.included, 'ndcg', 10);
      const asItWas = await gains(test);
      const outOf = await gains(mixed);
      const order = scoreOf(asItWas.map((gain, row) => gain - outOf[row]));
      const seconds = (performance.now() - startedMs) / 1000;
      rows[id] = { ndcg: scoreOf(asItWas), out_of_order: scoreOf(outOf), order, seconds };
      log(
        `  ${id.padEnd(12)} ${shown(scoreOf(asItWas))}, out of order ${shown(scoreOf(outOf))}, difference ${shown(order)}, ${seconds.toFixed(0)} s`,
      );
      await Promise.all([first, model].map((one) => one.close?.()));
      if (id !== SEQUENCE_MODEL) continue;
      targets.push(
        scenario === 'sequential'
          ? atLeast('sequential: least that order tells, NDCG@10', order.low, 1e-9, shown(order))
          : atMost('orderless: least that order is said to tell, NDCG@10', order.low, 0, shown(order)),
      );
    }
    figures[scenario] = rows;
  }
  return {
    bench: 'sequence-order',
    protocol:
      'views of simulated customers, bots left out; the last view that is not the first of its visit is the test, the view before it the ' +
      'validation; all items ranked, ties against us, own history included; out of order: the same history, its items shuffled over its ' +
      'moments; 95 % intervals and paired differences by drawing customers; truth: who knows the taste and the last view',
    targets,
    figures,
  };
};

const shown = ({ value, low, high }: Score): string =>
  `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
