// A fine-tuned transformer as a Model: it answers, and it can be written down and read back.
import { AppError } from '../../core/errors.ts';
import { EVENT_SEQUENCES } from '../../core/event-sequences.ts';
import type { Frame } from '../../core/frame.ts';
import { fromMargin, type Model, type SavedModel } from '../estimator.ts';
import type { Design } from '../linear/design.ts';
import { asJson, readArray, readState, type SavedState } from '../saved.ts';
import { type PlanState, readPlan, savedPlan } from '../sequence/neural/saved.ts';
import type { TransformerSettings } from '../sequence/transformer/settings.ts';
import { logSigmoid } from '../whether-and-amount.ts';
import { attributeEvents } from './attribution.ts';
import { beginningMargins, encodedFeatures } from './beginning.ts';
import type { BehaviourParts } from './behaviour-parts.ts';
import { headAnswers } from './head.ts';
import { eventColumns, missingEvents } from './histories.ts';
import type { Method } from './methods.ts';
import type { BehaviourSettings } from './settings.ts';
import { stateReader } from './states.ts';
import { methodTrunk } from './tune.ts';

const FORMAT = 1;

interface BehaviourState extends SavedState {
  readonly settings: BehaviourSettings;
  readonly trunk: TransformerSettings;
  readonly plan: PlanState;
  readonly categories: readonly string[];
  readonly beginning: readonly { readonly design: Design; readonly intercept: number }[];
  readonly level: number;
  readonly events: readonly string[];
}

/** The answers before they are joined to one number, [rows, parts]: a logit, and of amounts a logarithm beside it. */
export function answersOf(method: Method, parts: BehaviourParts, threads: number) {
  const { trunk, settings, beginning, values } = parts;
  const reader = stateReader({
    trunk: methodTrunk({ method, trunk: { ...trunk, values }, settings }),
    ...{ plan: trunk.plan, vocabulary: trunk.vocabulary, length: settings.length },
    ...{ width: settings.width, values, threads },
  });
  return async (frame: Frame): Promise<Float64Array> => {
    const why = missingEvents(frame);
    if (why !== undefined) throw new AppError('SHAPE', `"${method.id}" ${why}`);
    const states = await reader.read(frame);
    const added = headAnswers(values, {
      states,
      features: encodedFeatures(beginning, frame),
      rows: frame.rows,
    });
    return beginningMargins(beginning, frame).map((margin, i) => margin + added[i]);
  };
}

export function behaviourModel(method: Method, parts: BehaviourParts, threads: number): Model {
  const { question, beginning, level, events } = parts;
  const link = question.kind === 'amount' ? 'log' : 'logit';
  const answers = answersOf(method, parts, threads);
  const margin = async (frame: Frame): Promise<Float64Array> => {
    const own = await answers(frame);
    return link === 'logit' ? own : expectedLog(own).map((value) => value + level);
  };
  const columns = beginning.flatMap(({ design }) => design.encodings.map(({ name }) => name));
  return {
    estimator: method.id,
    ...{ question, link },
    inputs: [...new Set([...columns, ...events])],
    predict: async (frame) => fromMargin(link, await margin(frame)),
    margin,
    attributeEvents: (frame, signal) =>
      attributeEvents(method, parts, frame, { threads, ...(signal && { signal }) }),
    save: () => saved(method, parts),
  };
}

/** ln of chance × amount from pairs of a logit and ln amount: [rows, 2] to [rows]. */
export const expectedLog = (answers: Float64Array): Float64Array =>
  Float64Array.from(
    { length: answers.length / 2 },
    (_, row) => logSigmoid(answers[2 * row]) + answers[2 * row + 1],
  );

export const eventsOf = (frame: Frame): readonly string[] =>
  Object.keys(eventColumns(frame)).map((key) => EVENT_SEQUENCES[key as keyof typeof EVENT_SEQUENCES]);

function saved(method: Method, parts: BehaviourParts): SavedModel {
  const { question, settings, trunk, beginning, values, level, events } = parts;
  const plan = savedPlan(trunk.plan);
  const state: BehaviourState = {
    ...{ question, settings, level, events },
    trunk: trunk.settings,
    plan: plan.state,
    categories: trunk.vocabulary.categories,
    beginning: beginning.map(({ design, intercept }) => ({ design, intercept })),
  };
  return {
    estimator: method.id,
    format: FORMAT,
    state: asJson(state),
    arrays: {
      ...plan.arrays,
      ...Object.fromEntries(
        beginning.map(({ coefficients }, part) => [`coefficients.${part}`, coefficients]),
      ),
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`weight.${name}`, value])),
    },
  };
}

/** @throws AppError VERSION for another format; BAD_FILE for another model, or one with parts missing */
export function loadBehaviour(method: Method, from: SavedModel): Model {
  const state = readState<BehaviourState>(from, method.id, FORMAT, [
    ...(['settings', 'trunk', 'plan', 'categories', 'beginning', 'level', 'events'] as const),
  ]);
  const plan = readPlan(from, state.plan, false);
  const values = Object.fromEntries(
    Object.entries(from.arrays ?? {}).flatMap(([key, array]) =>
      key.startsWith('weight.') && array instanceof Float32Array
        ? [[key.slice('weight.'.length), array]]
        : [],
    ),
  );
  if (!values['head.answer.weight'])
    throw new AppError('BAD_FILE', `a saved "${method.id}" model lacks its head; train it again`);
  const parts: BehaviourParts = {
    ...state,
    trunk: {
      vocabulary: { itemIds: plan.itemIds, typeLevels: plan.typeLevels, categories: state.categories },
      plan,
      settings: state.trunk,
    },
    beginning: state.beginning.map(({ design, intercept }, part) => ({
      ...{ design, intercept },
      coefficients: readArray(from, `coefficients.${part}`, design.width),
    })),
    values,
  };
  return behaviourModel(method, parts, 1);
}
