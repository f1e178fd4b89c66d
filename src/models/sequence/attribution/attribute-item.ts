// Why an item: what each event of a history is worth to its score by a network, or by a committee of them.
import { invariant } from '../../../core/errors.ts';
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import { defineModule } from '../../../nn/module.ts';
import type { InputSpec, SymbolicBatch } from '../../../nn/program/training-program.ts';
import { add, mul } from '../../../tensor/ops/arithmetic.ts';
import { gather } from '../../../tensor/ops/indexing.ts';
import { reshape, sum } from '../../../tensor/ops/structure.ts';
import { type EventAttribution, sumEventAttributions } from '../../event-attribution.ts';
import { itemFeeds, itemSpecs, tokenFeeds, tokenSpecs } from '../neural/events/event-vectors.ts';
import { emptyTokens, hideToken, itemTokens, tokenWriter } from '../neural/events/tokens.ts';
import type { Network } from '../neural/network.ts';
import { buildParts } from '../neural/objective.ts';
import { repeatBonus, repeatLevel } from '../neural/repeats.ts';
import { lengthSteps } from '../neural/settings.ts';
import type { Trained } from '../neural/trained.ts';
import { type HistoryExplained, historyExplainer, POINTS, pointFeeds } from './explain-history.ts';
import { fedTrunk, pathProgram } from './trunk-programs.ts';

export interface AttributeOptions {
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What every event is worth to the score of one item a history. The way begins at events at the same moments of which
 * nothing else is known; what an item gains for having been met before belongs to the event it was met last at, whole.
 *
 * @param before histories, none of them empty; of long ones the newest events count
 * @param items  one a history, codes of the model
 * @throws AppError INTERRUPTED
 */
export async function attributeItems(
  { network, members }: Trained,
  before: Sequences,
  items: ArrayLike<number>,
  options: AttributeOptions,
): Promise<EventAttribution> {
  const all: EventAttribution[] = [];
  for (const values of members)
    all.push(await attributeByOne({ network, members: [values] }, before, items, options));
  return sumEventAttributions(all.map((attribution) => ({ attribution, weight: 1 / all.length })));
}

async function attributeByOne(
  { network, members: [values] }: Trained,
  before: Sequences,
  items: ArrayLike<number>,
  { threads, signal }: AttributeOptions,
): Promise<EventAttribution> {
  const { plan, settings, trunk } = network;
  const asking = plan.masked ? 1 : 0;
  const explainer = historyExplainer({
    ...{ trunk, plan, values, width: settings.width, threads },
    path: (time) => scoreProgram(network, time),
  });
  const write = tokenWriter(plan, before);
  const rows: Explained[] = [];
  try {
    for (let row = 0; row < sequenceCount(before); row++) {
      const [start, to] = [before.offsets[row], before.offsets[row + 1]];
      invariant(to > start, 'an item is explained by a history with events');
      const size = Math.min(settings.length - asking, to - start);
      const places = size + asking;
      const time = lengthSteps(settings.length).find((step) => step >= places) as number;
      const tokens = emptyTokens(plan, time);
      write({ from: to - size, to, start }, tokens, 0);
      if (plan.masked) hideToken(plan, tokens, size, false);
      const own = before.items.subarray(to - size, to);
      const met = settings.repeats ? own.lastIndexOf(items[row]) : -1;
      const found = await explainer.explain({
        ...{ tokens, time, places, signal },
        ...(settings.repeats && {
          from: { met: Float32Array.of(0) },
          to: { met: Float32Array.of(met < 0 ? 0 : 1) },
        }),
        // What is asked for is unknown on all the way.
        ...(plan.masked && { asking: size }),
        fixed: {
          ...pointFeeds(tokenFeeds(plan, tokens)),
          ...itemFeeds('item', plan, itemTokens(plan, [items[row]])),
          ...(settings.repeats && {
            age: new Int32Array(POINTS).fill(met < 0 ? 0 : repeatLevel(size - 1 - met)),
          }),
          last: Int32Array.from({ length: POINTS }, (_, point) => point * time + places - 1),
        },
      });
      rows.push({ found, size, met, share: plan.logShare[items[row]] });
    }
  } finally {
    await explainer.close();
  }
  return gathered(rows);
}

interface Explained {
  readonly found: HistoryExplained;
  readonly size: number;
  /** Where the item was met last, −1 where it was not. */
  readonly met: number;
  /** ln of the item's share of its row, added to its score whatever the history. */
  readonly share: number;
}

/** The product of the last state and the item's vector, and by as much as `met` is 1 what meeting it again adds. */
function scoreProgram(network: Network, time: number) {
  const { plan, settings } = network;
  const { width, repeats } = settings;
  const places = { batch: POINTS, time };
  const fixed: Record<string, InputSpec> = {
    ...tokenSpecs(plan, places),
    ...itemSpecs('item', plan, { one: 1 }),
    ...(repeats && { age: { dtype: 'int32', axes: { batch: POINTS, one: 1 } } }),
    last: { dtype: 'int32', axes: { batch: POINTS } },
  };
  return pathProgram(
    defineModule('path', (scope, inputs: SymbolicBatch) => {
      const parts = buildParts(scope, { ...network, trunk: fedTrunk(network.trunk) });
      const states = reshape(parts.states(inputs), { places: POINTS * time, width });
      const last = gather(states, inputs.last);
      const product = sum(mul(last, parts.items('item', inputs)), -1);
      if (!repeats) return { answer: product };
      const bonus = reshape(scope.apply('repeats', repeatBonus(inputs.age), last), { batch: POINTS });
      return { answer: add(product, mul(inputs.met, bonus)) };
    }),
    {
      vectors: { dtype: 'float', axes: { ...places, width } },
      ...(repeats && { met: { dtype: 'float', axes: { batch: POINTS } } }),
    },
    fixed,
  );
}

function gathered(rows: readonly Explained[]): EventAttribution {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ size }, row) => {
    offsets[row + 1] = offsets[row] + size;
  });
  const [events, attention] = [
    new Float64Array(offsets[rows.length]),
    new Float64Array(offsets[rows.length]),
  ];
  rows.forEach(({ found, size, met }, row) => {
    events.set(found.places.subarray(0, size), offsets[row]);
    if (met >= 0) events[offsets[row] + met] += found.worth.met[0];
    const places = found.places.length;
    if (found.attention)
      attention.set(
        found.attention.subarray((places - 1) * places, (places - 1) * places + size),
        offsets[row],
      );
  });
  const each = (of: (row: Explained) => number): Float64Array => Float64Array.from(rows, of);
  return {
    ...{ offsets, events, features: [], values: new Float64Array(0) },
    ...(rows.every(({ found }) => found.attention) && { attention }),
    asking: new Float64Array(rows.length),
    base: each(({ found, share }) => found.base + share),
    margins: each(({ found, share }) => found.answer + share),
    unexplained: each(({ found }) => found.unexplained),
  };
}
