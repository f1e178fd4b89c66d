// Adapters: small bottlenecks put behind the attention and feed-forward layers of any module.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { gelu } from '../../tensor/ops/activations.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { normal, zeros } from '../initialise.ts';
import { linear } from '../layers/linear.ts';
import { defineModule, type Module } from '../module.ts';
import { byPattern, type NameTest } from './pattern.ts';

export interface AdapterOptions {
  /** Width of the bottleneck. */
  readonly width: number;
  /** Kinds of modules whose output is adapted; `attention` and `feedForward` by default. */
  readonly kinds?: readonly string[];
  /** Patterns of paths of modules; all by default. */
  readonly match?: string | readonly string[];
}

const NAME = 'adapter';

/** Whether a parameter is one that `withAdapters` added. */
export const isAdapter: NameTest = byPattern([`**.${NAME}.**`]);

/** x + gelu(x·W₁ + b₁)·W₂ + b₂; W₂ starts at 0, so at first nothing changes. */
function adapter(width: number): Module<Tensor, Tensor> {
  return defineModule('adapter', (scope, x) => {
    const narrow = gelu(scope.apply('down', linear({ width, initialise: normal(0.02) }), x));
    const wide = scope.apply('up', linear({ width: x.shape.at(-1) as number, initialise: zeros }), narrow);
    return add(x, wide);
  });
}

/**
 * The module with an adapter behind each inner module of the kinds named. The adapter of a module at `path` has its
 * parameters under `path.adapter`.
 *
 * @throws AppError NOT_FOUND when there is no such module inside
 * @see Houlsby et al. 2019, arXiv:1902.00751, §2.1
 */
export function withAdapters<Input, Output>(
  module: Module<Input, Output>,
  { width, kinds = ['attention', 'feedForward'], match = '**' }: AdapterOptions,
): Module<Input, Output> {
  const matches = byPattern(match);
  return defineModule(module.kind, (outer, input) => {
    let placed = 0;
    const scope = outer.withTap((path, kind, x, inner) => {
      const isOutput = path === inner.path;
      if (!isOutput || !kinds.includes(kind) || !matches(path) || isAdapter(`${path}.`)) return undefined;
      placed++;
      return inner.apply(NAME, adapter(width), x);
    });
    const output = module.build(scope, input);
    if (placed === 0)
      throw new AppError(
        'NOT_FOUND',
        `withAdapters: expected a module of kind ${kinds.join(' or ')}, got none`,
      );
    return output;
  });
}
