// The online compiler: one user's events folded into the same values that SQL gives, for serving one prediction.
import { localDay } from '../../core/time.ts';
import type { EventRow } from '../event.ts';
import { aggregateKey } from './aggregate.ts';
import type { FeatureView } from './definition.ts';
import { type Atom, digesterOf } from './digests.ts';
import type { FieldContext } from './fields.ts';
import { isCovered, type PastEvents } from './past-events.ts';
import { type PlannedFeature, planView } from './plan.ts';
import { momentKey, sequenceTeller } from './sequence-fold.ts';
import { rowEvents, type UserEvents } from './user-events.ts';
import { openLogs } from './user-log.ts';

/** A number (NaN where missing), a category (null where missing), or a sequence (null at places that are kept though missing). */
export type FeatureValue = number | string | null | readonly (string | null)[];

/** Folds events of one user, in any order, into the view's values at `asOfMs`; later events are not looked at. */
export type Fold = (events: readonly EventRow[], asOfMs: number) => FeatureValue[];

export interface FoldedUser {
  /** In the view's order. */
  readonly values: FeatureValue[];
  /** Places of features that reach further back than what is known, so that they may be less than the truth. Mostly none. */
  readonly inexact: readonly number[];
}

/**
 * The same over columns, so that no event becomes an object.
 *
 * @param past what earlier events left behind that are no longer among `events`
 */
export type FoldEvents = (events: UserEvents, asOfMs: number, past?: PastEvents) => FoldedUser;

/**
 * Compiles a view once for many users.
 *
 * Cost per call: events × different filters and fields, plus matching events × aggregates.
 *
 * @throws AppError BAD_DEFINITION
 */
export function compileEventFold(view: FeatureView, context: FieldContext): FoldEvents {
  const plan = planView(view);
  const openLog = openLogs(context);
  const aggregates = plan.aggregates.map((aggregate) => ({
    aggregate,
    key: aggregateKey(aggregate),
    digester: digesterOf(aggregate),
  }));
  const finishers = plan.features.map(finisher);
  return (events, asOfMs, past) => {
    const log = openLog(events, asOfMs);
    const atoms = aggregates.map(({ key, digester }) => {
      const known = past?.digests.get(key);
      const digest = known ? [...known] : digester.start();
      digester.add(digest, log, asOfMs);
      return digester.value(digest);
    });
    const isExact = past
      ? aggregates.map(({ aggregate, key, digester }) =>
          isCovered(aggregate, { key, digester, past, asOfMs }),
        )
      : undefined;
    const moment = { asOfMs, day: localDay(context.zone, asOfMs), log, atoms, past };
    const inexact: number[] = [];
    const values = plan.features.map((planned, f) => {
      const { value, ranOut } = finishers[f](moment);
      const isWhole =
        planned.kind === 'sequence'
          ? !ranOut || !past || past.untilMs <= asOfMs - (planned.rule.lookbackMs ?? Number.POSITIVE_INFINITY)
          : !isExact || planned.slots.every((slot) => isExact[slot]);
      if (!isWhole || (past && past.untilMs > asOfMs)) inexact.push(f);
      return value;
    });
    return { values, inexact };
  };
}

/** {@link compileEventFold} for rows. */
export function compileFold(view: FeatureView, context: FieldContext): Fold {
  const fold = compileEventFold(view, context);
  return (events, asOfMs) => fold(rowEvents(events), asOfMs).values;
}

/** {@link compileFold} for a single call. */
export function foldUser(
  view: FeatureView,
  events: readonly EventRow[],
  asOfMs: number,
  context: FieldContext,
): FeatureValue[] {
  return compileFold(view, context)(events, asOfMs);
}

interface FoldMoment {
  readonly asOfMs: number;
  readonly day: number;
  readonly log: ReturnType<ReturnType<typeof openLogs>>;
  readonly atoms: readonly Atom[];
  readonly past?: PastEvents;
}

type Finish = (moment: FoldMoment) => { readonly value: FeatureValue; readonly ranOut?: boolean };

function finisher(planned: PlannedFeature): Finish {
  switch (planned.kind) {
    case 'sequence': {
      const tell = sequenceTeller(planned.feature.name, planned.rule);
      const key = momentKey(planned.rule);
      return ({ log, asOfMs, past }) => {
        const before = key === undefined ? undefined : past?.digests.get(key)?.[0];
        const { values, ranOut } = tell(log, asOfMs, (before as number) ?? Number.NEGATIVE_INFINITY);
        return { value: values, ranOut };
      };
    }
    case 'category':
      return ({ atoms }) => {
        const value = atoms[planned.slots[0]];
        return { value: typeof value === 'string' ? value : null };
      };
    case 'number':
      return (moment) => {
        const needs = planned.slots.map((slot) => moment.atoms[slot] as number);
        return { value: planned.formula.finish(needs, moment) };
      };
  }
}
