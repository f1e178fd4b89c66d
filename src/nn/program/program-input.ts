// What a program is fed: shape and kind of an input, and which numbers it may hold where it names rows of a table.

import { nodesBelow, type Tensor } from '../../tensor/graph.ts';
import { isInput, leafName } from '../../tensor/ops/leaf.ts';
import type { DType } from '../../tensor/type.ts';

export interface ProgramInput {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Of ids that a `gather` reads rows by: all lie in [0, below). */
  readonly below?: number;
}

/** The inputs of a graph as plain data, `below` with them. */
export function programInputs(
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, ProgramInput>> {
  const rows = rowsNamed(Object.values(outputs));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => {
      const below = rows.get(name);
      return [name, { dtype, shape, ...(below === undefined ? {} : { below }) }];
    }),
  );
}

/** Input → rows of the smallest table whose rows it names, whatever lies between that changes no number. */
function rowsNamed(outputs: readonly Tensor[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { op, inputs, attributes } of nodesBelow(outputs)) {
    if (op.name !== 'gather' || (attributes as { readonly axis?: number }).axis !== 0) continue;
    const [table, places] = inputs as readonly [Tensor, Tensor];
    const ids = unchanged(places);
    if (!isInput(ids)) continue;
    const name = leafName(ids);
    found.set(name, Math.min(found.get(name) ?? Number.POSITIVE_INFINITY, table.shape[0] as number));
  }
  return found;
}

const KEEPS_NUMBERS: ReadonlySet<string> = new Set(['reshape', 'transpose', 'cast']);

function unchanged(ids: Tensor): Tensor {
  const [source] = ids.node.inputs;
  const { dtype } = source ?? {};
  return source !== undefined &&
    KEEPS_NUMBERS.has(ids.node.op.name) &&
    (dtype === 'int32' || dtype === 'int64')
    ? unchanged(source)
    : ids;
}
