// What a member says, on the scale an ensemble adds up, and what the sum means.
import type { Frame } from '../../core/frame.ts';
import { fromMargin, type Link, type Model, type Question } from '../estimator.ts';
import { clampProbability, logit } from '../link.ts';
import type { Opinions } from './weights.ts';

/** Margins of a member are taken no further than this from even odds: its certainty must not silence the others. */
const FURTHEST = 12;
const LEAST = Math.exp(-FURTHEST);

/** Margins for probabilities, logarithms of the probabilities of classes, amounts as they are. */
export const linkFor = ({ kind }: Question): Link =>
  kind === 'binary' ? 'logit' : kind === 'classes' ? 'softmax' : 'identity';

/** Answers a row: 1, or the number of classes. */
export const widthFor = ({ kind, classes = 2 }: Question): number => (kind === 'classes' ? classes : 1);

/**
 * A member's opinion of each row, [rows] or [rows, classes]; margins that have contributions stay whole.
 *
 * @param link of the ensemble: `log` where all members speak in logarithms of amounts
 */
export async function opinionOf(member: Model, frame: Frame, link: Link): Promise<Float64Array> {
  if (link === 'identity') return member.predict(frame);
  if (link === 'softmax') return logarithms(await member.predict(frame));
  const margin = await member.margin(frame);
  if (link === 'log' || member.attribute) return margin;
  return margin.map((m) => Math.min(FURTHEST, Math.max(-FURTHEST, m)));
}

/** The same of predictions that were made before. */
export function opinionsIn(predicted: Float64Array, { kind }: Question): Float64Array {
  if (kind === 'amount') return predicted;
  return kind === 'binary' ? predicted.map((p) => logit(clampProbability(p, LEAST))) : logarithms(predicted);
}

const logarithms = (probabilities: Float64Array): Float64Array =>
  probabilities.map((p) => Math.log(Math.max(LEAST, p)));

/** Predictions from a sum of opinions, in place. */
export const fromOpinions = (sum: Float64Array, question: Question): Float64Array =>
  fromMargin(linkFor(question), sum, widthFor(question));

/** The opinions at some rows. */
export function takeOpinions(opinions: Opinions, rows: ArrayLike<number>, question: Question): Opinions {
  const width = widthFor(question);
  const taken = (values: Float64Array, each: number) => {
    const part = new Float64Array(rows.length * each);
    for (let i = 0; i < rows.length; i++)
      for (let c = 0; c < each; c++) part[i * each + c] = values[rows[i] * each + c];
    return part;
  };
  return {
    members: opinions.members.map((opinion) => taken(opinion, width)),
    target: taken(opinions.target, 1),
    weight: taken(opinions.weight, 1),
  };
}
