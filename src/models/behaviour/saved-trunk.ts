// A pretrained trunk at rest, and back, nothing believed before it is checked.
import { AppError } from '../../core/errors.ts';
import type { Json, SavedModel } from '../estimator.ts';
import { asJson } from '../saved.ts';
import { type PlanState, readPlan, savedPlan } from '../sequence/neural/saved.ts';
import type { TransformerSettings } from '../sequence/transformer/settings.ts';
import type { LearnedTrunk } from './pretrain.ts';

const ID = 'behaviour-trunk';
const FORMAT = 1;

interface TrunkState {
  readonly settings: TransformerSettings;
  readonly plan: PlanState;
  readonly categories: readonly string[];
}

export function savedTrunk({ vocabulary, plan, settings, values, outlook }: LearnedTrunk): SavedModel {
  const atRest = savedPlan(plan);
  const state: TrunkState = { settings, plan: atRest.state, categories: vocabulary.categories };
  return {
    estimator: ID,
    format: FORMAT,
    state: asJson(state),
    arrays: {
      ...atRest.arrays,
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`weight.${name}`, value])),
      ...(outlook && { outlook }),
    },
  };
}

/** @throws AppError VERSION for another format; BAD_FILE for anything but a trunk */
export function readTrunk(saved: SavedModel): LearnedTrunk {
  if (saved.estimator !== ID)
    throw new AppError('BAD_FILE', `expected a pretrained trunk, got "${saved.estimator}"; run pretrain`);
  if (saved.format !== FORMAT)
    throw new AppError(
      'VERSION',
      `expected a trunk of format ${FORMAT}, got ${saved.format}; pretrain again`,
    );
  const state = saved.state as unknown as TrunkState;
  const missing = (['settings', 'plan', 'categories'] as const).filter(
    (key) => (saved.state as Readonly<Record<string, Json>> | null)?.[key] === undefined,
  );
  if (missing.length > 0)
    throw new AppError('BAD_FILE', `a pretrained trunk lacks ${missing.join(', ')}; pretrain again`);
  const plan = readPlan(saved, state.plan, false);
  const outlook = saved.arrays?.outlook;
  const weights = Object.entries(saved.arrays ?? {}).flatMap(([key, array]) =>
    key.startsWith('weight.') && array instanceof Float32Array
      ? [[key.slice('weight.'.length), array] as const]
      : [],
  );
  return {
    vocabulary: { itemIds: plan.itemIds, typeLevels: plan.typeLevels, categories: state.categories },
    plan,
    settings: state.settings,
    values: Object.fromEntries(weights),
    ...(outlook instanceof Float32Array && { outlook }),
  };
}
