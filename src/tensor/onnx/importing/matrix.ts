// Nodes that multiply matrices: plain, general, and by Einstein's notation.

import { AppError } from '../../../core/errors.ts';
import type { Tensor } from '../../graph.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { type MatmulOptions, matmul } from '../../ops/matrix.ts';
import { reshape, transpose } from '../../ops/structure.ts';
import { volume } from '../../type.ts';
import { float, type ImportedNode, type Importers, operand, refusal, text, whole } from './node.ts';

export const MATRIX_IMPORTERS: Importers = {
  MatMul: (node) => product(operand(node, 0), operand(node, 1)),
  Gemm: (node) => {
    const options = {
      transposeLeft: whole(node, 'transA') === 1,
      transposeRight: whole(node, 'transB') === 1,
    };
    const scaled = times(matmul(operand(node, 0), operand(node, 1), options), float(node, 'alpha') ?? 1);
    const shift = node.inputs[2];
    return shift === undefined ? scaled : add(scaled, times(shift, float(node, 'beta') ?? 1));
  },
  Einsum: (node) => {
    const equation = (text(node, 'equation') ?? '').replaceAll(' ', '');
    const [, left, right, out] = /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]*)$/.exec(equation) ?? [];
    if (left === undefined || right === undefined || out === undefined || node.inputs.length !== 2)
      throw refusal(
        node,
        `expected an equation of two operands such as "bhid,bhjd->bhij", got "${equation}"`,
      );
    return contract(node, [left, right, out]);
  },
};

/** A vector on the left is a row, on the right a column, and the axis it lacks leaves the result. */
export function product(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const left = a.shape.length === 1 ? reshape(a, [{ size: 1 }, ...a.axes]) : a;
  const right = b.shape.length === 1 ? reshape(b, [...b.axes, { size: 1 }]) : b;
  const whole = matmul(left, right, options);
  const kept = whole.axes.filter(
    (_, i) =>
      !(a.shape.length === 1 && i === whole.axes.length - 2) &&
      !(b.shape.length === 1 && i === whole.axes.length - 1),
  );
  return reshape(whole, kept);
}

export function times(x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : mul(x, factor);
}

/** Two operands by letters: those of both and of the result are batches, those of both alone are summed. */
function contract(node: ImportedNode, [left, right, out]: readonly [string, string, string]): Tensor {
  const [a, b] = [operand(node, 0), operand(node, 1)];
  const sizes = new Map<string, number>();
  for (const [letters, { shape }] of [
    [left, a],
    [right, b],
  ] as const) {
    if (letters.length !== shape.length || new Set(letters).size !== letters.length)
      throw refusal(node, `expected ${shape.length} different letters for an operand, got "${letters}"`);
    for (const [i, letter] of [...letters].entries()) sizes.set(letter, shape[i] as number);
  }
  const inBoth = [...left].filter((letter) => right.includes(letter));
  const batch = inBoth.filter((letter) => out.includes(letter));
  const summed = inBoth.filter((letter) => !out.includes(letter));
  const rows = [...left].filter((letter) => !right.includes(letter));
  const columns = [...right].filter((letter) => !left.includes(letter));
  if ([...rows, ...columns].some((letter) => !out.includes(letter)))
    throw refusal(node, 'expected each letter of one operand alone to be in the result');

  const sized = (letters: readonly string[]): readonly number[] =>
    letters.map((letter) => sizes.get(letter) as number);
  const arranged = (x: Tensor, letters: string, order: readonly string[], shape: readonly number[]): Tensor =>
    reshape(
      ordered(
        x,
        order.map((letter) => letters.indexOf(letter)),
      ),
      shape,
    );
  const [height, depth, width] = [rows, summed, columns].map((letters) => volume(sized(letters))) as [
    number,
    number,
    number,
  ];
  const joined = matmul(
    arranged(a, left, [...batch, ...rows, ...summed], [...sized(batch), height, depth]),
    arranged(b, right, [...batch, ...summed, ...columns], [...sized(batch), depth, width]),
  );
  const made = [...batch, ...rows, ...columns];
  if (made.length !== out.length) throw new AppError('BAD_FILE', `einsum: "${out}" repeats a letter`);
  return ordered(
    reshape(joined, sized(made)),
    [...out].map((letter) => made.indexOf(letter)),
  );
}

function ordered(x: Tensor, order: readonly number[]): Tensor {
  return order.every((axis, i) => axis === i) ? x : transpose(x, order);
}
