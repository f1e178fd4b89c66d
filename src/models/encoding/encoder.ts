// What every encoder promises: columns of numbers in place of one that few models can read, learned inside a fit.
import { AppError } from '../../core/errors.ts';
import { type Column, type Frame, findColumn, type NumberColumn } from '../../core/frame.ts';
import type { Name } from '../../core/name.ts';
import type { Json, Question, SavedModel } from '../estimator.ts';

/** A fitted encoder: immutable, and the same for every frame it is asked about. */
export interface Encoder {
  readonly kind: 'text' | 'target' | 'date';
  /** The column it stands in for; explanations credit this one. */
  readonly source: string;
  /** Columns it reads, the source first. */
  readonly inputs: readonly string[];
  /** Names of the columns it gives, in order. */
  readonly outputs: readonly string[];
  /** @throws AppError SHAPE when the frame lacks an input, or has it as another kind */
  encode(frame: Frame): Promise<readonly Column[]>;
  save(): SavedEncoder;
}

/** An encoder at rest. */
export interface SavedEncoder {
  readonly kind: Encoder['kind'];
  readonly state: Json;
  readonly arrays: NonNullable<SavedModel['arrays']>;
}

/** An encoder and what it says of the rows it learned from, each row encoded without its own customer. */
export interface CrossFitted {
  readonly encoder: Encoder;
  readonly training: readonly Column[];
}

/** A bulk array of a saved encoder. @throws AppError BAD_FILE when it is absent or of another type */
export function savedArray<T>({ arrays }: SavedEncoder, key: string, type: new (length: number) => T): T {
  const array = arrays[key];
  if (array instanceof type) return array;
  throw new AppError('BAD_FILE', `a saved encoder needs its numbers in "${key}"; train the model again`);
}

/** What encoders that learn from the target are given. */
export interface Lesson {
  /** What is to be foretold: one array [rows] for a binary question or an amount, one a class beyond two classes. */
  readonly targets: readonly Float64Array[];
  readonly isBinary: boolean;
  /** [rows], mean one. */
  readonly weight: Float64Array;
  readonly entities: readonly string[];
  /** [rows], each in 0 … foldCount − 1; rows of one customer share a fold. */
  readonly folds: Uint8Array;
  readonly foldCount: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** What a column is, besides its values. */
export interface About {
  readonly name: string;
  readonly label: Name;
  readonly group: string;
}

export const aboutColumn = ({ name, label, group }: Column): About => ({ name, label, group });

/** What a column made from another is; no column of a table is likely to be called so. */
export const derivedAbout = ({ name, label, group }: About, part: Name): About => ({
  name: `${name} › ${part.en}`,
  label: { en: `${label.en}: ${part.en}`, zh: `${label.zh}：${part.zh}` },
  group,
});

export const derivedColumn = (about: About, part: Name, values: Float64Array): NumberColumn => ({
  kind: 'number',
  ...derivedAbout(about, part),
  unit: 'none',
  values,
});

/** The column an encoder was fitted on. @throws AppError SHAPE when it is absent or of another kind */
export function inputColumn<K extends Column['kind']>(
  frame: Frame,
  name: string,
  kind: K,
): Extract<Column, { kind: K }> {
  const column = findColumn(frame, name);
  if (column?.kind === kind) return column as Extract<Column, { kind: K }>;
  throw new AppError(
    'SHAPE',
    `expected a ${kind} column "${name}", got ${column ? `a ${column.kind} column` : 'none'}; ` +
      'use the columns the model was trained on',
  );
}

/** Amounts beyond this share of either tail are pulled in: one order must not decide a level or a word. */
const TAIL_SHARE = 0.005;

/** The target as encoders learn it: 0 or 1 for each class that needs a column of its own, amounts without wild tails. */
export function lessonTargets(question: Question, target: Float64Array): readonly Float64Array[] {
  if (question.kind === 'binary') return [target];
  if (question.kind === 'amount') {
    const rising = target.slice().sort();
    const low = rising[Math.floor(TAIL_SHARE * (rising.length - 1))];
    const high = rising[Math.ceil((1 - TAIL_SHARE) * (rising.length - 1))];
    return [target.map((y) => Math.min(high, Math.max(low, y)))];
  }
  return targetClasses(question).map((k) => target.map((y) => Number(y === k)));
}

/** Classes with a column of their own: of two the second says it all. */
export function targetClasses({ classes = 2 }: Question): readonly number[] {
  return classes === 2 ? [1] : Array.from({ length: classes }, (_, k) => k);
}
