// Several fitted models as one: a weighted sum of their margins (probabilities) or of their amounts.
import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import {
  type Attribution,
  type Band,
  fromMargin,
  type Link,
  type Model,
  type Question,
  type SavedModel,
} from '../estimator.ts';
import { arraysOf, arraysUnder, headOf, type SavedHead } from '../nested-model.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { attributeEnsembleEvents } from './event-attribution.ts';
import { linkFor, opinionOf, widthFor } from './opinion.ts';
import type { Mixture } from './weights.ts';

const FORMAT = 1;

export interface EnsembleParts extends Mixture {
  readonly question: Question;
  readonly members: readonly Model[];
  /** The scale members are added on; the question's own when absent. */
  readonly link?: Link;
}

interface EnsembleState extends SavedState, Mixture {
  readonly link?: Link;
  readonly members: readonly SavedHead[];
}

/** Members of weight zero are dropped. Exact contributions where every member has them and speaks on the summed scale. */
export function ensembleModel(estimator: string, given: EnsembleParts): Model {
  const heard = given.members.map((member, k) => ({ member, weight: given.weights[k] }));
  const kept = heard.filter(({ weight }) => weight > 0);
  const { question, intercept, link = linkFor(question) } = given;
  const members = kept.map(({ member }) => member);
  const weights = kept.map(({ weight }) => weight);
  const parts: EnsembleParts = { question, intercept, members, weights, ...(given.link && { link }) };
  const width = widthFor(question);
  const margin = async (frame: Frame) => {
    const sum = new Float64Array(frame.rows * width).fill(intercept);
    for (const [k, member] of members.entries()) {
      const opinion = await opinionOf(member, frame, link);
      for (let i = 0; i < sum.length; i++) sum[i] += weights[k] * opinion[i];
    }
    return sum;
  };
  const additive = width === 1 && members.every((member) => member.attribute && member.link === link);
  const readsEvents = width === 1 && members.some((member) => member.attributeEvents);
  const banded = given.link && members.every((member) => member.band);
  const heaviest = given.link || question.kind !== 'amount' ? undefined : heaviestBanded(members, weights);
  return {
    estimator,
    question,
    link,
    inputs: [...new Set(members.flatMap((member) => member.inputs))],
    predict: async (frame) => fromMargin(link, await margin(frame), width),
    margin,
    ...(additive && { attribute: (frame: Frame) => sumAttributions(parts, frame) }),
    ...(readsEvents && {
      attributeEvents: (frame: Frame, signal?: AbortSignal) =>
        attributeEnsembleEvents(
          members.map((model, k) => ({ model, weight: weights[k] })),
          { link, intercept },
          frame,
          signal,
        ),
    }),
    ...(banded && { band: (frame: Frame) => meanBand(parts, frame) }),
    ...(heaviest !== undefined && { band: members[heaviest].band }),
    save: () => saveEnsemble(estimator, parts),
  };
}

/** Which member speaks of quantiles where members differ in kind: the one listened to most that has any. */
export function heaviestBanded(
  members: readonly { readonly band?: unknown }[],
  weights: ArrayLike<number>,
): number | undefined {
  let heaviest: number | undefined;
  members.forEach((member, k) => {
    if (member.band && weights[k] > (heaviest === undefined ? 0 : weights[heaviest])) heaviest = k;
  });
  return heaviest;
}

/** The ends members give, averaged; all were asked for the same level. */
async function meanBand({ members, weights }: EnsembleParts, frame: Frame): Promise<Band> {
  const [low, high] = [new Float64Array(frame.rows), new Float64Array(frame.rows)];
  let level = 0;
  for (const [k, member] of members.entries()) {
    const band = await member.band!(frame);
    level = band.level;
    for (let i = 0; i < low.length; i++) {
      low[i] += weights[k] * band.low[i];
      high[i] += weights[k] * band.high[i];
    }
  }
  return { level, low, high };
}

async function sumAttributions(
  { members, weights, intercept }: EnsembleParts,
  frame: Frame,
): Promise<Attribution> {
  const own = await Promise.all(members.map((member) => member.attribute!(frame)));
  const features = [...new Set(own.flatMap((each) => each.features))];
  const values = new Float64Array(frame.rows * features.length);
  own.forEach((each, k) => {
    each.features.forEach((feature, j) => {
      const at = features.indexOf(feature);
      for (let row = 0; row < frame.rows; row++) {
        values[row * features.length + at] += weights[k] * each.values[row * each.features.length + j];
      }
    });
  });
  return { features, base: own.reduce((sum, each, k) => sum + weights[k] * each.base, intercept), values };
}

function saveEnsemble(
  estimator: string,
  { question, intercept, weights, members, link }: EnsembleParts,
): SavedModel {
  const saved = members.map((member) => member.save());
  return {
    estimator,
    format: FORMAT,
    state: asJson({
      question,
      intercept,
      weights,
      ...(link && { link }),
      members: saved.map(headOf),
    }),
    arrays: Object.assign({}, ...saved.map(({ arrays }, k) => arraysUnder(`${k}`, arrays))),
  };
}

/** @param loadMember how a member comes back; ensembles do not know which estimators there are */
export function loadEnsemble(
  estimator: string,
  saved: SavedModel,
  loadMember: (saved: SavedModel) => Model,
): Model {
  const state = readState<EnsembleState>(saved, estimator, FORMAT, ['intercept', 'weights', 'members']);
  if (state.members.length !== state.weights.length)
    throw new AppError('BAD_FILE', `a saved "${estimator}" model needs one weight a member; train it again`);
  const members = state.members.map((member, k) =>
    loadMember({ ...member, arrays: arraysOf(`${k}`, saved.arrays) }),
  );
  return ensembleModel(estimator, { ...state, members });
}
