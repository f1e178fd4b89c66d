// The objective of every loss by its name, made to the measure of the training rows.
import type { GbdtSettings, LossName } from '../settings.ts';
import { absolute } from './absolute.ts';
import { huber, huberDelta } from './huber.ts';
import { logistic } from './logistic.ts';
import type { Examples, Objective } from './objective.ts';
import { poisson } from './poisson.ts';
import { quantile } from './quantile.ts';
import { softmax } from './softmax.ts';
import { squared } from './squared.ts';
import { tweedie } from './tweedie.ts';

interface Measure {
  readonly settings: GbdtSettings;
  readonly classes: number;
  readonly examples: Examples;
}

const OBJECTIVES: Readonly<Record<LossName, (measure: Measure) => Objective>> = {
  logistic: () => logistic,
  softmax: ({ classes }) => softmax(classes),
  squared: () => squared,
  absolute: () => absolute,
  huber: ({ settings, examples }) => huber(huberDelta(examples, settings.quantile)),
  quantile: ({ settings }) => quantile(settings.quantile),
  poisson: () => poisson,
  tweedie: ({ settings }) => tweedie(settings.power),
};

export const objectiveOf = (loss: LossName, measure: Measure): Objective => OBJECTIVES[loss](measure);
