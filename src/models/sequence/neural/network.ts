// What a next-item network is: a trunk that turns events into states, and all that networks of any trunk share around it.
import type { Name } from '../../../core/name.ts';
import type { Module } from '../../../nn/module.ts';
import type { SymbolicBatch } from '../../../nn/program/training-program.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import type { SearchSpace, Settings } from '../../estimator.ts';
import type { TokenPlan } from './events/tokens.ts';
import type { NetworkSettings } from './settings.ts';

/**
 * Tokens to states [batch, time, width], the state of a place having seen its own event and those before; only of masked
 * plans the ones after as well.
 */
export type Trunk = Module<SymbolicBatch, Tensor>;

/** A family of networks: all that sets it apart from the others. */
export interface NetworkKind<S extends NetworkSettings> {
  /** `transformer`, `gru`, … */
  readonly id: string;
  readonly label: Name;
  /** What of its settings is worth searching. */
  readonly space: SearchSpace;
  /** All settings for so many training events, some of them told. @throws AppError USAGE */
  readonly settings: (events: number, told: Settings) => S;
  readonly trunk: (plan: TokenPlan, settings: S) => Trunk;
}

/** One network, ready to be compiled. */
export interface Network {
  readonly plan: TokenPlan;
  readonly settings: NetworkSettings;
  readonly trunk: Trunk;
}

export const networkOf = <S extends NetworkSettings>(
  { trunk }: NetworkKind<S>,
  plan: TokenPlan,
  settings: S,
): Network => ({ plan, settings, trunk: trunk(plan, settings) });
