// The op table, row by row: onnxruntime equals the reference in both precisions, the gradient equals the central difference.

import { describe, expect, it } from 'vitest';
import type { OpCase } from '../graph.ts';
import { OPS } from '../ops.ts';
import { nodeBackend } from '../session/session-node.ts';
import { checkGradient, checkOnnx } from './check.ts';

describe.each(OPS.filter((op) => op.cases.length > 0).map((op) => [op.name, op] as const))('%s', (_, op) => {
  const cases = op.cases.map((one, i) => [caseName(one, i), one] as const);

  it.each(cases)('in onnxruntime equals its reference: %s', async (_name, one) => {
    const { error, at } = await checkOnnx(op, one, nodeBackend);
    expect(error, at).toBeLessThanOrEqual(2e-5);
  });

  it.each(cases)('in onnxruntime in float64 equals its reference: %s', async (_name, one) => {
    const { error, at } = await checkOnnx(op, one, nodeBackend, 'double');
    expect(error, at).toBeLessThanOrEqual(1e-9);
  });

  if (op.gradient !== undefined)
    it.each(cases)('has the gradient the central difference has: %s', (_name, one) => {
      const { error, at } = checkGradient(op, one);
      expect(error, at).toBeLessThan(1e-5);
    });
});

it('has one row a name', () => {
  const names = OPS.map((op) => op.name);
  expect(new Set(names).size).toBe(names.length);
});

function caseName(one: OpCase, i: number): string {
  return one.name ?? `case ${i + 1} of [${one.inputs.map((sample) => sample.shape.join('×')).join('] [')}]`;
}
