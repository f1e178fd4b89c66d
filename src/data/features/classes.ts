// Numbers told in classes: between which two cuts they lie. One file for SQL and for the online fold.
import { AppError } from '../../core/errors.ts';
import type { SequenceRule } from './definition.ts';
import { fieldNamed } from './fields.ts';

/** The class of what lies below the first cut. */
export const BELOW = 'below';

/** Names of the classes of rising cuts, lowest first: each is called by the cut it begins at. */
export const classNames = (cuts: readonly number[]): readonly string[] => [BELOW, ...cuts.map(String)];

/** Which class a number falls into: how many cuts it reaches. */
export function classOf(cuts: readonly number[], value: number): number {
  let reached = 0;
  while (reached < cuts.length && value >= cuts[reached]) reached++;
  return reached;
}

/** The same over an SQL expression; NULL stays NULL. */
export const classSql = (cuts: readonly number[], value: string): string =>
  `CASE ${cuts.map((cut, reached) => `WHEN ${value} < ${cut} THEN ${reached}`).join(' ')} WHEN ${value} IS NOT NULL THEN ${cuts.length} END`;

/** What a sequence rule reads, checked. `cuts` are on the field's own scale, as it is stored. */
export type SequenceReading =
  | { readonly kind: 'text'; readonly field: string }
  | {
      readonly kind: 'classes';
      readonly measure: 'value' | 'gap' | 'age';
      readonly field: string;
      readonly cuts: readonly number[];
      readonly levels: readonly string[];
    };

/** @throws AppError BAD_DEFINITION when field, measure, cuts and limit do not go together */
export function sequenceReading(name: string, rule: SequenceRule): SequenceReading {
  const { field, measure = 'value', cuts, limit } = rule;
  const complain = (expected: string): never => {
    throw new AppError('BAD_DEFINITION', `feature "${name}": a sequence takes ${expected}`);
  };
  if (!(Number.isSafeInteger(limit) && limit > 0)) complain(`a limit of at least 1, got ${limit}`);
  const known = fieldNamed(field);
  if (known.kind === 'text') {
    if (measure !== 'value' || cuts)
      complain(`no measure and no cuts of a text field, got "${field}" with them`);
    return { kind: 'text', field };
  }
  if (measure !== 'value' && field !== 'timestamp')
    complain(`the field "timestamp" for "${measure}", got "${field}"`);
  const given = cuts ?? [];
  const isRising = given.every((cut, i) => Number.isFinite(cut) && (i === 0 || cut > given[i - 1]));
  if (given.length === 0 || !isRising) complain(`rising cuts for a number such as "${field}"`);
  const scaled = given.map((cut) => Math.round(cut * known.scale));
  return { kind: 'classes', measure, field, cuts: scaled, levels: classNames(given) };
}
