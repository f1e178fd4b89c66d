// A task trained anew on what came since, held against the version that answers, and put into service only if it should be.
import { join } from 'node:path';
import { DAY_MS } from '../../core/time.ts';
import { startingView, withEvents } from '../../data/features/default-view.ts';
import type { FeatureDefinition } from '../../data/features/definition.ts';
import { withLake } from '../../data/lake/open.ts';
import type { Workspace } from '../../data/workspace.ts';
import { type LoadedBundle, loadBundle } from '../../registry/bundle.ts';
import { readRollout, takenBack } from '../../registry/rollout.ts';
import { listVersions, showVersion } from '../../registry/versions.ts';
import { loadTrunk } from '../pretrained.ts';
import { readTried } from '../repeat.ts';
import { type TrainingResult, type TrainOptions, trainTask } from '../run.ts';
import { compareVersions } from './compare-versions.ts';
import { conclude, type EnterService, NOTHING_NEW, type RetrainingResult } from './conclude.ts';
import { decideRetraining, type RetrainingDecision } from './decide.ts';

export interface RetrainOptions
  extends Omit<TrainOptions, 'promote' | 'models' | 'preset' | 'repeat' | 'pretrained' | 'features'> {
  readonly service: EnterService;
}

/** Windows of every length a default view may have. */
const ANY_HISTORY_DAYS = 36_500;

/**
 * Tries what the incumbent tried (models, searches, horizon, features of the shop's own, trunk), learned up to now; with nobody to repeat it is
 * an ordinary training. The decision is kept in `models/<task>/retraining.json`.
 *
 * @throws AppError as `trainTask`
 */
export async function retrainTask(workspace: Workspace, options: RetrainOptions): Promise<RetrainingResult> {
  const { task, now } = options;
  const modelsDir = join(workspace.dir, 'models');
  const incumbent = incumbentOf(modelsDir, task.name);
  const place = { modelsDir, task: task.name, incumbent: incumbent?.version.version, now };
  if (
    incumbent &&
    !incumbent.version.erasures &&
    (await hasNothingNew(workspace, modelsDir, options, incumbent))
  )
    return conclude(place, NOTHING_NEW, undefined, options.service);
  const trained = await trainTask(workspace, {
    ...options,
    ...asBefore(workspace, incumbent),
    promote: false,
  });
  const decision = await decide(workspace, { modelsDir, trained, incumbent }, options);
  return conclude(place, decision, trained.version.version, options.service);
}

function incumbentOf(modelsDir: string, task: string): LoadedBundle | undefined {
  const isPromoted = listVersions(modelsDir, task).versions.some(({ promoted }) => promoted);
  return isPromoted ? loadBundle(modelsDir, task, 'promoted') : undefined;
}

/** The newest version, promoted or not, has learned from these very data: another training would make it again. */
async function hasNothingNew(
  workspace: Workspace,
  modelsDir: string,
  options: RetrainOptions,
  incumbent: LoadedBundle,
): Promise<boolean> {
  const { fingerprint } = await withLake(workspace, options, async (_, source) => source);
  const latest = showVersion(modelsDir, incumbent.task.name, 'latest');
  return [latest, incumbent.version].some(({ dataFingerprint }) => dataFingerprint === fingerprint);
}

function asBefore(
  workspace: Workspace,
  incumbent: LoadedBundle | undefined,
): Pick<TrainOptions, 'models' | 'repeat' | 'pretrained' | 'features' | 'horizonDays'> {
  if (!incumbent) return { models: 'auto' };
  const { task, version, horizonDays } = incumbent;
  const repeat = readTried(workspace, { task: task.name, reference: version.version });
  return {
    ...{ models: 'auto', repeat, horizonDays, features: ownFeatures(incumbent) },
    ...(repeat.trunk !== undefined && { pretrained: loadTrunk(workspace, repeat.trunk) }),
  };
}

/** Features that are not of the default view: the shop's own. */
function ownFeatures({ task, view, checkedDays }: LoadedBundle): readonly FeatureDefinition[] {
  const span = { horizonDays: checkedDays, historyDays: ANY_HISTORY_DAYS };
  const usual = withEvents(startingView(task.entity, span), task.entity);
  const names = new Set(usual.features.map(({ name }) => name));
  return view.features.filter(({ name }) => !names.has(name));
}

async function decide(
  workspace: Workspace,
  contest: {
    readonly modelsDir: string;
    readonly trained: TrainingResult;
    readonly incumbent: LoadedBundle | undefined;
  },
  options: RetrainOptions,
): Promise<RetrainingDecision> {
  const { modelsDir, trained, incumbent } = contest;
  const { task, seed, signal } = options;
  const { ended } = readRollout(modelsDir, task.name);
  const known = {
    olderDays: 0,
    ...{ incumbentHasSeen: false, incumbentHasErased: incumbent?.version.erasures !== undefined },
    wasTakenBack: takenBack(ended, trained.version.digest) !== undefined,
  };
  if (!incumbent || known.wasTakenBack) return decideRetraining(known);
  const challenger = loadBundle(modelsDir, task.name, trained.version.version);
  const other = otherQuestion(challenger, incumbent);
  if (other !== undefined) return decideRetraining({ ...known, incomparable: other });
  const { testAsOf } = trained.version.settings as { readonly testAsOf: readonly number[] };
  const { comparison, incumbentHasSeen } = await withLake(workspace, options, (engine, source) =>
    compareVersions(
      engine,
      source,
      { challenger, incumbent },
      { moments: testAsOf, seed, ...(signal && { signal }) },
    ),
  );
  const olderDays = (challenger.seenUntilMs - incumbent.seenUntilMs) / DAY_MS;
  return decideRetraining({ ...known, comparison, incumbentHasSeen, olderDays });
}

/** Why two versions answer different questions, in a sentence; undefined where they answer the same. */
function otherQuestion(challenger: LoadedBundle, incumbent: LoadedBundle): string | undefined {
  if (challenger.checkedDays !== incumbent.checkedDays)
    return `it was checked over ${challenger.checkedDays} days, the one before over ${incumbent.checkedDays}: promote it by hand if that is wanted`;
  const asked = ({ task: { target, population, kind } }: LoadedBundle) =>
    JSON.stringify([target, population, kind]);
  if (asked(challenger) !== asked(incumbent))
    return 'the task is defined otherwise than when the one before was trained: promote it by hand';
  return undefined;
}
