// Whether a promise kept on the whole is kept for everybody: by size of the prediction, by kind of customer, by class.
import { invariant } from '../core/errors.ts';
import type { CategoryColumn } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { normalQuantile } from '../core/special.ts';
import { clustersOf } from './bootstrap.ts';
import type { ScoredClasses, ScoredExamples } from './evaluate-predictions.ts';
import { eceByChance, equalCountEce } from './metrics/binary.ts';
import { checkClasses, oneAgainstRest } from './metrics/classes.ts';
import { equalCountBins } from './metrics/order.ts';
import { checkAmounts, checkLength, checkProbabilities, evenWeights } from './metrics/predictions.ts';
import type { Score } from './score.ts';

/** Rows by something known before the outcome. */
export interface Grouping {
  /** `decile`, or the column's name. */
  readonly id: string;
  readonly by: Name;
  readonly labels: readonly Name[];
  /** Index into `labels`, −1 for rows that belong to none, [rows] */
  readonly of: Int32Array;
}

export interface GroupCheck {
  readonly label: Name;
  readonly rows: number;
  readonly users: number;
  /** Share that was promised: the level of intervals, or the mean probability. */
  readonly promised: number;
  /** Share that came, with its 95 % interval. */
  readonly kept: Score;
  /** The promise lies outside even an interval wide enough for all groups of the grouping at once. */
  readonly broken: boolean;
  /** Probabilities in groups large enough to part into bins. */
  readonly ece?: { readonly value: number; readonly byChance: number };
}

export interface GroupedChecks {
  readonly id: string;
  readonly by: Name;
  readonly groups: readonly GroupCheck[];
}

/** Groups under this size are left out: their interval would say nothing. */
const LEAST_ROWS = 30;
/** From here on a group's ECE says more than its bins' luck. */
const ROWS_FOR_ECE = 500;
/** Levels of a category shown by name; the others together. */
const MOST_LEVELS = 8;

/** Tenths by rising prediction; the label counts from the highest, as deciles elsewhere do. */
export function decileGrouping(predicted: Float64Array, parts = 10): Grouping {
  const bin = equalCountBins(predicted, parts);
  return {
    id: 'decile',
    by: name('tenth of the prediction, 1 = highest', '预测十等分组，1 为最高'),
    labels: Array.from({ length: parts }, (_, i) => name(String(i + 1), String(i + 1))),
    of: bin.map((rising) => parts - 1 - rising),
  };
}

/** The frequent levels of a category, the rest together, the unknown apart. */
export function categoryGrouping({ name: id, label, codes, levels }: CategoryColumn): Grouping {
  const counts = new Float64Array(levels.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const frequent = Array.from(counts.keys())
    .filter((code) => counts[code] >= LEAST_ROWS)
    .sort((a, b) => counts[b] - counts[a] || (levels[a] < levels[b] ? -1 : 1))
    .slice(0, MOST_LEVELS);
  const place = new Int32Array(levels.length).fill(frequent.length);
  frequent.forEach((code, at) => {
    place[code] = at;
  });
  return {
    id,
    by: label,
    labels: [
      ...frequent.map((code) => name(levels[code], levels[code])),
      name('all others', '其余'),
      name('unknown', '未知'),
    ],
    of: codes.map((code) => (code < 0 ? frequent.length + 1 : place[code])),
  };
}

/**
 * Those known for less than a threshold, and the others.
 *
 * @param ageDays days since each customer was first seen, NaN where unknown, [rows]
 */
export function newcomerGrouping(ageDays: Float64Array, newUnderDays: number): Grouping {
  return {
    id: 'newcomer',
    by: name('new or old customer', '新客户或老客户'),
    labels: [
      name(`new: known for under ${newUnderDays} days`, `新客户：认识不满 ${newUnderDays} 天`),
      name(`old: known for ${newUnderDays} days or more`, `老客户：认识 ${newUnderDays} 天及以上`),
    ],
    of: Int32Array.from(ageDays, (age) => (Number.isNaN(age) ? -1 : age < newUnderDays ? 0 : 1)),
  };
}

/** Share of amounts inside their intervals, group by group. @throws AppError BAD_DATA, SHAPE as `scoreAmount` */
export function checkCoverage(
  examples: ScoredExamples,
  groupings: readonly Grouping[],
  level: number,
): readonly GroupedChecks[] {
  checkAmounts(examples);
  const { entities, actual, low, high } = examples;
  invariant(low && high, 'coverage of intervals needs intervals');
  const inside = actual.map((value, i) => (value >= low[i] && value <= high[i] ? 1 : 0));
  return groupings.map((grouping) =>
    checkGroups({ entities, came: inside, promised: new Float64Array(actual.length).fill(level) }, grouping),
  );
}

/** Mean probability beside the share that came, group by group. @throws AppError BAD_DATA, SHAPE as `scoreBinary` */
export function checkCalibration(
  examples: ScoredExamples,
  groupings: readonly Grouping[],
): readonly GroupedChecks[] {
  checkProbabilities(examples);
  const { entities, actual, predicted } = examples;
  return groupings.map((grouping) =>
    checkGroups({ entities, came: actual, promised: predicted, probabilities: true }, grouping),
  );
}

/** Each class against the rest: its mean probability beside how often it came. @throws AppError as `scoreClasses` */
export function checkClassCalibration(examples: ScoredClasses, labels: readonly Name[]): GroupedChecks {
  checkClasses(examples);
  const everybody = { id: 'class', by: name('class', '类别'), of: new Int32Array(examples.actual.length) };
  const groups = labels.flatMap((label, own) => {
    const { actual, predicted } = oneAgainstRest(examples, own);
    const rows = { entities: examples.entities, came: actual, promised: predicted, probabilities: true };
    return checkGroups(rows, { ...everybody, labels: [label] }, labels.length).groups;
  });
  return { id: everybody.id, by: everybody.by, groups };
}

interface Promises {
  readonly entities: readonly string[];
  /** 0 or 1, [rows] */
  readonly came: Float64Array;
  /** [rows] */
  readonly promised: Float64Array;
  readonly probabilities?: boolean;
}

/** @param together how many groups are looked at at once; those of the grouping when absent */
function checkGroups(rows: Promises, grouping: Grouping, together?: number): GroupedChecks {
  checkLength('groups', grouping.of, rows.came.length);
  checkLength('entities', rows.entities, rows.came.length);
  const members: number[][] = grouping.labels.map(() => []);
  grouping.of.forEach((group, row) => {
    if (group >= 0) members[group].push(row);
  });
  const looked = together ?? members.filter((own) => own.length >= LEAST_ROWS).length;
  const groups = members.flatMap((own, group): GroupCheck[] => {
    if (own.length < LEAST_ROWS) return [];
    const came = Float64Array.from(own, (row) => rows.came[row]);
    const promised = Float64Array.from(own, (row) => rows.promised[row]);
    const { cluster, count } = clustersOf(own.map((row) => rows.entities[row]));
    const share = { came, cluster, users: count };
    const mean = promised.reduce((sum, value) => sum + value, 0) / own.length;
    const wide = shareInterval(share, 1 - 0.05 / looked);
    const whole = { actual: came, predicted: promised };
    return [
      {
        label: grouping.labels[group],
        rows: own.length,
        users: count,
        promised: mean,
        kept: shareInterval(share, 0.95),
        broken: mean < wide.low || mean > wide.high,
        ...(rows.probabilities && own.length >= ROWS_FOR_ECE
          ? {
              ece: {
                value: equalCountEce(whole)(evenWeights(own.length)),
                byChance: eceByChance(promised),
              },
            }
          : {}),
      },
    ];
  });
  return { id: grouping.id, by: grouping.by, groups };
}

/**
 * A share with its Wilson interval, for rows that come in customers: as many rows are counted as independent ones would
 * vary as much, never more than there are.
 *
 * @see Wilson 1927; Korn and Graubard 1998 for the effective sample size
 */
export function shareInterval(
  { came, cluster, users }: { came: Float64Array; cluster: Uint32Array; users: number },
  level: number,
): Score {
  const rows = came.length;
  const value = came.reduce((sum, one) => sum + one, 0) / rows;
  const excess = new Float64Array(users);
  for (let i = 0; i < rows; i++) excess[cluster[i]] += came[i] - value;
  const between = excess.reduce((sum, one) => sum + one * one, 0);
  const independent = rows * value * (1 - value);
  // Where everybody or nobody did, rows of one customer count as one.
  const effective = independent > 0 ? Math.min(rows, (rows * independent) / between) : users;
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const centre = (value + z2 / (2 * effective)) / (1 + z2 / effective);
  const half =
    Math.sqrt((z2 * value * (1 - value)) / effective + (z2 * z2) / (4 * effective * effective)) /
    (1 + z2 / effective);
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
