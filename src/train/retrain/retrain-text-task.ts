// A question about texts learned anew from what came since, held against the version that answers on texts neither has learned from.
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import { withLake } from '../../data/lake/open.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { comparePredictions } from '../../eval/compare-predictions.ts';
import { ROW_METRICS } from '../../eval/metrics/metric.ts';
import { takeSample } from '../../models/sample.ts';
import { answerTable } from '../../models/table-model.ts';
import { readRollout, takenBack } from '../../registry/rollout.ts';
import { type LoadedTextTask, loadTextTask } from '../../registry/text-task-bundle.ts';
import { listVersions } from '../../registry/versions.ts';
import { metricsOf } from '../table/correct.ts';
import type { KeptTextSettings } from '../text-task/save-text-task.ts';
import { type TextTaskRun, type TrainTextTaskOptions, trainTextTask } from '../text-task/train-text-task.ts';
import { conclude, type EnterService, NOTHING_NEW, type RetrainingResult } from './conclude.ts';
import {
  decideRetraining,
  LEAST_COMPARED,
  type RetrainingDecision,
  type VersionComparison,
} from './decide.ts';

/** How to learn where nobody is to be repeated. */
export interface RetrainTextTaskOptions extends Omit<TrainTextTaskOptions, 'promote' | 'asOf'> {
  readonly service: EnterService;
}

/**
 * As `retrainTask`: the present model's question, encoder, methods and settings. Compared on those tested texts alone that
 * were written after all that the present model has learned from.
 *
 * @throws AppError as `trainTextTask`; BAD_FILE for a version that does not say how it was trained
 */
export async function retrainTextTask(
  workspace: Workspace,
  { service, ...options }: RetrainTextTaskOptions,
): Promise<RetrainingResult> {
  const { task, now } = options;
  const modelsDir = workspacePaths.models(workspace);
  const { versions } = listVersions(modelsDir, task.name);
  const isPromoted = versions.some(({ promoted }) => promoted);
  const incumbent = isPromoted ? loadTextTask(modelsDir, task.name, 'promoted') : undefined;
  const place = { modelsDir, task: task.name, incumbent: incumbent?.version.version, now };
  const { fingerprint } = await withLake(workspace, options, async (_, source) => source);
  const isKnown = [versions.at(-1), incumbent?.version].some((own) => own?.dataFingerprint === fingerprint);
  if (incumbent && isKnown && !incumbent.version.erasures)
    return conclude(place, NOTHING_NEW, undefined, service);
  const run = await trainTextTask(workspace, {
    ...options,
    ...(incumbent && asBefore(incumbent)),
    promote: false,
  });
  const decision = await decide({ modelsDir, run, incumbent }, options.seed);
  return conclude(place, decision, run.version.version, service);
}

function asBefore({
  task,
  rating,
  horizonDays,
  version,
}: LoadedTextTask): KeptTextSettings & Pick<TrainTextTaskOptions, 'as' | 'atLeast' | 'horizonMs'> {
  const { kept } = isRecord(version.settings) ? version.settings : {};
  if (!isRecord(kept))
    throw new AppError(
      'BAD_FILE',
      `expected version ${version.version} of "${task.name}" to say how it was trained; train again`,
    );
  return {
    ...(kept as unknown as KeptTextSettings),
    ...(rating ?? { as: 'recommend', atLeast: 0 }),
    horizonMs: horizonDays * DAY_MS,
  };
}

async function decide(
  contest: {
    readonly modelsDir: string;
    readonly run: TextTaskRun;
    readonly incumbent: LoadedTextTask | undefined;
  },
  seed: number,
): Promise<RetrainingDecision> {
  const { modelsDir, run, incumbent } = contest;
  const { ended } = readRollout(modelsDir, run.question.task.name);
  const known = {
    olderDays: incumbent ? (run.split.seenUntilMs - incumbent.seenUntilMs) / DAY_MS : 0,
    ...{ incumbentHasSeen: false, incumbentHasErased: incumbent?.version.erasures !== undefined },
    wasTakenBack: takenBack(ended, run.version.digest) !== undefined,
  };
  if (!incumbent || known.wasTakenBack) return decideRetraining(known);
  const { asOf } = run.tested.sample;
  const rows = [...asOf.keys()].filter((row) => asOf[row] > incumbent.seenUntilMs);
  if (rows.length < LEAST_COMPARED)
    return decideRetraining({
      ...known,
      incomparable: `only ${rows.length} texts to compare on came since the one before was trained, at least ${LEAST_COMPARED} are needed`,
    });
  return decideRetraining({ ...known, comparison: await compare({ run, incumbent }, rows, seed) });
}

async function compare(
  { run, incumbent }: { readonly run: TextTaskRun; readonly incumbent: LoadedTextTask },
  rows: readonly number[],
  seed: number,
): Promise<VersionComparison> {
  const { frame, entities, target, question } = takeSample(run.tested.sample, rows);
  const first = (await answerTable(run.fitted.learned.table, frame)).value;
  const second = (await answerTable(incumbent.table, frame)).value;
  const [decider] = metricsOf(question.kind);
  const comparison = comparePredictions({ entities, actual: target, first, second }, decider, { seed });
  return { ...comparison, isHigherBetter: ROW_METRICS[comparison.metric].better === 'higher' };
}
