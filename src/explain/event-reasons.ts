// From what events are worth to "because of these five events": which they were, when, and what each does to the answer.
import { EVENT_DAYS, MOST_EVENT_DAYS } from '../core/event-sequences.ts';
import { type Frame, findColumn, type SequenceColumn } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { DAY_MS } from '../core/time.ts';
import { eventColumns } from '../models/behaviour/histories.ts';
import type { Link } from '../models/estimator.ts';
import type { EventAttribution } from '../models/event-attribution.ts';
import { effectWords, isGood, type Shown } from './effect-words.ts';
import { type Deed, deedWords } from './event-phrases.ts';
import { shownEffects } from './margin.ts';

export interface EventReason extends Deed {
  /** How many of the row's events are newer. */
  readonly newer: number;
  /** On the margin. */
  readonly contribution: number;
  /** In the shown unit: probability in [0, 1], money in minor units. */
  readonly effect: number;
  /** Share of attention that reaches the answer from it, by roll-out; absent where nothing attends. */
  readonly attention?: number;
  /** Good news for the shop. */
  readonly good: boolean;
  readonly words: Name;
}

/** `base + Σ contributions of all events + asking + features + unexplained = margin`. */
export interface RowEventReasons {
  /** Those worth most first, either way. */
  readonly reasons: readonly EventReason[];
  /** All of them as one sentence; absent where no event counts. */
  readonly words?: Name;
  /** Events that were read. */
  readonly events: number;
  /** Of all events together, on the margin. */
  readonly together: number;
  /** What the time since the newest event is worth. */
  readonly asking: number;
  readonly features: number;
  readonly base: number;
  readonly margin: number;
  readonly unexplained: number;
}

export interface EventReasonOptions {
  /** The rows that were explained. */
  readonly frame: Frame;
  readonly link: Link;
  readonly shown: Shown;
  /** UTC ms of the answer, [rows] or of all. */
  readonly asOf: number | ArrayLike<number>;
  /** How many events are told at most: five when absent. */
  readonly most?: number;
}

/** An event under this share of all effects of events is noise to a reader. */
const WORTH_TELLING = 0.02;

/** For every row of an attribution, in order. */
export function eventReasons(
  attribution: EventAttribution,
  options: EventReasonOptions,
): readonly RowEventReasons[] {
  return Array.from(attribution.margins, (_, row) => reasonsOfRow(attribution, row, options));
}

function reasonsOfRow(
  attribution: EventAttribution,
  row: number,
  { frame, link, shown, asOf, most = 5 }: EventReasonOptions,
): RowEventReasons {
  const { offsets, attention, features } = attribution;
  const own = attribution.events.subarray(offsets[row], offsets[row + 1]);
  const values = attribution.values.subarray(row * features.length, (row + 1) * features.length);
  const [base, margin] = [attribution.base[row], attribution.margins[row]];
  const [asking, unexplained] = [attribution.asking[row], attribution.unexplained[row]];
  const effects = shownEffects(Float64Array.of(...own, asking, unexplained, ...values), {
    link,
    base,
    margin,
  });
  const nowMs = typeof asOf === 'number' ? asOf : asOf[row];
  const all = own.reduce((sum, worth) => sum + Math.abs(worth), 0);
  const reasons = Array.from(own.keys())
    .filter((event) => own[event] !== 0 && Math.abs(own[event]) >= WORTH_TELLING * all)
    .sort((a, b) => Math.abs(own[b]) - Math.abs(own[a]) || b - a)
    .slice(0, most)
    .map((event): EventReason => {
      const newer = own.length - 1 - event;
      const deed = deedAt(frame, { row, newer, nowMs });
      const [did, does] = [deedWords(deed, nowMs), effectWords(effects[event], shown)];
      return {
        ...deed,
        ...{ newer, contribution: own[event], effect: effects[event] },
        ...(attention && { attention: attention[offsets[row] + event] }),
        good: isGood(effects[event], shown),
        words: name(`${did.en} (${does.en})`, `${did.zh}（${does.zh}）`),
      };
    });
  return {
    ...{ reasons, events: own.length, asking, base, margin, unexplained },
    together: own.reduce((sum, worth) => sum + worth, 0),
    features: values.reduce((sum, worth) => sum + worth, 0),
    ...(reasons.length > 0 && { words: becauseWords(reasons.map(({ words }) => words)) }),
  };
}

const COUNTS = [
  '',
  'this event',
  'these two events',
  'these three events',
  'these four events',
  'these five events',
];

/** `because of these five events: …; …` / `因为这 5 个行为：……；……`. */
export function becauseWords(deeds: readonly Name[]): Name {
  const count = COUNTS[deeds.length] ?? `these ${deeds.length} events`;
  return name(
    `because of ${count}: ${deeds.map(({ en }) => en).join('; ')}`,
    `因为这 ${deeds.length} 个行为：${deeds.map(({ zh }) => zh).join('；')}`,
  );
}

/** Ages are told by the number their class begins at; its middle, on a scale of powers of √2, lies so much higher. */
const MIDDLE_OF_AGE = 2 ** 0.25;

/** What the columns of a row say of one event. */
function deedAt(
  frame: Frame,
  { row, newer, nowMs }: { readonly row: number; readonly newer: number; readonly nowMs: number },
): Deed {
  const columns = eventColumns(frame);
  const told = (column: SequenceColumn | undefined): string | undefined => {
    if (!column) return undefined;
    const at = column.offsets[row + 1] - 1 - newer;
    return at >= column.offsets[row] && column.codes[at] >= 0 ? column.levels[column.codes[at]] : undefined;
  };
  const { types, items, categories, ages } = columns;
  const [type, item, category, age] = [types, items, categories, ages].map(told);
  const days = findColumn(frame, EVENT_DAYS);
  const day = days?.kind === 'sequence' ? told(days) : undefined;
  const dayMs = day === undefined ? undefined : dayOf(day, nowMs);
  return {
    ...(type !== undefined && { type }),
    ...(item !== undefined && { item }),
    ...(category !== undefined && { category }),
    ...(age !== undefined && { ageMs: age === 'below' ? 0 : MIDDLE_OF_AGE * Number(age) }),
    ...(dayMs !== undefined && { dayMs }),
  };
}

/** A class begins at the age of a midnight: what happened before it happened the day before. */
function dayOf(level: string, nowMs: number): number | undefined {
  if (level === 'below') return nowMs - (nowMs % DAY_MS);
  const age = Number(level);
  return age >= MOST_EVENT_DAYS * DAY_MS ? undefined : nowMs - age - DAY_MS;
}
