// Tables: Foresell's whole procedure beside LightGBM, XGBoost and scikit-learn's boosting, each tuned inside every training part.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeNumbers } from '../src/core/frame.ts';
import { ROW_METRICS, type RowMetricName } from '../src/eval/metrics/metric.ts';
import { evenWeights } from '../src/eval/metrics/predictions.ts';
import type { Score } from '../src/eval/score.ts';
import { parsePreset } from '../src/train/preset.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { meanDifference, meanScore, type Said } from './tables/compare.ts';
import { orangeJuice, simulatedTable } from './tables/demand-tables.ts';
import { type OwnSaid, ownPredictions } from './tables/own-predictions.ts';
import { LIBRARIES, type PeerSaid, peerPredictions, peersInstalled } from './tables/peer-predictions.ts';
import { onlineRetail } from './tables/retail-tables.ts';
import { ecommerceChurn, onlineShoppers, womensClothing } from './tables/shop-tables.ts';
import type { TableSet } from './tables/table-set.ts';

type MakeSet = (options: { readonly seed: number }) => Promise<TableSet>;

const SETS: Readonly<Record<string, MakeSet>> = {
  'online-shoppers': () => onlineShoppers(),
  'ecommerce-churn': ecommerceChurn,
  'womens-clothing': womensClothing,
  'online-retail-purchase': (options) => onlineRetail('purchase', options),
  'online-retail-spend': (options) => onlineRetail('spend', options),
  simulated: async (options) => simulatedTable(options),
  'orange-juice': () => orangeJuice(),
};

/** Without the column that is computed from transactions; asked for by name, not one of the tables compared. */
const APART: Readonly<Record<string, MakeSet>> = {
  'online-shoppers-without-page-values': () => onlineShoppers({ without: ['PageValues'] }),
};

/** How much worse than the best of the others is still level: points of AUC, or a share of an error. */
const LEVEL_AUC = 0.002;
const LEVEL_ERROR = 0.01;
const BETTER_ON = 2;

/**
 * Words: names of tables; all when none is given. `model=ID,…` tries those models instead of the recipe; `preset=best` tries harder; `folder=DIR`
 * keeps tables and what the others said of them (otherwise in the system's temporary folder), to be used again;
 * `tests=5` asks the first five tests alone.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const folder = said('folder') ?? join(tmpdir(), 'foresell-tables');
  const preset = parsePreset(said('preset') ?? 'good');
  const models = said('model')?.split(',') ?? 'auto';
  const words = args.filter((arg) => !arg.includes('='));
  const wanted = words.length > 0 ? words : Object.keys(SETS);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  let better = 0;
  for (const word of wanted) {
    const make = SETS[word] ?? APART[word];
    if (!make)
      throw new Error(`expected one of ${Object.keys({ ...SETS, ...APART }).join(', ')}, got ${word}`);
    const set = firstTests(await make({ seed }), said('tests'));
    const ours = await ownPredictions(set, {
      threads,
      seed,
      models,
      preset,
      folder: join(folder, set.name),
      log,
    });
    const peers: PeerSaid[] = [];
    if (peersInstalled()) {
      for (const library of LIBRARIES) {
        const run = { library, loss: set.loss, folder: join(folder, set.name), threads, seed, log };
        peers.push(await peerPredictions(set, run));
      }
    } else log('the other libraries are left out: not installed (bench/peers/README.md)');
    const compared = compare(set, ours, peers);
    figures[set.name] = compared.figures;
    log(`${set.name}: ${JSON.stringify(compared.figures.metrics)}`);
    targets.push(...compared.targets);
    if (compared.isBetter) better++;
  }
  if (wanted.length >= Object.keys(SETS).length && peersInstalled())
    targets.push(
      atLeast(
        'tables on which the interval of the difference to the best of the others excludes zero',
        better,
        BETTER_ON,
      ),
    );
  return {
    bench: 'tables',
    protocol:
      'metrics are means over tests; intervals by drawing groups of rows, 95 %, paired; ECE in ten bins of equal count over the tests of a repeat together; the others search settings at random inside each training part, their defaults first',
    targets,
    figures,
  };
};

/** Fewer tests of the same table, kept apart from all of them. */
function firstTests(set: TableSet, most: string | undefined): TableSet {
  const count = Number(most ?? set.splits.length);
  if (count >= set.splits.length) return set;
  return { ...set, name: `${set.name}-first-${count}`, splits: set.splits.slice(0, count) };
}

const MINIMISED: ReadonlySet<RowMetricName> = new Set(['log_loss', 'brier', 'mae', 'rmse', 'ece']);

function compare(set: TableSet, ours: OwnSaid, peers: readonly PeerSaid[]) {
  const [deciding] = set.metrics;
  const sign = MINIMISED.has(deciding) ? -1 : 1;
  // Each costs a hundred or more draws of all groups: never the same one twice.
  const known = new Map<Said, Map<RowMetricName, Score>>();
  const scoreOf = (own: Said, metric: RowMetricName): Score => {
    const scores = known.get(own) ?? new Map<RowMetricName, Score>();
    known.set(own, scores);
    const score = scores.get(metric) ?? meanScore(set, own, metric);
    scores.set(metric, score);
    return score;
  };
  const metricsOf = (own: Said) => ({
    ...Object.fromEntries(
      set.metrics.filter((metric) => metric !== 'ece').map((metric) => [metric, scoreOf(own, metric)]),
    ),
    ...(set.metrics.includes('ece') ? { ece: pooledEce(set, own) } : {}),
  });
  const ranked = [...peers].sort(
    (a, b) => sign * (scoreOf(b.said, deciding).value - scoreOf(a.said, deciding).value),
  );
  const differences = ranked.map(({ library, said }) => ({
    against: library,
    ...Object.fromEntries(
      set.metrics
        .filter((metric) => metric !== 'ece' && metric !== 'bias')
        .map((metric) => [metric, meanDifference(set, [ours.said, said], metric)]),
    ),
  })) as ({ against: string } & Partial<
    Record<RowMetricName, { value: number; low: number; high: number }>
  >)[];
  const targets: Target[] = [];
  let isBetter = false;
  const best = ranked[0];
  const lead = differences[0]?.[deciding];
  if (best && lead) {
    const words = `${scoreOf(ours.said, deciding).value.toFixed(4)} beside ${best.library} ${scoreOf(best.said, deciding).value.toFixed(4)}, difference ${lead.low.toFixed(4)} … ${lead.high.toFixed(4)}`;
    isBetter = sign > 0 ? lead.low > 0 : lead.high < 0;
    targets.push(
      sign > 0
        ? atLeast(`${set.name}: ${deciding} less the best of the others`, lead.value, -LEVEL_AUC, words)
        : atMost(
            `${set.name}: ${deciding} beside the best of the others, ratio`,
            scoreOf(ours.said, deciding).value / scoreOf(best.said, deciding).value,
            1 + LEVEL_ERROR,
            words,
          ),
    );
  }
  if (set.name === 'online-shoppers') targets.push(...againstTunedLightGbm(set, ours, peers, differences));
  return {
    isBetter,
    targets,
    figures: {
      protocol: set.protocol,
      rows: set.sample.frame.rows,
      columns: set.sample.frame.columns.length,
      tests: set.splits.length,
      chosen: Object.fromEntries(
        [...new Set(ours.chosen)].map((id) => [id, ours.chosen.filter((own) => own === id).length]),
      ),
      metrics: metricsOf(ours.said),
      others: Object.fromEntries(ranked.map(({ library, said }) => [library, metricsOf(said)])),
      differences,
      seconds: {
        foresell: ours.seconds,
        ...Object.fromEntries(ranked.map(({ library, seconds }) => [library, seconds])),
      },
    },
  };
}

/** Not worse by the paired interval on any of three metrics, better on one at least; calibrated within a hundredth. */
function againstTunedLightGbm(
  set: TableSet,
  ours: OwnSaid,
  peers: readonly PeerSaid[],
  differences: readonly ({ against: string } & Partial<
    Record<RowMetricName, { value: number; low: number; high: number }>
  >)[],
): Target[] {
  const targets = [atMost(`${set.name}: ECE`, pooledEce(set, ours.said), 0.01)];
  const own = differences.find(({ against }) => against === 'lightgbm');
  if (!own || peers.length === 0) return targets;
  const judged = (['roc_auc', 'average_precision', 'brier'] as const).map((metric) => {
    const { low = Number.NaN, high = Number.NaN, value = Number.NaN } = own[metric] ?? {};
    const lower = MINIMISED.has(metric);
    return {
      metric,
      value,
      low,
      high,
      worse: lower ? low > 0 : high < 0,
      better: lower ? high < 0 : low > 0,
    };
  });
  for (const { metric, value, low, high, worse } of judged) {
    targets.push({
      name: `${set.name}: ${metric} no worse than tuned LightGBM by the paired interval`,
      target: 'not worse',
      got: value,
      met: !worse,
      note: `${low.toFixed(4)} … ${high.toFixed(4)}`,
    });
  }
  const ahead = judged.filter(({ better }) => better).map(({ metric }) => metric);
  return [
    ...targets,
    atLeast(
      `${set.name}: metrics better than tuned LightGBM by the paired interval`,
      ahead.length,
      1,
      ahead.join(', '),
    ),
  ];
}

/** Over the tests of each repeat together, a mean over repeats. */
function pooledEce(set: TableSet, said: Said): number {
  const tests = set.splits.length / set.repeats;
  let sum = 0;
  let from = 0;
  for (let repeat = 0; repeat < set.repeats; repeat++) {
    const rows = set.splits
      .slice(repeat * tests, (repeat + 1) * tests)
      .flatMap(({ test }) => Array.from(test));
    const actual = takeNumbers(set.sample.target, rows);
    const predicted = said.slice(from, from + rows.length);
    from += rows.length;
    sum += ROW_METRICS.ece.prepare({ actual, predicted })(evenWeights(rows.length)) / set.repeats;
  }
  return sum;
}
