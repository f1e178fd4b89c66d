// How long a fit will take, found out on a few customers before anything long is begun.
import { silent } from '../core/progress.ts';
import { hash32 } from '../core/random.ts';
import type { Estimator, FitRun, Sample } from '../models/estimator.ts';
import { sortSample, takeSample } from '../models/sample.ts';

export interface Deadline {
  readonly now: () => number;
  /** UTC ms; with none there is always time. */
  readonly deadlineMs?: number;
}

/** Of a time limit the rest is for the test, the reasons and the page. */
const LEARNING_SHARE = 0.8;

/**
 * The deadline of learning within a limit on a whole command.
 *
 * @param startedMs of the command, UTC ms
 */
export const learningDeadline = (
  startedMs: number,
  limitMs: number | undefined,
): Pick<Deadline, 'deadlineMs'> =>
  limitMs === undefined ? {} : { deadlineMs: startedMs + LEARNING_SHARE * limitMs };

/** Says so when work of this length would end after the deadline. */
export function tooLong(expectedMs: number, { now, deadlineMs }: Deadline): string | undefined {
  if (deadlineMs === undefined) return undefined;
  const leftMs = Math.max(0, deadlineMs - now());
  if (expectedMs <= leftMs) return undefined;
  const seconds = (ms: number) => Math.ceil(ms / 1000);
  return `it would take about ${seconds(expectedMs)} s, the time limit leaves ${seconds(leftMs)} s`;
}

/** Says so when so many fits on about all of `train` would end after the deadline. */
export async function tooManyFits(
  estimator: Estimator,
  train: Sample,
  { fits, run, ...deadline }: Deadline & { readonly fits: number; readonly run: FitRun },
): Promise<string | undefined> {
  const { now, deadlineMs } = deadline;
  if (deadlineMs === undefined) return undefined;
  if (now() >= deadlineMs) return 'the time limit was reached before its turn';
  return tooLong(fits * (await expectMs(estimator, train, { run, now })), deadline);
}

/** So many rows are fitted in moments, and not by a fixed cost alone. */
const PROBE_ROWS = 2_000;
/** With fewer than this many times as many rows, trying costs as much as doing. */
const WORTH_A_PROBE = 4;
/** A fit's time by its rows, as a power: part of it costs the same on any rows, and settings are chosen on some only. */
export const GROWTH = 0.8;

/**
 * Milliseconds a fit on all of `train` is expected to take, judged by one on some of its customers; 0 where the sample is
 * so small that nobody need ask.
 *
 * @throws AppError what the estimator throws at few rows, INTERRUPTED
 */
export async function expectMs(estimator: Estimator, train: Sample, timing: FitTiming): Promise<number> {
  return train.frame.rows < WORTH_A_PROBE * PROBE_ROWS ? 0 : timeFit(estimator, train, timing);
}

export interface FitTiming {
  readonly run: FitRun;
  readonly now: () => number;
}

/**
 * The same, of small samples too: worth its time where many fits are to follow.
 *
 * @throws AppError what the estimator throws at few rows, INTERRUPTED
 */
export async function timeFit(estimator: Estimator, train: Sample, { run, now }: FitTiming): Promise<number> {
  const { rows } = train.frame;
  const probed = Math.min(rows, PROBE_ROWS);
  const salt = hash32(`probe ${run.seed}`);
  const fitSome = async (share: number) => {
    const some = Array.from(train.entities.keys()).filter(
      (row) => hash32(train.entities[row], salt) < share * 2 ** 32,
    );
    if (some.length === 0) return 0;
    const startedMs = now();
    await estimator.fit(sortSample(takeSample(train, some)), undefined, { ...run, progress: silent });
    return (now() - startedMs) * (rows / some.length) ** GROWTH;
  };
  // The first run of any code is slow: it is not the one to judge by.
  await fitSome(probed / 4 / rows);
  return fitSome(probed / rows);
}
