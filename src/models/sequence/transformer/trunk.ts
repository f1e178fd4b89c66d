// The transformer's trunk: events as vectors, and attention over what came before; a state for every place.
import { positions } from '../../../nn/layers/positions.ts';
import { transformer } from '../../../nn/layers/transformer.ts';
import { defineModule, type Module } from '../../../nn/module.ts';
import type { SymbolicBatch } from '../../../nn/program/training-program.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { eventVectors } from '../neural/events/event-vectors.ts';
import type { TokenPlan } from '../neural/events/tokens.ts';
import type { TransformerSettings } from './settings.ts';

/** Classes of the time between any two events, by powers of √2 seconds: the last begins at 34 years. */
const PAIR_GAP_LEVELS = 62;

/**
 * Tokens to states [batch, time, width], each of which has seen its own event and those before; of masked plans, all of
 * them. What pads a history is seen by none.
 */
export function behaviourTrunk(
  plan: TokenPlan,
  settings: TransformerSettings,
): Module<SymbolicBatch, Tensor> {
  const { width, blocks, heads, dropout, length } = settings;
  const { timed } = plan;
  const body = transformer({
    ...{ blocks, heads, width, dropout, causal: !plan.masked },
    ...(timed && { gapBuckets: PAIR_GAP_LEVELS }),
  });
  return defineModule('behaviourTrunk', (scope, batch) => {
    const events = eventVectors(scope, plan, width, batch);
    const x = scope.dropout(scope.apply('positions', positions({ length }), events), dropout);
    return scope.apply('body', body, {
      x,
      ...(timed && { times: batch.seconds }),
      ...(plan.masked && { mask: batch.present }),
    });
  });
}
