// Weights for a network that has met more: each number stays where its meaning is, what is new begins as what is unknown.
import { AppError } from '../../../../core/errors.ts';
import type { Random } from '../../../../core/random.ts';
import { initialValues } from '../../../../nn/initialise.ts';
import type { ParameterSpec } from '../../../../nn/module.ts';
import { UNKNOWN_ROW } from '../events/tokens.ts';
import type { Values } from '../trained.ts';

/** The table of items' own rows; all others grow at their end. */
export const ITEM_TABLE = 'trunk.item.weight';

/**
 * @param old by name; what is not among them begins as it is drawn
 * @param parameters of the network as it is now
 * @param wasRow of the item table, see `GrownPlan`
 * @throws AppError BAD_FILE for weights of another network
 */
export function growValues(
  old: Values,
  parameters: readonly ParameterSpec[],
  wasRow: Int32Array,
  draws: Random,
): Record<string, Float32Array> {
  const drawn = initialValues(parameters, draws);
  return Object.fromEntries(
    parameters.map(({ name, tensor: { shape } }) => {
      const before = old[name];
      if (before === undefined) return [name, drawn[name]];
      if (name === ITEM_TABLE) return [name, byRow(before, wasRow, shape[1])];
      if (before.length === drawn[name].length) return [name, before.slice()];
      // Tables are read by their rows; a head answers a class a column.
      return [
        name,
        name.startsWith('trunk.')
          ? moreRows(name, before, shape)
          : moreColumns(name, before, { shape, drawn: drawn[name] }),
      ];
    }),
  );
}

/** What is known of the weights that were there before. */
export interface Held {
  readonly isNew: (name: string) => boolean;
  readonly wasRow: Int32Array;
  /** Of each weight, what it was before. */
  readonly hold: number;
}

/**
 * Weights between what they were and what was learned; rows of new items, and parts there were not, as they were learned.
 *
 * @see Wortsman et al. 2022 (WiSE-FT), arXiv:2109.01903: on the straight way between them both kinds of quality are near their best
 */
export function holdBack(learned: Values, before: Values, { isNew, wasRow, hold }: Held): Values {
  if (hold === 0) return learned;
  return Object.fromEntries(
    Object.entries(learned).map(([name, values]) => {
      const was = before[name];
      if (isNew(name) || was === undefined) return [name, values];
      const width = name === ITEM_TABLE ? values.length / wasRow.length : values.length;
      return [
        name,
        values.map((value, i) =>
          name === ITEM_TABLE && wasRow[Math.floor(i / width)] < 0 ? value : value + hold * (was[i] - value),
        ),
      ];
    }),
  );
}

function byRow(before: Float32Array, wasRow: Int32Array, width: number): Float32Array {
  const grown = new Float32Array(wasRow.length * width);
  wasRow.forEach((row, at) => {
    const from = (row < 0 ? UNKNOWN_ROW : row) * width;
    grown.set(before.subarray(from, from + width), at * width);
  });
  return grown;
}

/** Level 0 of every table is "not known". */
function moreRows(name: string, before: Float32Array, [rows, width]: readonly number[]): Float32Array {
  const known = before.length / width;
  if (!Number.isInteger(known) || known > rows) throw another(name);
  return byRow(
    before,
    Int32Array.from({ length: rows }, (_, row) => (row < known ? row : 0)),
    width,
  );
}

function moreColumns(
  name: string,
  before: Float32Array,
  { shape, drawn }: { readonly shape: readonly number[]; readonly drawn: Float32Array },
): Float32Array {
  const columns = shape[shape.length - 1];
  const rows = drawn.length / columns;
  const known = before.length / rows;
  if (!Number.isInteger(known) || known > columns) throw another(name);
  const grown = drawn.slice();
  for (let row = 0; row < rows; row++)
    grown.set(before.subarray(row * known, (row + 1) * known), row * columns);
  return grown;
}

const another = (name: string): AppError =>
  new AppError(
    'BAD_FILE',
    `expected weights of the network that is continued, "${name}" has other sizes; fit it afresh`,
  );
