// Versions that answer everybody since a short time, watched: taken back by themselves over a limit, left alone when their time is over.
import type { Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { rollback } from '../../registry/promotion.ts';
import { addEnded, type EndedRollout } from '../../registry/rollout.ts';
import { WATCH_FIGURES, writeRolloutFigures } from '../../registry/rollout-figures.ts';
import { showVersion } from '../../registry/versions.ts';
import { endOfWatch, readWatch } from '../../registry/watch-order.ts';
import type { Answerer, AnswerKind, AskedTogether } from './answer-kind.ts';
import { type AnswerTimes, createAnswerTimes } from './answer-times.ts';
import { createLiveWatch, type LiveWatch } from './live-watch.ts';
import type { RolloutObserver } from './rollout-observer.ts';
import type { ShadowQueue } from './shadow-queue.ts';

export interface WatchesParts<Question extends AskedTogether, Answer> {
  readonly modelsDir: string;
  readonly kind: AnswerKind<Question, Answer>;
  readonly shadows: ShadowQueue;
  /** How long a promoted version is watched where its promotion does not say; 0 for not at all. */
  readonly watchMs: number;
  /** UTC ms. */
  readonly now: () => number;
  readonly observer?: RolloutObserver;
}

export interface Watches<Question, Answer> {
  /** By the promoted version, timed; by the one before where it fails, or was found to be over a limit. */
  answer(task: string, question: Question, promoted: Answerer<Question, Answer>): Promise<readonly Answer[]>;
  /** Takes up what the files say now. @throws AppError where they cannot be read or written; it is tried again */
  follow(
    task: string,
    version: string,
    open: (version: string) => Promise<Answerer<Question, Answer>>,
  ): Promise<void>;
  /** The last figures written down. */
  close(): void;
}

const FIGURES_MS = 10_000;

/** What one version's answers have been like in this server. */
interface Heard {
  readonly version: string;
  readonly times: AnswerTimes;
}

interface Watching<Question, Answer> {
  readonly live: LiveWatch<Question, Answer>;
  isEnded: boolean;
  writtenMs: number;
  writtenAnswers: number;
}

export function openWatches<Question extends AskedTogether, Answer>(
  parts: WatchesParts<Question, Answer>,
): Watches<Question, Answer> {
  const { modelsDir, kind, shadows, watchMs, now, observer } = parts;
  const heard = new Map<string, { readonly own: Heard; readonly before?: Heard }>();
  const watching = new Map<string, Watching<Question, Answer>>();
  /** Versions before that cannot be loaded any more, so that it is not tried again and again. */
  const unopened = new Set<string>();

  const guard = (task: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      observer?.troubled(task, error);
    }
  };
  const write = (task: string, watch: Watching<Question, Answer>): void => {
    const { live } = watch;
    const figures = live.figures();
    const { answers } = figures.candidate;
    if (answers === watch.writtenAnswers) return;
    const written = {
      salt: live.order.salt,
      atMs: now(),
      figures: figures as unknown as Record<string, Json>,
    };
    writeRolloutFigures(modelsDir, task, written, { file: WATCH_FIGURES });
    watch.writtenMs = now();
    watch.writtenAnswers = answers;
    observer?.measured(task, live.order, figures);
  };
  const end = (
    task: string,
    { live }: Watching<Question, Answer>,
    how: Pick<EndedRollout, 'outcome' | 'reason' | 'said'>,
  ): void => {
    const ended = endOfWatch(live.order, { endedMs: now(), ...how });
    addEnded(modelsDir, task, ended);
    observer?.ended(task, ended);
  };
  /** The version before answers everybody already; what is kept is that it goes on doing so. */
  const takeBack = (task: string, watch: Watching<Question, Answer>): void => {
    const { order, verdict } = watch.live;
    if (!verdict || watch.isEnded) return;
    // Somebody may have promoted another one meanwhile.
    if (showVersion(modelsDir, task).version === order.version) rollback(modelsDir, task, { atMs: now() });
    end(task, watch, { outcome: 'rolled-back', ...verdict });
    watch.isEnded = true;
    write(task, watch);
  };

  return {
    answer(task, question, promoted) {
      const times = heard.get(task)?.own.times;
      const timed: Answerer<Question, Answer> = async (asked) => {
        const start = performance.now();
        const answers = await promoted(asked);
        if (answers.every(kind.isAnswer)) times?.add(performance.now() - start, kind.sizeOf(asked));
        else times?.failed();
        return answers;
      };
      const watch = watching.get(task);
      return watch ? watch.live.answer(question, timed) : timed(question);
    },
    async follow(task, version, open) {
      const known = heard.get(task);
      if (known?.own.version !== version)
        heard.set(task, {
          own: { version, times: createAnswerTimes() },
          ...(known && { before: known.own }),
        });
      const watch = watching.get(task);
      const order = readWatch(modelsDir, task, watchMs);
      if (watch) {
        const { live } = watch;
        if (live.order.version === version && live.verdict) {
          // Found over a limit: the version before answers until it has been loaded for everybody.
          takeBack(task, watch);
          return;
        }
        if (live.order.version === version && order?.salt === live.order.salt) {
          if (now() < order.endsMs) {
            if (now() - watch.writtenMs >= FIGURES_MS) write(task, watch);
            return;
          }
          write(task, watch);
          end(task, watch, { outcome: 'kept' });
        }
        watching.delete(task);
        return;
      }
      if (!order || order.version !== version || now() >= order.endsMs) return;
      const before = await openBefore(task, order.before, open);
      if (!before) return;
      const { before: past } = heard.get(task) ?? {};
      const own: Watching<Question, Answer> = {
        live: createLiveWatch({
          ...{ order, kind, before, shadows },
          ...(past?.version === order.before && { times: past.times }),
          // Not in the middle of an answer: writing waits for the disk.
          onVerdict: () => setImmediate(() => guard(task, () => takeBack(task, own))),
        }),
        ...{ isEnded: false, writtenMs: now(), writtenAnswers: 0 },
      };
      watching.set(task, own);
      observer?.started(task, order);
    },
    close() {
      for (const [task, watch] of watching) guard(task, () => write(task, watch));
    },
  };

  /** A version that answers is not held against one that cannot. */
  async function openBefore(
    task: string,
    version: string,
    open: (version: string) => Promise<Answerer<Question, Answer>>,
  ): Promise<Answerer<Question, Answer> | undefined> {
    const key = `${task}/${version}`;
    if (unopened.has(key)) return undefined;
    try {
      return await open(version);
    } catch (error) {
      unopened.add(key);
      if (!(error instanceof AppError)) throw error;
      observer?.troubled(task, error);
      return undefined;
    }
  }
}
