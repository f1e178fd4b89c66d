// What would change the answer: the smallest plausible changes of one row that take its prediction across a goal.
import { AppError, invariant, throwIfAborted } from '../core/errors.ts';
import { type Column, type Frame, makeFrame, selectColumns, takeRows } from '../core/frame.ts';
import type { Name } from '../core/name.ts';
import { fromMargin } from '../models/estimator.ts';
import {
  type Candidate,
  type CandidateOptions,
  type Changeable,
  changeableColumns,
} from './candidate-values.ts';
import type { Predictor } from './contribution.ts';
import { valueWords } from './value-words.ts';

/** Where the shown prediction should be: a probability or an amount, the goal itself included. */
export type Goal = { readonly over: number } | { readonly under: number };

export interface WhatIfOptions extends Omit<CandidateOptions, 'cuts'> {
  readonly goal: Goal;
  /** Columns changed together at most, 3 by default. */
  readonly mostChanges?: number;
  /** Answers wanted, 3 by default; each changes other columns than those before. */
  readonly answers?: number;
  /** Predictions asked for at each number of changes, 20,000 by default; the more, the surer that nothing is missed. */
  readonly budget?: number;
  readonly signal?: AbortSignal;
}

export interface Change {
  readonly column: string;
  readonly label: Name;
  readonly from: Name;
  readonly to: Name;
  /** The new number, or level. */
  readonly value: number | string;
  /** In typical deviations of the column; 1 for another level. */
  readonly distance: number;
}

export interface Counterfactual {
  readonly changes: readonly Change[];
  /** The shown prediction with the changes made. */
  readonly value: number;
  /** Σ over changes. */
  readonly distance: number;
  /** The row with the changes made, in the columns the predictor reads. */
  readonly frame: Frame;
}

export interface WhatIf {
  readonly goal: Goal;
  /** The shown prediction as it is. */
  readonly now: number;
  /** It is where it should be already. */
  readonly reached: boolean;
  readonly mostChanges: number;
  /** Fewest changes first, then the nearest; empty when none was found within `mostChanges`. */
  readonly answers: readonly Counterfactual[];
  /** Predictions asked for. */
  readonly asked: number;
}

/** Changes made together: for every changeable column a candidate, or nothing. */
interface Trial {
  readonly picks: readonly Pick[];
  readonly margin: number;
}

interface Pick {
  /** Which changeable column. */
  readonly at: number;
  readonly candidate: Candidate;
}

/**
 * Tries every single change, then keeps the trials that came nearest to the goal and adds another change to them, and so
 * on: complete where all combinations fit the budget, a beam search beyond. What is found is pruned of changes it can do
 * without, and each change is taken back as near to the present value as still crosses.
 *
 * Columns are changed as if independent: two that tell of the same thing (orders in 30 and in 90 days) may end at odds
 * unless one is held immutable.
 *
 * @param row a frame of one row
 * @throws AppError USAGE for a goal that is no number, or limits that name an unknown column; SHAPE when columns are
 * missing; INTERRUPTED
 * @see Wachter, Mittelstadt and Russell 2017, Counterfactual explanations, arXiv:1711.00399
 */
export async function whatWouldChange(
  predictor: Predictor,
  row: Frame,
  options: WhatIfOptions,
): Promise<WhatIf> {
  const { goal, mostChanges = 3, answers: wanted = 3, budget = 20_000, signal } = options;
  if (row.rows !== 1) throw new AppError('SHAPE', `expected one row to change, got ${row.rows}`);
  if (predictor.link === 'softmax')
    throw new AppError('USAGE', 'expected one prediction a row; ask about one class of several');
  if (!Number.isFinite('over' in goal ? goal.over : goal.under))
    throw new AppError('USAGE', 'expected a finite number as the goal of a change');
  const own = selectColumns(row, [...new Set(predictor.inputs)]);
  const columns = changeableColumns(row, predictor.inputs, {
    ...options,
    cuts: predictor.cuts?.(),
  }).filter(({ candidates }) => candidates.length > 0);
  let asked = 0;
  const ask = async (trials: readonly (readonly Pick[])[]): Promise<readonly Trial[]> => {
    throwIfAborted(signal);
    asked += trials.length;
    const margins = await predictor.margin(changedRows(own, columns, trials));
    return trials.map((picks, i) => ({ picks, margin: margins[i] }));
  };
  const shown = (margin: number): number => fromMargin(predictor.link, Float64Array.of(margin))[0];
  const crosses = ({ margin }: Trial): boolean =>
    'over' in goal ? shown(margin) >= goal.over : shown(margin) <= goal.under;
  const [start] = await ask([[]]);
  const report = (answers: readonly Counterfactual[]): WhatIf => ({
    goal,
    now: shown(start.margin),
    reached: crosses(start),
    mostChanges,
    answers,
    asked,
  });
  if (crosses(start)) return report([]);

  const towards = 'over' in goal ? 1 : -1;
  const singles = columns.flatMap(({ candidates }, at) => candidates.map((candidate) => ({ at, candidate })));
  const width = Math.max(8, Math.floor(budget / Math.max(1, singles.length)));
  const found = new Map<string, Trial>();
  let beam: readonly Trial[] = [start];
  for (let changes = 1; changes <= mostChanges && found.size < wanted; changes++) {
    const trials = await ask(extended(beam, singles, [...found.keys()]));
    for (const trial of trials.filter(crosses)) {
      const key = keyOf(trial.picks);
      const known = found.get(key);
      if (!known || distanceOf(trial.picks) < distanceOf(known.picks)) found.set(key, trial);
    }
    const open = trials.filter((trial) => !crosses(trial) && !found.has(keyOf(trial.picks)));
    beam = nearestToGoal(open, towards, width);
  }

  const smallest = new Map<string, Trial>();
  for (const trial of found.values()) {
    const small = await nearer(await pruned(trial, ask, crosses), columns, ask, crosses);
    const known = smallest.get(keyOf(small.picks));
    if (!known || distanceOf(small.picks) < distanceOf(known.picks)) smallest.set(keyOf(small.picks), small);
  }
  const best = [...smallest.values()]
    .sort(
      (a, b) =>
        a.picks.length - b.picks.length ||
        distanceOf(a.picks) - distanceOf(b.picks) ||
        (keyOf(a.picks) < keyOf(b.picks) ? -1 : 1),
    )
    .slice(0, wanted);
  for (const trial of best) invariant(crosses(trial), 'an answer that does not cross');
  return report(
    best.map(({ picks, margin }) => ({
      changes: picks.map((pick) => changeOf(columns[pick.at], pick.candidate, row.currency)),
      value: shown(margin),
      distance: distanceOf(picks),
      frame: changedRows(own, columns, [picks]),
    })),
  );
}

type Ask = (trials: readonly (readonly Pick[])[]) => Promise<readonly Trial[]>;

/** Every trial with one more column changed, none twice, none that only adds to an answer. */
function extended(
  beam: readonly Trial[],
  singles: readonly Pick[],
  answered: readonly string[],
): readonly (readonly Pick[])[] {
  const seen = new Set<string>();
  const done = answered.map((key) => new Set(key.split(',')));
  return beam.flatMap(({ picks }) =>
    singles.flatMap((single) => {
      if (picks.some(({ at }) => at === single.at)) return [];
      const more = [...picks, single].sort((a, b) => a.at - b.at);
      const columns = new Set(more.map(({ at }) => String(at)));
      if (done.some((known) => [...known].every((at) => columns.has(at)))) return [];
      const key = more.map(({ at, candidate }) => `${at}=${candidate.value}`).join();
      if (seen.has(key)) return [];
      seen.add(key);
      return [more];
    }),
  );
}

/** The trials that moved furthest, no set of columns taking more than an eighth of the room. */
function nearestToGoal(open: readonly Trial[], towards: number, width: number): readonly Trial[] {
  if (open.length <= width) return open;
  const most = Math.max(2, Math.ceil(width / 8));
  const taken = new Map<string, number>();
  return [...open]
    .sort((a, b) => towards * (b.margin - a.margin) || distanceOf(a.picks) - distanceOf(b.picks))
    .filter(({ picks }) => {
      const count = taken.get(keyOf(picks)) ?? 0;
      taken.set(keyOf(picks), count + 1);
      return count < most;
    })
    .slice(0, width);
}

/** Without the changes it can do without, the largest tried first. */
async function pruned(trial: Trial, ask: Ask, crosses: (trial: Trial) => boolean): Promise<Trial> {
  if (trial.picks.length < 2) return trial;
  const largest = [...trial.picks].sort((a, b) => b.candidate.distance - a.candidate.distance);
  const fewer = await ask(largest.map((pick) => trial.picks.filter((other) => other !== pick)));
  const enough = fewer.find(crosses);
  return enough ? pruned(enough, ask, crosses) : trial;
}

/** With each change as near to the present value as still crosses, the largest first. */
async function nearer(
  trial: Trial,
  columns: readonly Changeable[],
  ask: Ask,
  crosses: (trial: Trial) => boolean,
): Promise<Trial> {
  let best = trial;
  const largest = [...trial.picks].sort((a, b) => b.candidate.distance - a.candidate.distance);
  for (const { at, candidate } of largest) {
    const closer = columns[at].all.filter(({ distance }) => distance < candidate.distance);
    if (closer.length === 0) continue;
    const current = best;
    const tried = await ask(
      closer.map((own) => current.picks.map((pick) => (pick.at === at ? { at, candidate: own } : pick))),
    );
    best = tried.find(crosses) ?? best;
  }
  return best;
}

const keyOf = (picks: readonly Pick[]): string => picks.map(({ at }) => at).join();

const distanceOf = (picks: readonly Pick[]): number =>
  picks.reduce((sum, { candidate }) => sum + candidate.distance, 0);

/** The row once for every trial, its changes made. */
function changedRows(
  own: Frame,
  columns: readonly Changeable[],
  trials: readonly (readonly Pick[])[],
): Frame {
  const at = new Map(columns.map(({ column }, i) => [column.name, i]));
  const repeated = takeRows(own, new Uint32Array(trials.length));
  return makeFrame(
    repeated.columns.map((column): Column => {
      const which = at.get(column.name);
      if (which === undefined) return column;
      const { column: joined, own: present } = columns[which];
      const values = trials.map(
        (picks) => picks.find((pick) => pick.at === which)?.candidate.value ?? present,
      );
      return joined.kind === 'number'
        ? { ...joined, values: Float64Array.from(values) }
        : { ...joined, codes: Int32Array.from(values) };
    }),
    { rows: trials.length, currency: own.currency },
  );
}

function changeOf({ column }: Changeable, { value, distance }: Candidate, currency: string): Change {
  const numeric = column.kind === 'number';
  const after: Column = numeric
    ? { ...column, values: Float64Array.of(value) }
    : { ...column, codes: Int32Array.of(value) };
  return {
    column: column.name,
    label: column.label,
    from: valueWords(column, 0, currency),
    to: valueWords(after, 0, currency),
    value: numeric ? value : column.levels[value],
    distance,
  };
}
