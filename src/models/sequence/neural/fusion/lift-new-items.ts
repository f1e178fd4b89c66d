// How much higher items nobody has had yet are placed than the chance that somebody takes them would have it.
import { hash32 } from '../../../../core/random.ts';
import type { NextItemCases, Sequences } from '../../../../core/sequences.ts';
import { takeSequences } from '../../../../core/sequences.ts';
import { type TokenPlan, UNKNOWN_ROW } from '../events/tokens.ts';
import { fedWidth } from './plan-vectors.ts';

/** Lists are looked down so far. */
const TOP = 10;
/** Items are new in turn, a tenth of them at a time. */
const TURNS = 10;
/** More tell the lift no better. */
const MOST_CASES = 1000;
const STEP = 0.25;
const HIGHEST = 8;

/** The plan with every item once more behind the others, as if nobody had had it: known by what is known of it alone. */
export function planWithTwins(plan: TokenPlan): TokenPlan {
  const { itemIds, rowOf, counts, logShare, columns, vectors } = plan;
  const items = itemIds.length;
  const twice = <T extends Int32Array | Float32Array>(own: T, into: T): T => {
    into.set(own);
    into.set(own, own.length);
    return into;
  };
  const longer = <T extends Int32Array | Float32Array>(own: T, into: T): T => {
    into.set(own);
    return into;
  };
  return {
    ...plan,
    itemIds: [...itemIds, ...itemIds.map((id) => `${id} anew`)],
    rowOf: longer(rowOf, new Int32Array(2 * items).fill(UNKNOWN_ROW, items)),
    counts: longer(counts, new Int32Array(2 * items)),
    logShare: longer(logShare, new Float32Array(2 * items)),
    columns: columns.map((own) => ({ ...own, codes: twice(own.codes, new Int32Array(2 * items)) })),
    vectors: vectors.map((own) => ({
      ...own,
      values: twice(own.values, new Float32Array(2 * own.values.length)),
    })),
  };
}

/** The plan whose items without a row, now and to come, are placed higher by `lift`: what nothing is told of stays where it is. */
export function liftedPlan(plan: TokenPlan, lift: number): TokenPlan {
  return {
    ...plan,
    lift,
    logShare: plan.logShare.map((share, item) =>
      plan.rowOf[item] === UNKNOWN_ROW && isTold(plan, item) ? lift : share,
    ),
  };
}

/** Whether one of the plan's vectors says something of the item; any item where the plan has no vectors. */
export const isTold = ({ vectors }: Pick<TokenPlan, 'vectors'>, item: number): boolean =>
  vectors.length === 0 || vectors.some((own) => own.values[(item + 1) * fedWidth(own) - 1] > 0);

/**
 * What to add to the scores of new items, 0 at least. Scores say how likely an item is taken, and likely is what many take:
 * by them alone hardly anything new is ever shown. The lift is where targets found among the first ten, once as they are and
 * once as if they were new, have the highest harmonic mean: neither is bought at the other's expense.
 *
 * @param score  of the plan with twins: [cases, 2 · items]
 * @see Chao et al. 2016, arXiv:1605.04253, for calibrated stacking of classes seen and unseen, and their harmonic mean
 */
export async function learnLift(
  plan: TokenPlan,
  cases: NextItemCases,
  score: (before: Sequences) => Promise<Float32Array>,
): Promise<number> {
  const items = plan.itemIds.length;
  const turnOf = Int32Array.from(plan.itemIds, (id) => hash32(id) % TURNS);
  const asked = [...cases.targets.keys()].filter((row) => plan.counts[cases.targets[row]] > 0);
  const some = Math.min(MOST_CASES, asked.length);
  const rows = Array.from({ length: some }, (_, i) => asked[Math.floor(((i + 0.5) * asked.length) / some)]);
  const steps = 1 + Math.round(HIGHEST / STEP);
  const found = { known: new Float64Array(steps), fresh: new Float64Array(steps) };
  for (let from = 0; from < rows.length; from += 64) {
    const part = rows.slice(from, from + 64);
    const before = takeSequences(cases.before, part);
    const scores = await score(before);
    part.forEach((row, r) => {
      const target = cases.targets[row];
      const own = new Set(before.items.subarray(before.offsets[r], before.offsets[r + 1]));
      const known = scores.subarray(2 * r * items, (2 * r + 1) * items);
      const fresh = scores.subarray((2 * r + 1) * items, 2 * (r + 1) * items);
      const turn = turnOf[target];
      const other = (turn + 1) % TURNS;
      for (let step = 0; step < steps; step++) {
        const lift = step * STEP;
        const isFirst = (bar: number, isNew: (item: number) => boolean): boolean => {
          let above = 0;
          for (let item = 0; item < items; item++) {
            if (item === target || own.has(item)) continue;
            const scored = isNew(item) ? fresh[item] + lift : known[item];
            if (scored >= bar && ++above >= TOP) return false;
          }
          return true;
        };
        if (isFirst(known[target], (item) => turnOf[item] === other)) found.known[step]++;
        if (isFirst(fresh[target] + lift, (item) => turnOf[item] === turn)) found.fresh[step]++;
      }
    });
  }
  let best = 0;
  for (let step = 1; step < steps; step++) if (harmonic(found, step) > harmonic(found, best)) best = step;
  return best * STEP;
}

const harmonic = (
  { known, fresh }: { readonly known: Float64Array; readonly fresh: Float64Array },
  step: number,
): number => (known[step] * fresh[step]) / Math.max(1, known[step] + fresh[step]);
