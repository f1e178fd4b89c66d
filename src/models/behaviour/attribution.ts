// Why a behaviour model answers as it does: integrated gradients over a row's events and features, attention beside them.
import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import { defineModule } from '../../nn/module.ts';
import type { SymbolicBatch } from '../../nn/program/training-program.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { softplus } from '../../tensor/ops/activations.ts';
import { add, neg, sub } from '../../tensor/ops/arithmetic.ts';
import { reshape, slice } from '../../tensor/ops/structure.ts';
import type { EventAttribution } from '../event-attribution.ts';
import { featureTerms } from '../linear/design.ts';
import { encodingWidth } from '../linear/encoding.ts';
import {
  type HistoryExplained,
  historyExplainer,
  POINTS,
  pointFeeds,
} from '../sequence/attribution/explain-history.ts';
import { fedTrunk, pathProgram } from '../sequence/attribution/trunk-programs.ts';
import { tokenFeeds } from '../sequence/neural/events/event-vectors.ts';
import { emptyTokens, tokenWriter } from '../sequence/neural/events/tokens.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import { beginningMargins, encodedFeatures } from './beginning.ts';
import type { BehaviourParts } from './behaviour-parts.ts';
import { head, pooledStates, stateSpecs } from './head.ts';
import { historiesOf, missingEvents } from './histories.ts';
import type { Method } from './methods.ts';
import { methodTrunk } from './tune.ts';

/**
 * What every event, the moment of asking and each feature are worth to the margin of each row. The way begins at a row
 * of average features whose events happened at the same moments with nothing else known of them.
 *
 * Costs a hundred passes a row, forward and back.
 *
 * @throws AppError SHAPE for a frame without its columns, INTERRUPTED
 */
export async function attributeEvents(
  method: Method,
  parts: BehaviourParts,
  frame: Frame,
  { threads, signal }: { threads: number; signal?: AbortSignal },
): Promise<EventAttribution> {
  const why = missingEvents(frame);
  if (why !== undefined) throw new AppError('SHAPE', `"${method.id}" ${why}`);
  const { trunk, settings, beginning, values } = parts;
  const { plan } = trunk;
  const adapted = methodTrunk({ method, trunk: { ...trunk, values }, settings });
  const explainer = historyExplainer({
    ...{ trunk: adapted, plan, values, width: settings.width, threads },
    path: (time) => answerProgram(parts, adapted, time),
  });
  const histories = historiesOf(frame, trunk.vocabulary, settings.length);
  const write = tokenWriter(plan, histories);
  const encoded = encodedFeatures(beginning, frame);
  const wide = beginning[0].design.width;
  const answers = beginning.length;
  const began = beginningMargins(beginning, frame);
  const average = Float32Array.from(beginning, ({ intercept }) => intercept);
  const rows: HistoryExplained[] = [];
  try {
    for (let row = 0; row < frame.rows; row++) {
      const [start, end] = [histories.offsets[row], histories.offsets[row + 1]];
      const places = end - start;
      const time = lengthSteps(settings.length).find((step) => step >= places) as number;
      const tokens = emptyTokens(plan, time);
      write({ from: start, to: end, start }, tokens, 0);
      rows.push(
        await explainer.explain({
          ...{ tokens, time, places, signal },
          from: { features: new Float32Array(wide), beginning: average },
          to: {
            features: encoded.slice(row * wide, (row + 1) * wide),
            beginning: Float32Array.from(began.subarray(row * answers, (row + 1) * answers)),
          },
          fixed: {
            ...pointFeeds({
              ...tokenFeeds(plan, tokens),
              share: new Float32Array(time).fill(1 / places, 0, places),
            }),
            last: Int32Array.from({ length: POINTS }, (_, point) => point * time + places - 1),
          },
        }),
      );
    }
  } finally {
    await explainer.close();
  }
  return gathered(rows, parts, frame);
}

/** The margin at every point of a row's way: vectors, features and what the linear part makes of them. */
function answerProgram(
  { trunk: { plan }, settings, beginning, level }: BehaviourParts,
  adapted: ReturnType<typeof methodTrunk>,
  time: number,
) {
  const places = { batch: POINTS, time };
  const shape = {
    features: beginning[0].design.width,
    answers: beginning.length,
    hidden: settings.hidden,
    dropout: 0,
  };
  return pathProgram(
    defineModule('path', (scope, inputs: SymbolicBatch) => {
      const states = pooledStates(fedTrunk(adapted), places).build(scope, inputs);
      const added = scope.apply('head', head(shape), { states, features: inputs.features });
      const answers = add(inputs.beginning, added);
      const part = (at: number): Tensor => reshape(slice(answers, 1, at, at + 1), { points: POINTS });
      // ln(chance · amount): −ln(1 + e^−logit) + ln amount
      const answer = shape.answers === 1 ? part(0) : add(sub(part(1), softplus(neg(part(0)))), level);
      return { answer };
    }),
    {
      vectors: { dtype: 'float', axes: { batch: POINTS, time, width: settings.width } },
      features: { dtype: 'float', axes: { batch: POINTS, features: shape.features } },
      beginning: { dtype: 'float', axes: { batch: POINTS, answers: shape.answers } },
    },
    stateSpecs(plan, places),
  );
}

function gathered(
  rows: readonly HistoryExplained[],
  { beginning }: BehaviourParts,
  frame: Frame,
): EventAttribution {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ places }, row) => {
    offsets[row + 1] = offsets[row] + places.length - 1;
  });
  const [events, attention] = [
    new Float64Array(offsets[rows.length]),
    new Float64Array(offsets[rows.length]),
  ];
  rows.forEach((row, r) => {
    const now = row.places.length - 1;
    events.set(row.places.subarray(0, now), offsets[r]);
    if (row.attention) attention.set(pooledAttention(row.attention, now), offsets[r]);
  });
  const { features, values } = featureWorth(rows, beginning, frame);
  const each = (of: (row: HistoryExplained) => number): Float64Array => Float64Array.from(rows, of);
  return {
    ...{ offsets, events, features, values },
    ...(rows.every((row) => row.attention) && { attention }),
    asking: each(({ places }) => places[places.length - 1]),
    base: each(({ base }) => base),
    margins: each(({ answer }) => answer),
    unexplained: each(({ unexplained }) => unexplained),
  };
}

/** As the head reads states: half of it the one at the moment of asking, half the mean of all. [events] */
function pooledAttention(rolled: Float64Array, now: number): Float64Array {
  const places = now + 1;
  return Float64Array.from({ length: now }, (_, event) => {
    let mean = 0;
    for (let place = 0; place < places; place++) mean += rolled[place * places + event] / places;
    return (rolled[now * places + event] + mean) / 2;
  });
}

/** A feature is worth what the head makes of its encoding, and what the linear parts make of it. */
function featureWorth(
  rows: readonly HistoryExplained[],
  beginning: BehaviourParts['beginning'],
  frame: Frame,
): Pick<EventAttribution, 'features' | 'values'> {
  const features = [...new Set(beginning.flatMap(({ design }) => design.encodings.map(({ name }) => name)))];
  const place = new Map(features.map((name, at) => [name, at]));
  const values = new Float64Array(rows.length * features.length);
  let at = 0;
  for (const encoding of beginning[0].design.encodings) {
    const end = at + encodingWidth(encoding);
    const column = place.get(encoding.name) as number;
    rows.forEach(({ worth }, row) => {
      for (let i = at; i < end; i++) values[row * features.length + column] += worth.features[i];
    });
    at = end;
  }
  beginning.forEach(({ design, coefficients }, part) => {
    featureTerms(design, coefficients, frame, (feature, terms) => {
      const column = place.get(design.encodings[feature].name) as number;
      rows.forEach(({ slope }, row) => {
        values[row * features.length + column] += slope.beginning[part] * terms[row];
      });
    });
  });
  return { features, values };
}
