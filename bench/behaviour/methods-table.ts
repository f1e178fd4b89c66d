// Every way of fine-tuning beside a network that starts from nothing: numbers moved, time, memory and AUC, over one trunk.
import type { Score } from '../../src/eval/score.ts';
import type { Settings } from '../../src/models/estimator.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';
import { aucDifference, aucOf, estimatorOn, fitAndAsk } from './fit-answers.ts';
import { type FreshAnswer, fitInFreshProcess } from './fresh-process.ts';
import type { MovedNumbers } from './moved-numbers.ts';
import type { Asked, AskedTask } from './shop-samples.ts';

export interface MethodRow extends MovedNumbers {
  readonly fit_seconds: number;
  /** Mebibytes resident at most while it learned, all of its process; and how many more than before. */
  readonly peak_mb?: number;
  readonly grown_mb?: number;
  /** False where the features answer alone. */
  readonly network_has_say: boolean;
  readonly roc_auc: Score;
  /** This one less full fine-tuning, on the same draws of customers. */
  readonly less_full?: Score;
}

export interface MethodsRun {
  readonly ids: readonly string[];
  readonly settings: Settings;
  readonly asked: Asked;
  /** Of the workspace. */
  readonly dir: string;
  readonly pretrained: PretrainedTrunk;
  readonly threads: number;
  readonly log: (line: string) => void;
}

const FULL = 'transformer';

/** Features with neither network nor events, to tell what all of them add to. */
const BESIDE = ['logistic', 'gbdt'];

/** One after the other, each in a process of its own. */
export async function methodsTable({ samples }: AskedTask, run: MethodsRun) {
  const { settings, asked, dir, pretrained, threads, log } = run;
  const { seed } = asked;
  const { train, test } = samples;
  const fitted = new Map<string, FreshAnswer>();
  const rows: Record<string, MethodRow> = {};
  for (const id of run.ids) {
    const own = await fitInFreshProcess({
      ...{ id, settings, dir, threads, trunk: pretrained.version },
      asked: { ...asked, task: asked.task.name },
    });
    fitted.set(id, own);
    const full = fitted.get(FULL);
    const { said, fitSeconds, peakMb, grownMb, hasSay, ...moved } = own;
    rows[id] = {
      ...moved,
      ...{ fit_seconds: fitSeconds, peak_mb: peakMb, grown_mb: grownMb, network_has_say: hasSay },
      roc_auc: aucOf(test, said, seed),
      ...(full && id !== FULL && { less_full: aucDifference(test, [said, full.said], seed) }),
    };
    log(`${id}: ${JSON.stringify(rows[id])}`);
  }
  const beside: Record<string, Score> = {};
  for (const id of asked.eventsAlone ? [] : BESIDE) {
    const { said } = await fitAndAsk(estimatorOn(id, settings), train, test, { seed, threads });
    beside[id] = aucOf(test, said, seed);
    log(`${id}: ${JSON.stringify(beside[id])}`);
  }
  return { examples: train.target.length, tested: test.target.length, rows, beside };
}
