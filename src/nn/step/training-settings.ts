// Optimiser, learning rate and parameter groups as plain data, so that a run can be saved, compared and sent to a worker.

import { AppError } from '../../core/errors.ts';
import { requireKnown } from '../known-names.ts';
import { type AdagradSettings, adagrad } from '../optimiser/adagrad.ts';
import { type AdamSettings, adamw } from '../optimiser/adamw.ts';
import { rowAdam } from '../optimiser/row-adam.ts';
import type { UpdateRule } from '../optimiser/rule.ts';
import { type SgdSettings, sgd } from '../optimiser/sgd.ts';
import type { ParameterEntry } from '../optimiser/stored-parameter.ts';
import type { PlateauSettings } from '../plateau.ts';
import type { ProgramParameter, TrainingProgram } from '../program/training-program.ts';
import {
  constantRate,
  linearRate,
  type OneCycleSettings,
  oneCycle,
  type Schedule,
  stepRate,
  type WarmUpSettings,
  warmUpCosine,
} from '../schedule.ts';

/** Which optimiser, and its settings; what is left out has the default of its paper. */
export type OptimiserSettings =
  | ({ readonly kind: 'adamw' } & AdamSettings)
  | ({ readonly kind: 'row-adam' } & AdamSettings)
  | ({ readonly kind: 'sgd' } & SgdSettings)
  | ({ readonly kind: 'adagrad' } & AdagradSettings);

/** @throws AppError USAGE for an optimiser that is not known, or settings with which no weight would stay a number */
export function updateRule(settings: OptimiserSettings): UpdateRule {
  requireSense(settings);
  switch (settings.kind) {
    case 'adamw':
      return adamw(settings);
    case 'row-adam':
      return rowAdam(settings);
    case 'sgd':
      return sgd(settings);
    case 'adagrad':
      return adagrad(settings);
    default:
      throw new AppError(
        'USAGE',
        `expected the optimiser adamw, row-adam, sgd or adagrad, got "${(settings as { kind: string }).kind}"`,
      );
  }
}

function requireSense(settings: OptimiserSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'number') continue;
    const isFine = name === 'epsilon' ? value > 0 && Number.isFinite(value) : value >= 0 && value < 1;
    if (!isFine)
      throw new AppError(
        'USAGE',
        `${settings.kind}: expected ${name} ${name === 'epsilon' ? 'above 0' : 'in [0, 1)'}, got ${value}`,
      );
  }
}

/** `plateau` starts at `rate` and falls with the score of the evaluations; the others know the step alone. */
export type ScheduleSettings =
  | { readonly kind: 'constant'; readonly rate: number }
  | { readonly kind: 'linear'; readonly from: number; readonly to: number; readonly steps: number }
  | ({ readonly kind: 'warm-up-cosine' } & WarmUpSettings)
  | ({ readonly kind: 'one-cycle' } & OneCycleSettings)
  | { readonly kind: 'stepped'; readonly rate: number; readonly factor: number; readonly every: number }
  | ({ readonly kind: 'plateau'; readonly rate: number } & PlateauSettings);

/** The rate by step. A plateau's is its first one: whoever evaluates lowers it. */
export function scheduleOf(settings: ScheduleSettings): Schedule {
  switch (settings.kind) {
    case 'constant':
    case 'plateau':
      return constantRate(settings.rate);
    case 'linear':
      return linearRate(settings.from, settings.to, settings.steps);
    case 'warm-up-cosine':
      return warmUpCosine(settings);
    case 'one-cycle':
      return oneCycle(settings);
    case 'stepped':
      return stepRate(settings.rate, settings.factor, settings.every);
    default:
      throw new AppError(
        'USAGE',
        `expected a schedule this version knows, got "${(settings as { kind: string }).kind}"`,
      );
  }
}

/** What sets one parameter apart from the others. */
export interface ParameterSettings {
  readonly optimiser?: OptimiserSettings;
  readonly weightDecay?: number;
  readonly rateMultiplier?: number;
  readonly touchedRows?: number;
}

/**
 * Settings by parameter name out of rules such as `decayGroups` and `layerwiseRates`; later rules win.
 */
export function parameterSettings(
  programs: readonly TrainingProgram[],
  rules: readonly ((parameter: ProgramParameter) => ParameterSettings)[],
): Readonly<Record<string, ParameterSettings>> {
  return Object.fromEntries(
    trainableOf(programs).map((parameter) => [
      parameter.name,
      Object.assign({}, ...rules.map((rule) => rule(parameter))) as ParameterSettings,
    ]),
  );
}

/**
 * Entries for the parameter store, in the order of the programs.
 *
 * @throws AppError NOT_FOUND for a value not given; USAGE for settings of what is not trained
 */
export function parameterEntries(
  programs: readonly TrainingProgram[],
  values: Readonly<Record<string, Float32Array>>,
  optimiser: OptimiserSettings,
  settings: Readonly<Record<string, ParameterSettings>> = {},
): readonly ParameterEntry[] {
  const common = updateRule(optimiser);
  const trained = trainableOf(programs);
  requireKnown(
    'trained parameter',
    Object.keys(settings),
    trained.map(({ name }) => name),
  );
  return trained.map(({ name, shape }) => {
    const { optimiser: own, ...rest } = settings[name] ?? {};
    return { name, shape, initial: firstValue(values, name), rule: own ? updateRule(own) : common, ...rest };
  });
}

export function firstValue(values: Readonly<Record<string, Float32Array>>, name: string): Float32Array {
  const value = values[name];
  if (value === undefined)
    throw new AppError('NOT_FOUND', `expected a first value of "${name}", got none; use initialValues`);
  return value;
}

/** Every parameter that any of the programs moves, once. @throws AppError SHAPE when programs disagree on a shape */
function trainableOf(programs: readonly TrainingProgram[]): readonly ProgramParameter[] {
  const found = new Map<string, ProgramParameter>();
  for (const parameter of programs.flatMap(({ trainable }) => trainable)) {
    const known = found.get(parameter.name);
    if (known !== undefined && known.shape.join() !== parameter.shape.join())
      throw new AppError(
        'SHAPE',
        `parameter "${parameter.name}": [${known.shape}] in one program and [${parameter.shape}] in another`,
      );
    found.set(parameter.name, known ?? parameter);
  }
  return [...found.values()];
}
