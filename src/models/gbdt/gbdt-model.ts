// A boosted forest as a Model: margins, exact contributions, a band where it learned one, flat arrays at rest.

import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import {
  type Band,
  fromMargin,
  type Link,
  type Model,
  type Question,
  type SavedModel,
} from '../estimator.ts';
import { attributeForest } from '../forest/attribution/attribute-forest.ts';
import { cutsOf } from '../forest/cuts.ts';
import type { ForestInput } from '../forest/forest.ts';
import { scoreForest } from '../forest/score.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import type { BinnedForest } from './grown-forest.ts';
import { forestArrays, readForest } from './saved-forest.ts';
import { LOSS_NAMES, type LossName } from './settings.ts';

const FORMAT = 1;

/** Forests of two quantiles beside the one of the amount. */
export interface BandForests {
  readonly level: number;
  readonly low: BinnedForest;
  readonly high: BinnedForest;
}

export interface GbdtParts extends BinnedForest {
  readonly question: Question;
  readonly loss: LossName;
  readonly link: Link;
  readonly band?: BandForests;
}

interface SavedBand {
  readonly level: number;
  readonly low: readonly ForestInput[];
  readonly high: readonly ForestInput[];
}

interface GbdtState extends SavedState {
  readonly loss: LossName;
  readonly link: Link;
  readonly inputs: readonly ForestInput[];
  readonly outputs: number;
  readonly band?: SavedBand;
}

export function gbdtModel(estimator: string, parts: GbdtParts): Model {
  const { question, link, loss, forest, band } = parts;
  const { inputs, outputs } = forest;
  const forests = [forest, ...(band ? [band.low.forest, band.high.forest] : [])];
  const names = new Set(forests.flatMap((each) => each.inputs.map((input) => input.name)));
  return {
    estimator,
    question,
    link,
    inputs: [...names],
    predict: async (frame) => fromMargin(link, await scoreForest(forest, frame), outputs),
    margin: (frame) => scoreForest(forest, frame),
    cuts: () => cutsOf(forest),
    forest: () => forest,
    attribute: (frame, output) => attributeForest(forest, frame, { output }),
    ...(band && { band: (frame: Frame) => bandOf(band, frame) }),
    save: () => ({
      estimator,
      format: FORMAT,
      state: asJson({ question, loss, link, inputs, outputs, ...(band && { band: savedBand(band) }) }),
      arrays: {
        ...forestArrays(parts),
        ...(band && forestArrays(band.low, 'low.')),
        ...(band && forestArrays(band.high, 'high.')),
      },
    }),
  };
}

const savedBand = ({ level, low, high }: BandForests): SavedBand => ({
  level,
  low: low.forest.inputs,
  high: high.forest.inputs,
});

/** Quantiles learned apart may cross where they are close: the lower of both is the low end. */
async function bandOf({ level, low, high }: BandForests, frame: Frame): Promise<Band> {
  const [a, b] = [await scoreForest(low.forest, frame), await scoreForest(high.forest, frame)];
  return {
    level,
    low: a.map((value, row) => Math.min(value, b[row])),
    high: b.map((value, row) => Math.max(value, a[row])),
  };
}

/** What a saved boosted model is made of. @throws AppError VERSION, BAD_FILE */
export function readGbdt(estimator: string, saved: SavedModel): GbdtParts {
  const state = readState<GbdtState>(saved, estimator, FORMAT, ['loss', 'link', 'inputs', 'outputs']);
  const { question, loss, link, inputs, outputs, band } = state;
  if (!LOSS_NAMES.includes(loss))
    throw new AppError('BAD_FILE', `a saved "${estimator}" model has an unknown loss; train it again`);
  const own = readForest(saved, { inputs, outputs });
  const alone = (header: readonly ForestInput[], prefix: string) =>
    readForest(saved, { inputs: header, outputs: 1 }, prefix);
  return {
    ...{ question, loss, link },
    ...own,
    ...(band && {
      band: { level: band.level, low: alone(band.low, 'low.'), high: alone(band.high, 'high.') },
    }),
  };
}
