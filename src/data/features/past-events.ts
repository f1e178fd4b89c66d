// What a user's oldest events leave behind when they are no longer kept: enough for features over all history to stay exact.
import { type Aggregate, aggregateKey } from './aggregate.ts';
import type { EventFilter, FeatureView } from './definition.ts';
import { type Digest, type Digester, digesterOf } from './digests.ts';
import type { FieldContext } from './fields.ts';
import { planView } from './plan.ts';
import { momentKey } from './sequence-fold.ts';
import type { UserEvents } from './user-events.ts';
import { openLogs, type UserLog } from './user-log.ts';

export interface PastEvents {
  /** None of them is later, and none of those kept is earlier, UTC ms. */
  readonly untilMs: number;
  /** One of them came after later ones had gone: what depends on the order of events is not exact any more. */
  readonly isDisordered: boolean;
  /** By the key of an aggregate, or of a sequence's moment before. */
  readonly digests: ReadonlyMap<string, Digest>;
}

/** Adds a user's oldest events to what earlier ones left behind. */
export type RecallEvents = (past: PastEvents | undefined, events: UserEvents) => PastEvents;

/** What no window bounds; and the moment before a window, which tells whether a visit was under way. */
const isKept = ({ op, lookbackMs, untilMs = 0 }: Aggregate): boolean =>
  (lookbackMs === undefined && untilMs === 0) || op === 'sessions' || op === 'session_ms';

/**
 * For every view a server answers with.
 *
 * @throws AppError BAD_DEFINITION
 */
export function compileRecall(views: readonly FeatureView[], context: FieldContext): RecallEvents {
  const openLog = openLogs(context);
  const digesters = new Map<string, Pick<Digester, 'start' | 'add' | 'inAnyOrder'>>();
  for (const plan of views.map(planView)) {
    for (const aggregate of plan.aggregates)
      if (isKept(aggregate)) digesters.set(aggregateKey(aggregate), digesterOf(aggregate));
    for (const planned of plan.features) {
      const key = planned.kind === 'sequence' ? momentKey(planned.rule) : undefined;
      if (key !== undefined && planned.kind === 'sequence')
        digesters.set(key, lastMoment(planned.rule.filter));
    }
  }
  return (past, events) => {
    const log = openLog(events, Number.POSITIVE_INFINITY);
    const isLate = past !== undefined && events.length > 0 && events.times[0] < past.untilMs;
    const digests = new Map<string, Digest>();
    for (const [key, digester] of digesters) {
      const before = past?.digests.get(key);
      // A view that came later does not know what went before it.
      if (past && !before) continue;
      const digest = before ? [...before] : digester.start();
      if (!isLate || digester.inAnyOrder) digester.add(digest, log, Number.POSITIVE_INFINITY);
      digests.set(key, digest);
    }
    return {
      untilMs: Math.max(past?.untilMs ?? Number.NEGATIVE_INFINITY, events.times[events.length - 1]),
      isDisordered: isLate || (past?.isDisordered ?? false),
      digests,
    };
  };
}

/** [moment] */
const lastMoment = (filter: EventFilter): Pick<Digester, 'start' | 'add' | 'inAnyOrder'> => ({
  start: () => [Number.NEGATIVE_INFINITY],
  add(digest, log: UserLog) {
    const places = log.matching(filter);
    if (places.length > 0) digest[0] = Math.max(digest[0] as number, log.times[places[places.length - 1]]);
  },
  inAnyOrder: true,
});

/** Whether an aggregate is exact without the events that are gone: its window is newer, or they are in its digest. */
export function isCovered(
  { lookbackMs, untilMs = 0 }: Aggregate,
  how: {
    readonly key: string;
    readonly digester: Digester;
    readonly past: PastEvents;
    readonly asOfMs: number;
  },
): boolean {
  const { past, key, digester, asOfMs } = how;
  if (lookbackMs !== undefined) return past.untilMs <= asOfMs - lookbackMs;
  if (untilMs !== 0 || !past.digests.has(key)) return false;
  return digester.inAnyOrder || !past.isDisordered;
}
