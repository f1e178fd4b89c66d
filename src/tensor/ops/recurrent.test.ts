// The recurrent unit against PyTorch's, states and gradients, whole sequences and padded ones.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { denseGradient, gradients } from '../gradient.ts';
import type { Tensor } from '../graph.ts';
import { mul } from './arithmetic.ts';
import { input, parameter } from './leaf.ts';
import { gru, maskOfLengths } from './recurrent.ts';
import { reshape, slice, sum } from './structure.ts';

type Numbers = readonly number[];
type Gradients = Readonly<Record<'x' | 'start' | 'input' | 'hidden' | 'inputBias' | 'hiddenBias', Numbers>>;

const goldens = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/gru-goldens.json', import.meta.url), 'utf8'),
) as {
  readonly version: string;
  readonly shape: Readonly<Record<'batch' | 'time' | 'width' | 'hidden', number>>;
  readonly feeds: Readonly<Record<string, Numbers>>;
  readonly whole: { readonly states: Numbers; readonly last: Numbers; readonly gradients: Gradients };
  readonly padded: { readonly last: Numbers; readonly gradients: Gradients };
};

const { batch, time, width, hidden } = goldens.shape;
const { feeds } = goldens;

const x = parameter('x', { batch, time, width });
const start = parameter('start', { batch, hidden });
const weights = {
  input: parameter('input', { width, gates: 3 * hidden }),
  hidden: parameter('hidden', { hidden, gates: 3 * hidden }),
  inputBias: parameter('inputBias', { gates: 3 * hidden }),
  hiddenBias: parameter('hiddenBias', { gates: 3 * hidden }),
};
const upstream = input('upstream', 'float', { batch, time, hidden });
const mask = maskOfLengths(input('lengths', 'int32', { batch }), time);

describe(`a recurrent unit (${goldens.version})`, () => {
  it('has the states of torch.nn.GRU', () => {
    const { states, last } = gru(x, weights, { start });
    const [all, end] = evaluate([states, last], feeds) as [Float64Array, Float64Array];
    expectEqual(all, goldens.whole.states);
    expectEqual(end, goldens.whole.last);
  });

  it('has the gradients of torch.nn.GRU', () => {
    const { states } = gru(x, weights, { start });
    expectGradients(sum(mul(states, upstream)), goldens.whole.gradients);
  });

  it('passes over padding as a packed sequence does, and no gradient reaches padding', () => {
    const { last } = gru(x, weights, { start, mask });
    expectEqual(evaluate([last], feeds)[0] as Float64Array, goldens.padded.last);
    const first = reshape(slice(upstream, 1, 0, 1), [batch, hidden]);
    expectGradients(sum(mul(last, first)), goldens.padded.gradients);
  });

  it('passes over padding in front as well: only the real events count', () => {
    const late = { ...feeds, mask: [0, 0, 1, 1, 1, 1, 1, 1] };
    const { last } = gru(x, weights, { mask: input('mask', 'float', { batch, time }) });
    const alone = gru(slice(x, 1, 2), weights).last;
    const [padded, cut] = evaluate([last, alone], late) as [Float64Array, Float64Array];
    expectEqual(padded.subarray(0, hidden), cut.subarray(0, hidden));
    expect(padded[hidden]).not.toBeCloseTo(cut[hidden] as number, 3);
  });

  it('names the axes of weights that do not fit', () => {
    const narrow = { ...weights, input: parameter('narrow', { width: 2, gates: 3 * hidden }) };
    expect(() => gru(x, narrow)).toThrow('width 3 ≠ 2');
    const two = { ...weights, inputBias: parameter('two', { gates: 2 * hidden }) };
    expect(() => gru(x, two)).toThrow('expected 3 · 2 columns and biases, got 4');
  });
});

function expectGradients(loss: Tensor, wanted: Gradients): void {
  const leaves = { x, start, ...weights };
  const found = gradients(loss, Object.values(leaves)).map(
    (gradient, i) => denseGradient(Object.values(leaves)[i] as Tensor, gradient) as Tensor,
  );
  for (const [i, values] of evaluate(found, feeds).entries()) {
    const name = Object.keys(leaves)[i] as keyof Gradients;
    expectEqual(values, wanted[name], name);
  }
}

/** Both are float64; the file keeps twelve digits. */
function expectEqual(got: Float64Array, want: ArrayLike<number>, what = ''): void {
  expect(got.length, what).toBe(want.length);
  for (const [i, value] of Array.from(want).entries())
    expect(Math.abs((got[i] as number) - value), `${what}[${i}]`).toBeLessThan(1e-10);
}
