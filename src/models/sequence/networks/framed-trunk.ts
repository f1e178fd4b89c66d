// What the trunks here have around them: event vectors of one size going in, states of one size coming out.
import { layerNorm } from '../../../nn/layers/norm.ts';
import { defineModule, type Scope } from '../../../nn/module.ts';
import type { SymbolicBatch } from '../../../nn/program/training-program.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { eventVectors } from '../neural/events/event-vectors.ts';
import type { TokenPlan } from '../neural/events/tokens.ts';
import type { Trunk } from '../neural/network.ts';
import type { NetworkSettings } from '../neural/settings.ts';

/** Event vectors [batch, time, width] to states of that shape, none of which sees a later event. */
export type TrunkBody = (scope: Scope, events: Tensor, batch: SymbolicBatch) => Tensor;

/**
 * Rows of items begin near nothing, and states before training do too: multiplied with each other they would teach each
 * other little for many epochs. Both ends are therefore brought to one size, as a transformer's are by its own norms.
 */
export const framedTrunk = (plan: TokenPlan, { width, dropout }: NetworkSettings, body: TrunkBody): Trunk =>
  defineModule('framedTrunk', (scope, batch) => {
    const events = scope.apply('norm', layerNorm(), eventVectors(scope, plan, width, batch));
    return scope.apply('outNorm', layerNorm(), body(scope, scope.dropout(events, dropout), batch));
  });
