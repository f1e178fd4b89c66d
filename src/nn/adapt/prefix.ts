// Prefixes: learned keys and values that every place of every attention sees in front of the sequence.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { concat, expand } from '../../tensor/ops/structure.ts';
import { normal } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';
import { byPattern, type NameTest } from './pattern.ts';

export interface PrefixOptions {
  /** How many keys and values each attention gets. */
  readonly length: number;
}

/** Whether a parameter is one that `withPrefix` added. */
export const isPrefix: NameTest = byPattern(['**.prefix.keys', '**.prefix.values']);

/**
 * The module with `length` learned keys and values, [heads, length, width / heads], in front of those of each attention
 * inside, under `path.prefix`. No mask hides them, and no position turns them.
 *
 * @throws AppError NOT_FOUND when there is no attention inside
 * @see Li and Liang 2021, arXiv:2101.00190, §4; without the reparametrisation, which only eases training from scratch
 */
export function withPrefix<Input, Output>(
  module: Module<Input, Output>,
  { length }: PrefixOptions,
): Module<Input, Output> {
  if (!Number.isInteger(length) || length < 1)
    throw new AppError('USAGE', `withPrefix: expected a whole length of at least 1, got ${length}`);
  return defineModule(module.kind, (outer, input) => {
    let placed = 0;
    const scope = outer.withTap((path, kind, x, inner): Tensor | undefined => {
      const name = PREFIXED.find((one) => path === `${inner.path}.${one}` || path === one);
      if (kind !== 'attention' || name === undefined) return undefined;
      placed++;
      const [batch, heads, , width] = x.shape as readonly [number, number, number, number];
      const learned = inner.parameter(`prefix.${name}`, { heads, length, width }, normal());
      return concat([expand(learned, { batch, heads, length, width }), x], 2);
    });
    const output = module.build(scope, input);
    if (placed === 0) throw new AppError('NOT_FOUND', 'withPrefix: expected an attention inside, got none');
    return output;
  });
}

const PREFIXED = ['keys', 'values'] as const;
