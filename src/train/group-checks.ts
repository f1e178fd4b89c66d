// The test's promises group by group: which groupings a shop's customers fall into, and whether each got its due.
import { type Frame, findColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';
import {
  categoryGrouping,
  checkCalibration,
  checkClassCalibration,
  checkCoverage,
  decileGrouping,
  type Grouping,
  newcomerGrouping,
} from '../eval/coverage-report.ts';
import type { Sample } from '../models/estimator.ts';
import type { GroupPromises } from '../report/task-document.ts';

/** What was answered about the rows of a test, and how. */
export interface CheckedAnswers {
  /** Probability or amount, [rows]; of classes their probabilities, [rows, classes] */
  readonly value: Float64Array;
  readonly low?: Float64Array;
  readonly high?: Float64Array;
}

/** Categories looked at, the ones with the most known rows first: more would find something by chance. */
const MOST_CATEGORIES = 3;
/** Customers known for less are new. */
const NEW_UNDER_DAYS = 90;
/** When the customer was first seen, by any event or by a purchase. */
const AGE_COLUMNS = ['days_known', 'T'] as const;

/**
 * Checks ranges of amounts against `level`, or probabilities against what came.
 *
 * @param level what the ranges promise; without it amounts have none to check
 * @returns undefined where there is nothing promised or no group is large enough
 */
export function groupPromises(
  test: Pick<Sample, 'question' | 'frame' | 'entities' | 'target'>,
  answers: CheckedAnswers,
  options: { level?: number; classNames?: readonly string[] } = {},
): GroupPromises | undefined {
  const { question, frame, entities, target: actual } = test;
  const { value: predicted, low, high } = answers;
  if (frame.rows === 0) return undefined;
  if (question.kind === 'classes') {
    const classes = question.classes ?? 2;
    const labels = Array.from({ length: classes }, (_, k) => {
      const own = options.classNames?.[k] ?? String(k);
      return name(own, own);
    });
    return promises('probabilities', [
      checkClassCalibration({ entities, actual, predicted, classes }, labels),
    ]);
  }
  const groupings = [decileGrouping(predicted), ...newcomers(frame), ...categories(frame)];
  if (question.kind === 'binary')
    return promises('probabilities', checkCalibration({ entities, actual, predicted }, groupings));
  if (!low || !high || options.level === undefined) return undefined;
  return promises(
    'ranges',
    checkCoverage({ entities, actual, predicted, low, high }, groupings, options.level),
  );
}

function promises(of: GroupPromises['of'], checks: GroupPromises['groupings']): GroupPromises | undefined {
  // A grouping with one group says what the whole says.
  const groupings = checks.filter(({ groups }) => groups.length > 1);
  return groupings.length > 0 ? { of, groupings } : undefined;
}

function newcomers(frame: Frame): Grouping[] {
  for (const column of AGE_COLUMNS) {
    const age = findColumn(frame, column);
    if (age?.kind === 'number') return [newcomerGrouping(age.values, NEW_UNDER_DAYS)];
  }
  return [];
}

function categories(frame: Frame): Grouping[] {
  return frame.columns
    .flatMap((column) => {
      if (column.kind !== 'category') return [];
      const known = column.codes.reduce((count, code) => count + (code >= 0 ? 1 : 0), 0);
      return [{ column, known }];
    })
    .sort((a, b) => b.known - a.known || (a.column.name < b.column.name ? -1 : 1))
    .slice(0, MOST_CATEGORIES)
    .map(({ column }) => categoryGrouping(column));
}
