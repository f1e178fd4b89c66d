// Events and items as vectors: a row for the item, one for each thing known of it, and what a trunk reads of a batch.
import { normal } from '../../../../nn/initialise.ts';
import { defineModule, type Module, type Scope } from '../../../../nn/module.ts';
import type { InputSpec, SymbolicBatch } from '../../../../nn/program/training-program.ts';
import type { Tensor } from '../../../../tensor/graph.ts';
import { add } from '../../../../tensor/ops/arithmetic.ts';
import { gather } from '../../../../tensor/ops/indexing.ts';
import { fuseItems } from '../fusion/fused-items.ts';
import { fedWidth } from '../fusion/plan-vectors.ts';
import { GAP_LEVELS, type ItemTokens, type TokenPlan, type Tokens } from './tokens.ts';

/** Items as ids of rows: of the item table, and of the table of each column. */
export interface ItemCodes {
  /** int32 [...] */
  readonly rows: Tensor;
  /** int32 [...], one a column of the plan. */
  readonly columns: readonly Tensor[];
  /** int32 [...]; where the plan has vectors. */
  readonly levels?: Tensor;
  /** [..., fedWidth], one a kind of vector of the plan. */
  readonly vectors: readonly Tensor[];
}

/** Items as vectors [..., width]: a row of their own and one for what is known of them, so that a new item is not unknown. */
export function itemTower({ rows, columns, vectors }: TokenPlan, width: number): Module<ItemCodes, Tensor> {
  return defineModule('itemTower', (scope, codes) => {
    const own = gather(scope.parameter('weight', { rows, width }, normal()), codes.rows);
    const fused = codes.levels
      ? fuseItems(scope, vectors, width, { own, levels: codes.levels, vectors: codes.vectors })
      : own;
    return columns.reduce(
      (sum, { levels }, c) =>
        add(sum, gather(scope.parameter(`column${c}`, { levels, width }, normal()), codes.columns[c])),
      fused,
    );
  });
}

/** The inputs a trunk reads, by name: those of `tokenFeeds`. */
export function tokenSpecs(
  plan: TokenPlan,
  axes: Readonly<Record<string, number>>,
): Record<string, InputSpec> {
  const ids: InputSpec = { dtype: 'int32', axes };
  return {
    ...itemSpecs('event', plan, axes),
    ...(plan.typeLevels.length > 0 && { types: ids }),
    ...(plan.timed && { gaps: ids, seconds: ids }),
    ...Object.fromEntries(plan.marks.map((_, m) => [`mark${m}`, ids] as const)),
    ...(plan.masked && { present: { dtype: 'float', axes } as const }),
  };
}

/** Inputs for items under a name of their own: the events read, the targets, the negatives. */
export function itemSpecs(
  name: string,
  { columns, vectors }: TokenPlan,
  axes: Readonly<Record<string, number>>,
): Record<string, InputSpec> {
  const ids: InputSpec = { dtype: 'int32', axes };
  return {
    [name]: ids,
    ...Object.fromEntries(columns.map((_, c) => [`${name}.column${c}`, ids] as const)),
    ...(vectors.length > 0 && { [`${name}.level`]: ids }),
    ...Object.fromEntries(
      vectors.map((own) => [
        `${name}.${own.name}`,
        { dtype: 'float', axes: { ...axes, fed: fedWidth(own) } } as const,
      ]),
    ),
  };
}

type Feeds = Record<string, Int32Array | Float32Array>;

/** Arrays for `tokenSpecs`. */
export function tokenFeeds(
  plan: TokenPlan,
  { types, gaps, seconds, present, marks, ...items }: Tokens,
): Feeds {
  return {
    ...itemFeeds('event', plan, items),
    ...(types && { types }),
    ...(gaps && { gaps }),
    ...(seconds && { seconds }),
    ...Object.fromEntries(marks.map((codes, m) => [`mark${m}`, codes] as const)),
    ...(present && { present }),
  };
}

export function itemFeeds(
  name: string,
  plan: TokenPlan,
  { rows, columns, levels, vectors }: ItemTokens,
): Feeds {
  return {
    [name]: rows,
    ...Object.fromEntries(columns.map((codes, c) => [`${name}.column${c}`, codes] as const)),
    ...(levels && { [`${name}.level`]: levels }),
    ...Object.fromEntries(plan.vectors.map((own, v) => [`${name}.${own.name}`, vectors[v]] as const)),
  };
}

/** The tensors of `itemSpecs`. */
export function itemCodes(name: string, { columns, vectors }: TokenPlan, batch: SymbolicBatch): ItemCodes {
  return {
    rows: batch[name],
    columns: columns.map((_, c) => batch[`${name}.column${c}`]),
    ...(vectors.length > 0 && { levels: batch[`${name}.level`] }),
    vectors: vectors.map((own) => batch[`${name}.${own.name}`]),
  };
}

/**
 * Events as vectors [batch, time, width]: the sum of what is known of each. Parameters `item`, `types`, `gaps`, `mark0`, …;
 * taps see them as `events`.
 */
export function eventVectors(scope: Scope, plan: TokenPlan, width: number, batch: SymbolicBatch): Tensor {
  const known = (name: string, levels: number): Tensor =>
    gather(scope.parameter(name, { levels, width }, normal()), batch[name]);
  const parts = [
    scope.apply('item', itemTower(plan, width), itemCodes('event', plan, batch)),
    ...(plan.typeLevels.length > 0 ? [known('types', plan.typeLevels.length + 1)] : []),
    ...(plan.timed ? [known('gaps', GAP_LEVELS)] : []),
    ...plan.marks.map(({ levels }, m) => known(`mark${m}`, levels)),
  ];
  return scope.tap('events', parts.reduce(add));
}
