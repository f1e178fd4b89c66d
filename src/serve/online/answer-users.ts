// A saved model asked about some people at one moment, from their own events in memory: no lake, no SQL.
import { AppError } from '../../core/errors.ts';
import { minorPerMajor } from '../../core/money.ts';
import { withEventDays } from '../../data/features/event-days.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { compileEventFold } from '../../data/features/fold.ts';
import { foldFrame } from '../../data/features/fold-frame.ts';
import type { PastEvents } from '../../data/features/past-events.ts';
import type { UserEvents } from '../../data/features/user-events.ts';
import { openLogs } from '../../data/features/user-log.ts';
import type { Population } from '../../data/labels.ts';
import { forecast } from '../../models/calibrated.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { Predictions } from '../batch.ts';

/** One person and what is known of them. */
export interface AskedUser {
  readonly userId: string;
  readonly events: UserEvents;
  /** What events left behind that are no longer kept. */
  readonly past?: PastEvents;
}

export interface OnlineAnswers {
  /** Of those who belong to the task's population, in the order asked. */
  readonly predictions: Predictions;
  /** Row of each person asked about in the predictions, −1 of those not asked about, [users]. */
  readonly rows: Int32Array;
  /** Names of features that reach further back than what is kept of the person, a row of the predictions each; mostly none. */
  readonly inexact: readonly (readonly string[])[];
}

export interface AnswerOptions {
  /** Also reads the days of their newest events, to tell them in words. */
  readonly withDays?: boolean;
}

export interface UserAnswerer {
  /** Events after `asOfMs` are not looked at. */
  answer(users: readonly AskedUser[], asOfMs: number, options?: AnswerOptions): Promise<OnlineAnswers>;
}

/**
 * Compiles the features of a bundle once; answering a person with fifty events then takes well under a millisecond, the
 * model not counted.
 *
 * @throws AppError USAGE for a task about visits or items
 */
export function openUserAnswerer(bundle: LoadedBundle, context: FieldContext): UserAnswerer {
  const { task, view, calibrated, background } = bundle;
  if (task.entity !== 'user')
    throw new AppError('USAGE', `"${task.name}" is not asked about customers alone`);
  const { currency } = background.frame;
  const belongs = populationTest(task.population, context);
  const foldView = compileEventFold(view, context);
  const money = task.kind === 'amount';
  return {
    async answer(users, asOfMs, { withDays = false } = {}) {
      const asked = withDays ? withEventDays(view, asOfMs) : view;
      const fold = withDays ? compileEventFold(asked, context) : foldView;
      const rows = new Int32Array(users.length).fill(-1);
      const members = users.filter((user, at) => {
        if (!belongs(user, asOfMs)) return false;
        rows[at] = 0;
        return true;
      });
      let row = 0;
      for (let at = 0; at < rows.length; at++) if (rows[at] === 0) rows[at] = row++;
      const folded = members.map(({ events, past }) => fold(events, asOfMs, past));
      const frame = foldFrame(
        asked,
        folded.map(({ values }) => values),
        currency,
      );
      return {
        rows,
        inexact: folded.map(({ inexact }) => inexact.map((f) => asked.features[f].name)),
        predictions: {
          entities: members.map(({ userId }) => userId),
          asOf: asOfMs,
          frame,
          forecast: await forecast(calibrated, frame, new Float64Array(frame.rows).fill(asOfMs)),
          unit: money ? currency : 'probability',
          perUnit: money ? minorPerMajor(currency) : 1,
        },
      };
    },
  };
}

/** Whether somebody has an event of the population's filter in its window. What is no longer kept counts where no window bounds it. */
function populationTest(
  { filter = {}, lookbackMs }: Population,
  context: FieldContext,
): (user: AskedUser, asOfMs: number) => boolean {
  const openLog = openLogs(context);
  const isEveryone = filter.types === undefined && filter.where === undefined && lookbackMs === undefined;
  return ({ events, past }, asOfMs) => {
    if (isEveryone && past) return true;
    const log = openLog(events, asOfMs);
    const places = log.matching(filter);
    if (places.length === 0) return false;
    return lookbackMs === undefined || log.times[places[places.length - 1]] > asOfMs - lookbackMs;
  };
}
