// The trials of one shop's models: begun and ended as their files say, stopped by themselves over a limit, promoted when their time is over.
import type { Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import { promote, UNWATCHED } from '../../registry/promotion.ts';
import { type EndedRollout, endRollout, type RolloutOrder, readRollout } from '../../registry/rollout.ts';
import { writeRolloutFigures } from '../../registry/rollout-figures.ts';
import type { Answerer, AnswerKind, AskedTogether } from './answer-kind.ts';
import { createLiveRollout, type LiveRollout } from './live-rollout.ts';
import type { RolloutObserver } from './rollout-observer.ts';
import { createShadowQueue } from './shadow-queue.ts';
import { openWatches } from './watches.ts';

export interface RolloutsParts<Question extends AskedTogether, Answer> {
  readonly modelsDir: string;
  readonly kind: AnswerKind<Question, Answer>;
  /** How long a version that was promoted without a trial is watched, where its promotion does not say; a day when absent, 0 for not at all. */
  readonly watchMs?: number;
  /** UTC ms. */
  readonly now: () => number;
  readonly observer?: RolloutObserver;
}

export interface Rollouts<Question, Answer> {
  /**
   * By the promoted version, by the one on trial beside it, or by the one before it where that is found wanting; one answer an entity,
   * in order.
   */
  answer(task: string, question: Question, promoted: Answerer<Question, Answer>): Promise<readonly Answer[]>;
  /**
   * Takes up what the file says now. Never throws for a trial that cannot be begun: it ends with the reason.
   *
   * @param incumbentVersion the version that answers
   * @param open makes a version ready to answer, warmed up
   */
  follow(
    task: string,
    incumbentVersion: string,
    open: (version: string) => Promise<Answerer<Question, Answer>>,
  ): Promise<void>;
  /** The last figures written down; shadows under way ended. */
  close(): Promise<void>;
}

const FIGURES_MS = 10_000;
/** A clock of the wall may be set back: then nothing is promoted early, and nothing waits longer than once more. */
const timeIsOver = ({ promoteAfterMs, startedMs }: RolloutOrder, nowMs: number): boolean =>
  promoteAfterMs !== undefined && nowMs - startedMs >= promoteAfterMs;

interface Trial<Question, Answer> {
  readonly live: LiveRollout<Question, Answer>;
  readonly candidate: Answerer<Question, Answer>;
  writtenMs: number;
  writtenAnswers: number;
}

export function openRollouts<Question extends AskedTogether, Answer>(
  parts: RolloutsParts<Question, Answer>,
): Rollouts<Question, Answer> {
  const { modelsDir, kind, now, observer } = parts;
  const shadows = createShadowQueue();
  const watches = openWatches({ ...parts, shadows, watchMs: parts.watchMs ?? DAY_MS });
  const trials = new Map<string, Trial<Question, Answer>>();

  const guard = (task: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      observer?.troubled(task, error);
    }
  };
  const write = (task: string, trial: Trial<Question, Answer>): void => {
    const figures = trial.live.figures();
    const answers = figures.candidate.answers + figures.incumbent.answers;
    if (answers === trial.writtenAnswers) return;
    const { order } = trial.live;
    writeRolloutFigures(modelsDir, task, {
      ...{ salt: order.salt, atMs: now() },
      figures: figures as unknown as Readonly<Record<string, Json>>,
    });
    trial.writtenMs = now();
    trial.writtenAnswers = answers;
    observer?.measured(task, order, figures);
  };
  const end = (
    task: string,
    { salt }: RolloutOrder,
    how: Pick<EndedRollout, 'outcome' | 'reason' | 'said'>,
  ): void => {
    const ended = endRollout(modelsDir, { task, salt, endedMs: now(), ...how });
    if (ended) observer?.ended(task, ended);
  };
  /** The incumbent answers alone already; what is kept is that the candidate must not come back. */
  const keepVerdict = (task: string, trial: Trial<Question, Answer>): void => {
    const { verdict, order } = trial.live;
    if (!verdict) return;
    write(task, trial);
    end(task, order, { outcome: 'rolled-back', ...verdict });
    trials.delete(task);
  };
  const start = (
    task: string,
    order: RolloutOrder,
    { incumbentVersion, candidate }: { incumbentVersion: string; candidate: Answerer<Question, Answer> },
  ): void => {
    const live = createLiveRollout({
      ...{ order, incumbentVersion, kind, candidate, shadows },
      // Not in the middle of an answer: writing waits for the disk.
      onVerdict: () => setImmediate(() => guard(task, () => keepVerdict(task, trial))),
    });
    const trial = { live, candidate, writtenMs: now(), writtenAnswers: 0 };
    trials.set(task, trial);
  };
  const drop = (task: string): void => {
    trials.get(task)?.live.stop();
    trials.delete(task);
  };
  const goOn = (task: string, trial: Trial<Question, Answer>): void => {
    const { live } = trial;
    const { order } = live;
    if (live.verdict) {
      keepVerdict(task, trial);
      return;
    }
    if (now() - trial.writtenMs >= FIGURES_MS) write(task, trial);
    if (order.mode !== 'canary' || !live.hasSeenEnough || !timeIsOver(order, now())) return;
    write(task, trial);
    promote(modelsDir, { task, reference: order.version, watch: UNWATCHED }, { atMs: now() });
    end(task, order, { outcome: 'promoted' });
    // It goes on as a canary until the promoted version is loaded for everybody, at the next look.
  };

  return {
    answer(task, question, promoted) {
      const usual = (asked: Question) => watches.answer(task, asked, promoted);
      const live = trials.get(task)?.live;
      return live ? live.answer(question, usual) : usual(question);
    },
    async follow(task, incumbentVersion, open) {
      try {
        await watches.follow(task, incumbentVersion, open);
      } catch (error) {
        observer?.troubled(task, error);
      }
      const trial = trials.get(task);
      try {
        if (trial?.live.verdict) keepVerdict(task, trial);
        const { current } = readRollout(modelsDir, task);
        if (!current) {
          drop(task);
          return;
        }
        if (current.version === incumbentVersion) {
          end(task, current, { outcome: 'promoted' });
          drop(task);
          return;
        }
        if (trial && trial.live.order.salt === current.salt) {
          if (trial.live.incumbentVersion === incumbentVersion) goOn(task, trial);
          // Figures held against another version say nothing of this one.
          else {
            trial.live.stop();
            start(task, current, { incumbentVersion, candidate: trial.candidate });
          }
          return;
        }
        drop(task);
        const candidate = await openOrEnd(task, current, open);
        if (!candidate) return;
        start(task, current, { incumbentVersion, candidate });
        observer?.started(task, current);
      } catch (error) {
        observer?.troubled(task, error);
      }
    },
    async close() {
      watches.close();
      for (const [task, trial] of trials) guard(task, () => write(task, trial));
      await shadows.close();
    },
  };

  async function openOrEnd(
    task: string,
    order: RolloutOrder,
    open: (version: string) => Promise<Answerer<Question, Answer>>,
  ): Promise<Answerer<Question, Answer> | undefined> {
    try {
      return await open(order.version);
    } catch (error) {
      const why = error instanceof AppError ? error.message : 'it fails at its first answer';
      end(task, order, { outcome: 'rolled-back', reason: 'errors', said: `it cannot answer: ${why}` });
      if (!(error instanceof AppError)) observer?.troubled(task, error);
      return undefined;
    }
  }
}
