// How large an encoder of the BERT kind is, as plain data: read from a config.json, kept in a plan.
import type { Json } from '../../core/canonical-json.ts';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';

/** What BERT, RoBERTa and DistilBERT differ in besides the names of their weights. */
export interface BertShape {
  /** Rows of the table of pieces. */
  readonly vocabulary: number;
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  /** Width inside the feed-forward layer. */
  readonly inner: number;
  readonly activation: 'gelu' | 'relu' | 'silu';
  /** Of every layer norm. */
  readonly epsilon: number;
  /** Rows of the table of places. */
  readonly places: number;
  /** Row of the first piece: RoBERTa counts from its padding's id + 1. */
  readonly firstPlace: number;
  /** Rows of the table of text kinds, of which we read the first; 0 where there is none. */
  readonly types: number;
}

const COUNTS = ['vocabulary', 'width', 'blocks', 'heads', 'inner', 'places'] as const;
const ACTIVATIONS: readonly string[] = ['gelu', 'relu', 'silu'] satisfies readonly BertShape['activation'][];

/**
 * The shape a plan keeps.
 *
 * @throws AppError BAD_FILE for one that no encoder has
 */
export function bertShape(value: Json | undefined): BertShape {
  const shape = (isRecord(value) ? value : {}) as Partial<Record<keyof BertShape, unknown>>;
  for (const name of COUNTS)
    if (!isCount(shape[name], 1)) throw bad(name, 'a whole number from 1 on', shape[name]);
  for (const name of ['firstPlace', 'types'] as const)
    if (!isCount(shape[name], 0)) throw bad(name, 'a whole number from 0 on', shape[name]);
  const { activation, epsilon, width, heads, places, firstPlace } = shape as BertShape;
  if (!ACTIVATIONS.includes(activation))
    throw bad('activation', `one of ${ACTIVATIONS.join(', ')}`, activation);
  if (!(typeof epsilon === 'number' && epsilon > 0 && epsilon < 1))
    throw bad('epsilon', 'a number in (0, 1)', epsilon);
  if (width % heads !== 0) throw bad('heads', `a number that divides the width, ${width}`, heads);
  if (firstPlace >= places) throw bad('places', `more rows than the first place, ${firstPlace}`, places);
  return shape as BertShape;
}

const isCount = (value: unknown, from: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value < 2 ** 31;

const bad = (name: string, wanted: string, got: unknown): AppError =>
  new AppError('BAD_FILE', `encoder's shape: expected ${name} to be ${wanted}, got ${String(got)}`);
