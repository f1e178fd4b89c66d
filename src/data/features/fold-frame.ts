// From folded users to a frame: the same columns, labels and levels that SQL gives of the same users.
import { type Column, type Frame, makeFrame } from '../../core/frame.ts';
import { compareTexts } from '../../core/text-order.ts';
import { sequenceReading } from './classes.ts';
import type { FeatureDefinition, FeatureView } from './definition.ts';
import type { FeatureValue } from './fold.ts';
import { columnKind } from './formula.ts';
import { keptLevels } from './sql/levels.ts';

/**
 * One row a user; row i is `users[i]`, its values in the view's order.
 *
 * @param currency of the shop's amounts, `''` where there are none
 */
export function foldFrame(
  { features }: FeatureView,
  users: readonly (readonly FeatureValue[])[],
  currency: string,
): Frame {
  const columns = features.map((feature, f) =>
    foldColumn(
      feature,
      users.map((values) => values[f]),
    ),
  );
  return makeFrame(columns, { rows: users.length, currency });
}

function foldColumn({ name, label, unit, group, rule }: FeatureDefinition, values: FeatureValue[]): Column {
  const base = { name, label, unit, group };
  if (rule.kind === 'sequence') {
    const lists = values as (readonly (string | null)[])[];
    const reading = sequenceReading(name, rule);
    const offsets = new Uint32Array(lists.length + 1);
    lists.forEach((list, row) => {
      offsets[row + 1] = offsets[row] + list.length;
    });
    const told = lists.flat();
    // Classes have an order of their own; texts are sorted, as SQL numbers them.
    const levels = reading.kind === 'text' ? sortedTexts(told) : reading.levels;
    return { ...base, kind: 'sequence', offsets, ...keptLevels(codesOf(told, levels), levels) };
  }
  if (columnKind(rule) === 'category') {
    const told = values as (string | null)[];
    const levels = sortedTexts(told);
    return { ...base, kind: 'category', codes: codesOf(told, levels), levels };
  }
  return { ...base, kind: 'number', values: Float64Array.from(values as number[]) };
}

const sortedTexts = (values: readonly (string | null)[]): readonly string[] =>
  [...new Set(values.filter((value) => value !== null))].sort(compareTexts);

function codesOf(values: readonly (string | null)[], levels: readonly string[]): Int32Array {
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  return Int32Array.from(values, (value) => (value === null ? -1 : (codeOf.get(value) ?? -1)));
}
