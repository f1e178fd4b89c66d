// The check of gradients is worth something: a wrong rule fails it, whichever row of the op table it is wrong in.

import { describe, expect, it } from 'vitest';
import type { AnyOp, Cotangent, GradientPart, Op, Tensor } from '../graph.ts';
import { mul, neg } from '../ops/arithmetic.ts';
import { OPS } from '../ops.ts';
import { checkGradient } from './check.ts';

type Gradient = NonNullable<Op<never>['gradient']>;

/** Ways to be wrong: each changes what a rule returns for one of its inputs. */
const MISTAKES: Readonly<Record<string, (part: Cotangent) => Cotangent>> = {
  'scaled by 1.01': (part) => changed(part, (values) => mul(values, 1.01)),
  'with its sign flipped': (part) => changed(part, neg),
  'left out': () => undefined,
};

const differentiable = OPS.filter((op) => op.gradient !== undefined && op.cases.length > 0);

describe.each(differentiable.map((op) => [op.name, op] as const))('%s', (_, op) => {
  it.each(Object.entries(MISTAKES))('is caught with the gradient of any one input %s', (_name, mistake) => {
    for (const at of floatInputs(op)) {
      const wrong = { ...op, gradient: wrongAt(op.gradient as Gradient, at, mistake) } as AnyOp;
      const errors = op.cases
        .filter((one) => at < one.inputs.length)
        .map((one) => checkGradient(wrong, one).error);
      expect(Math.max(...errors), `${op.name}, input ${at}`).toBeGreaterThan(1e-4);
    }
  });
});

/** Places of inputs that have a gradient in some case. */
function floatInputs(op: AnyOp): readonly number[] {
  const places = op.cases.flatMap(({ inputs }) =>
    inputs.flatMap(({ dtype }, i) => (dtype === 'float' ? [i] : [])),
  );
  return [...new Set(places)];
}

function wrongAt(rule: Gradient, at: number, mistake: (part: Cotangent) => Cotangent): Gradient {
  return (call, cotangents) => rule(call, cotangents).map((part, i) => (i === at ? mistake(part) : part));
}

function changed(cotangent: Cotangent, change: (values: Tensor) => Tensor): Cotangent {
  if (cotangent === undefined) return undefined;
  if (Array.isArray(cotangent)) return cotangent.map((part) => changedPart(part, change));
  return changedPart(cotangent as GradientPart, change);
}

function changedPart(part: GradientPart, change: (values: Tensor) => Tensor): GradientPart {
  return 'indices' in part ? { ...part, values: change(part.values) } : change(part);
}
