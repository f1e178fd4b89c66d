// Every candidate tried in turn; whoever cannot answer, or has no time to, is left out with the reason.
import { AppError, throwIfAborted } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import type { Estimator, Sample } from '../models/estimator.ts';

/** A candidate that was not tried, and why. */
export interface Refusal {
  readonly id: string;
  readonly label: Name;
  readonly reason: string;
}

export interface AttemptOptions<T> {
  readonly attempt: (estimator: Estimator) => Promise<T>;
  /** Why there is no time for a model; baselines and the first model are not asked. */
  readonly late: (estimator: Estimator) => Promise<string | undefined>;
  /** Called before each, with its place. */
  readonly onTurn?: (estimator: Estimator, at: number) => void;
  readonly signal?: AbortSignal;
}

/** @throws AppError INTERRUPTED */
export async function attemptEach<T>(
  candidates: readonly Estimator[],
  { question, frame }: Pick<Sample, 'question' | 'frame'>,
  { attempt, late, onTurn, signal }: AttemptOptions<T>,
): Promise<{ trials: readonly T[]; refused: readonly Refusal[] }> {
  const trials: T[] = [];
  const refused: Refusal[] = [];
  let anyModel = false;
  for (const [at, estimator] of candidates.entries()) {
    throwIfAborted(signal);
    onTurn?.(estimator, at);
    const isModel = estimator.role === 'model';
    try {
      const reason =
        estimator.refuses(question, frame) ?? (isModel && anyModel ? await late(estimator) : undefined);
      if (reason) {
        refused.push({ id: estimator.id, label: estimator.label, reason });
        continue;
      }
      trials.push(await attempt(estimator));
      anyModel ||= isModel;
    } catch (error) {
      refused.push(refusalOf(estimator, error));
    }
  }
  return { trials, refused };
}

/** What an estimator threw at data it cannot learn from, as a reason. @throws whatever is no such thing */
export function refusalOf({ id, label }: Pick<Estimator, 'id' | 'label'>, error: unknown): Refusal {
  if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
  return { id, label, reason: error.message };
}
