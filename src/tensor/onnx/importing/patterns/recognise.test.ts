// What exporters take apart is put together again where it is exactly that, and left alone where it is nearly that.

import { describe, expect, it } from 'vitest';
import { random } from '../../../../core/random.ts';
import { evaluate } from '../../../evaluate.ts';
import { nodesBelow, type Tensor } from '../../../graph.ts';
import { tanh } from '../../../ops/activations.ts';
import { add, div, mul, sub, where } from '../../../ops/arithmetic.ts';
import { equal, not } from '../../../ops/comparison.ts';
import { erf, pow, reciprocal, sqrt, square } from '../../../ops/elementwise.ts';
import { constant, input } from '../../../ops/leaf.ts';
import { matmul } from '../../../ops/matrix.ts';
import { mean } from '../../../ops/reductions.ts';
import { softmax } from '../../../ops/softmax.ts';
import { transpose } from '../../../ops/structure.ts';
import { volume } from '../../../type.ts';
import { recognise } from './recognise.ts';

const x = input('x', 'float', [2, 3, 4]);
const other = input('other', 'float', [2, 3, 4]);
const scale = input('scale', 'float', [4]);
const shift = input('shift', 'float', [4]);
const LEAVES = [x, other, scale, shift];

/** The graph after recognition, checked to compute what it computed before. */
function opsOf(before: Tensor): readonly string[] {
  const draws = random(2);
  const feeds = Object.fromEntries(
    LEAVES.map(({ node, shape }) => [
      node.attributes.name as string,
      Float64Array.from({ length: volume(shape) }, () => draws.normal()),
    ]),
  );
  const [after] = recognise([before]) as readonly [Tensor];
  const [want, got] = evaluate([before, after], feeds) as readonly [Float64Array, Float64Array];
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 6);
  return nodesBelow([after]).map(({ op }) => op.name);
}

describe('layer norm', () => {
  const written = (squared: (centred: Tensor) => Tensor, axis = -1, of = x) => {
    const centred = sub(x, mean(of, axis, { keep: true }));
    const normal = div(centred, sqrt(add(mean(squared(centred), axis, { keep: true }), 1e-5)));
    return add(shift, mul(scale, normal));
  };

  it.each([
    ['a power', (c: Tensor) => pow(c, 2)],
    ['a square', square],
    ['a product with itself', (c: Tensor) => mul(c, c)],
  ])('is found when its square is written as %s', (_, squared) =>
    expect(opsOf(written(squared))).toContain('layerNorm'),
  );

  it('is found without a shift', () => {
    const centred = sub(x, mean(x, -1, { keep: true }));
    const normal = div(centred, sqrt(add(mean(square(centred), -1, { keep: true }), 1e-5)));
    expect(opsOf(mul(normal, scale))).toContain('layerNorm');
  });

  it('is not found over another axis, around the mean of something else, or of third powers', () => {
    for (const near of [written(square, 1), written(square, -1, other), written((c) => mul(c, square(c)))])
      expect(nodesBelow(recognise([near])).map(({ op }) => op.name)).not.toContain('layerNorm');
  });
});

describe('RMS norm', () => {
  const root = (of: Tensor, axis = -1) => sqrt(add(mean(pow(of, 2), axis, { keep: true }), 1e-6));

  it.each([
    ['a quotient', () => div(x, root(x))],
    ['a product with one over the root', () => mul(x, div(constant([1], []), root(x)))],
    ['a product with the reciprocal', () => mul(reciprocal(root(x)), x)],
  ])('is found when written as %s', (_, write) => {
    const found = nodesBelow(recognise([mul(scale, write())])).map(({ op }) => op.name);
    expect(found).toContain('divideByRms');
    expect(opsOf(mul(scale, write()))).toEqual(found);
  });

  it('is not found over another axis or by the size of something else', () => {
    for (const near of [div(x, root(x, 1)), div(x, root(other))])
      expect(opsOf(mul(scale, near))).not.toContain('divideByRms');
  });
});

describe('GELU', () => {
  const bent = (of: Tensor, cube: Tensor, slope = 0.044715) =>
    mul(mul(x, 0.5), add(tanh(mul(add(of, mul(cube, slope)), Math.sqrt(2 / Math.PI))), 1));

  it('is found in its approximation by tanh, and not with another slope or cube', () => {
    for (const cube of [pow(x, 3), mul(mul(x, x), x)]) expect(opsOf(bent(x, cube))).toContain('geluTanh');
    for (const near of [bent(x, pow(x, 3), 0.05), bent(x, pow(x, 2)), bent(other, pow(other, 3))])
      expect(opsOf(near)).not.toContain('geluTanh');
  });

  const gate = (of: Tensor, root = Math.SQRT2) => add(erf(div(of, root)), 1);

  it.each([
    ['the half last', () => mul(mul(x, gate(x)), 0.5)],
    ['the half first', () => mul(mul(0.5, x), gate(x))],
    ['the half at the gate', () => mul(x, mul(gate(x), 0.5))],
    ['a multiplication by the root', () => mul(mul(x, add(1, erf(mul(x, Math.SQRT1_2)))), 0.5)],
    [
      'an operand that is a product itself',
      () => {
        const product = mul(x, other);
        return mul(mul(product, gate(product)), 0.5);
      },
    ],
  ])('is found with %s', (_, write) => {
    const ops = opsOf(write());
    expect(ops).toContain('gelu');
    expect(ops).not.toContain('erf');
  });

  it('is not found with another factor, another root, or a gate of something else', () => {
    const near = [
      mul(mul(x, add(erf(div(x, Math.SQRT2)), 2)), 0.5),
      mul(mul(x, gate(x)), 0.6),
      mul(mul(x, gate(x, 1.5)), 0.5),
      mul(mul(x, gate(other)), 0.5),
    ];
    for (const one of near) expect(opsOf(one)).not.toContain('gelu');
  });
});

describe('attention', () => {
  const bias = constant([0, -1, 0.5], [1, 1, 3]);
  const position = constant([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3]);
  const value = mul(other, 2);
  const dots = () => matmul(x, transpose(other));

  it.each([
    ['no scale', () => dots()],
    ['scores divided', () => div(dots(), Math.sqrt(4))],
    ['scores multiplied', () => mul(0.5, dots())],
    ['queries and keys multiplied', () => matmul(mul(x, 0.7), mul(transpose(other), 0.7))],
    ['a bias', () => add(mul(dots(), 0.5), bias)],
    ['a bias of position and a mask', () => add(add(mul(dots(), 0.5), position), bias)],
    ['a bias in front', () => add(bias, mul(dots(), 0.5))],
  ])('is found with %s', (_, scores) => {
    const ops = opsOf(matmul(softmax(scores()), value));
    expect(ops).toContain('attention');
    expect(ops).not.toContain('softmax');
  });

  it('gives 0 to a query that sees no key, as the guard of the exporter does', () => {
    const sees = constant([1, 1, 0, 0, 0, 0, 1, 1, 1], [1, 3, 3], 'bool');
    const weights = softmax(add(dots(), where(sees, 0, Number.NEGATIVE_INFINITY)));
    const guarded = where(not(equal(weights, weights)), 0, weights);
    expect(opsOf(matmul(guarded, value))).toContain('attention');
  });

  it('is not found over another axis of the scores, or without a product in them', () => {
    const near = [
      matmul(softmax(dots(), 1), value),
      matmul(softmax(transpose(matmul(x, transpose(other)))), value),
    ];
    for (const one of near) expect(opsOf(one)).not.toContain('attention');
  });
});
