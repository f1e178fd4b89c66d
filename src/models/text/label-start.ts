// Few labels: the head begins at what each class means in words, so that the first texts are told apart before any is learned from.
import { AppError } from '../../core/errors.ts';
import type { TextQuestion } from './network.ts';

/** What a class is called in words. */
export interface LabelDescription {
  /** 0 … classes − 1; 1 and 0 of a yes-or-no question. */
  readonly label: number;
  readonly text: string;
}

/** `1=wonderful, I recommend it;0=bad`: the descriptions by class. @throws AppError USAGE for what is not such a list */
export function readDescriptions(
  labels: string,
  { kind, answers }: TextQuestion,
): readonly LabelDescription[] {
  const classes = kind === 'classes' ? answers : 2;
  const described = labels.split(/[;；]/).map((part): LabelDescription => {
    const at = part.search(/[=＝]/);
    const label = Number(part.slice(0, at).trim());
    const text = part.slice(at + 1).trim();
    if (at < 1 || text === '' || !Number.isInteger(label) || label < 0 || label >= classes)
      throw new AppError(
        'USAGE',
        `expected descriptions of labels as 0=…;1=… with labels under ${classes}, got ${part.trim() === '' ? 'an empty one' : 'another'}`,
      );
    return { label, text };
  });
  const named = new Set(described.map(({ label }) => label));
  if (kind === 'amount') throw new AppError('USAGE', 'amounts have no labels to describe');
  if (named.size !== classes || described.length !== classes)
    throw new AppError(
      'USAGE',
      `expected one description for each of ${classes} labels, got ${described.length}`,
    );
  return described.toSorted((a, b) => a.label - b.label);
}

export interface LabelStart {
  /** [width, answers] */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/**
 * A head that leans each text towards the descriptions its vector is like: rows of the weight are the descriptions' vectors
 * less their mean, times `strength`; on average over the texts it says nothing.
 *
 * @param descriptions vectors of the descriptions by class, [classes, width]
 * @param texts        vectors of the texts, [rows, width]
 */
export function labelStart(
  descriptions: Float32Array,
  texts: Float32Array,
  { answers, strength }: { readonly answers: number; readonly strength: number },
): LabelStart {
  const classes = Math.max(2, answers);
  const width = descriptions.length / classes;
  const rows = texts.length / width;
  const weight = new Float32Array(width * answers);
  const bias = new Float32Array(answers);
  for (let j = 0; j < width; j++) {
    const at = (k: number): number => descriptions[k * width + j];
    const middle = Array.from({ length: classes }, (_, k) => at(k)).reduce((a, b) => a + b, 0) / classes;
    for (let k = 0; k < answers; k++)
      weight[j * answers + k] = strength * (answers === 1 ? at(1) - at(0) : at(k) - middle);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += texts[row * width + j];
    for (let k = 0; k < answers; k++) bias[k] -= (sum / rows) * weight[j * answers + k];
  }
  return { weight, bias };
}

/** Strengths worth trying: margins move by about so much for one spread of likeness. */
export const STRENGTHS: readonly number[] = [0, 0.25, 0.5, 1, 2, 4];

/** What brings margins of a unit-strength head to a spread of one. */
export function unitStrength(margins: Float64Array): number {
  const mean = margins.reduce((a, b) => a + b, 0) / margins.length;
  const variance = margins.reduce((sum, value) => sum + (value - mean) ** 2, 0) / margins.length;
  return variance > 0 ? 1 / Math.sqrt(variance) : 0;
}
