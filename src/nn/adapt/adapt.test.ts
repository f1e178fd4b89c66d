// LoRA, adapters, prefixes and freezing on modules that know nothing of them.

import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { evaluate } from '../../tensor/evaluate.ts';
import { gradients } from '../../tensor/gradient.ts';
import { nodesBelow, type Tensor } from '../../tensor/graph.ts';
import { relu } from '../../tensor/ops/activations.ts';
import { square } from '../../tensor/ops/elementwise.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { mean } from '../../tensor/ops/reductions.ts';
import { volume } from '../../tensor/type.ts';
import { gradientDeviation } from '../gradient-check.ts';
import { initialValues } from '../initialise.ts';
import { embedding, tiedReadOut } from '../layers/embedding.ts';
import { gru } from '../layers/gru.ts';
import { mlp } from '../layers/mlp.ts';
import { transformer } from '../layers/transformer.ts';
import { defineModule, type Module, trace } from '../module.ts';
import { compileTraining } from '../program/training-program.ts';
import { isAdapter, withAdapters } from './adapters.ts';
import { lastBlocks, parameterTable } from './freezing.ts';
import { isLora, mergeLora, withLora } from './lora.ts';
import { byPattern } from './pattern.ts';
import { isPrefix, withPrefix } from './prefix.ts';

type Values = Record<string, Float32Array>;

const SHAPE = { batch: 2, time: 3, width: 4 };
const X = Float64Array.from({ length: 24 }, (_, i) => Math.sin(i * 1.7));

const encoder = defineModule('encoder', (scope, x: Tensor) =>
  scope.apply('body', transformer({ width: 4, heads: 2, blocks: 2, inner: 6, causal: true }), { x }),
);
const recurrent = defineModule(
  'recurrent',
  (scope, x: Tensor) => scope.apply('walk', gru({ hidden: 4 }), { x }).states,
);
const perceptron = mlp({ widths: [5, 4] });
/** As an imported model is: a module whose parameters bring their values. */
const imported = defineModule('imported', (scope, x: Tensor) => {
  const values = (shape: readonly number[]): Float32Array =>
    Float32Array.from({ length: volume(shape) }, (_, i) => Math.cos(i));
  const tables = { width: 4, other: 4 };
  const query = scope.parameter('encoder/layer_0/kernel', tables, values);
  return matmul(relu(matmul(x, query)), scope.parameter('encoder/layer_1/kernel', tables, values));
});

const ANY: Readonly<Record<string, { readonly module: Module<Tensor, Tensor>; readonly match: string }>> = {
  'a transformer': { module: encoder, match: '**.weight' },
  'a recurrent layer': { module: recurrent, match: 'walk.*' },
  'a perceptron': { module: perceptron, match: 'layers.*.weight' },
  'an imported graph': { module: imported, match: 'encoder/*/kernel' },
};

function run(module: Module<Tensor, Tensor>, values: Values): Float64Array {
  const { output } = trace(module, input('x', 'float', SHAPE));
  return evaluate([output], { ...values, x: X })[0] as Float64Array;
}

function parametersOf(module: Module<Tensor, Tensor>) {
  return trace(module, input('x', 'float', SHAPE)).parameters;
}

/** First values, those of the change drawn too, so that it does something. */
function stirred(module: Module<Tensor, Tensor>, isNew: (name: string) => boolean): Values {
  const parameters = parametersOf(module);
  const draws = random(5);
  return Object.fromEntries(
    Object.entries(initialValues(parameters, random(1))).map(([name, values]) => [
      name,
      isNew(name) ? values.map(() => 0.5 * draws.normal()) : values,
    ]),
  );
}

describe.each(Object.entries(ANY))('%s', (_, { module, match }) => {
  const lora = { rank: 2, alpha: 3, match };

  it('answers the same to the last bit when LoRA is put in', () => {
    const values = initialValues(parametersOf(withLora(module, lora)), random(1));
    expect(run(withLora(module, lora), values)).toEqual(run(module, values));
  });

  it('has the gradient of its central difference with LoRA', () => {
    const x = input('x', 'float', SHAPE);
    const { output, parameters } = trace(withLora(module, lora), x);
    const wanted = parameters.filter(({ name }) => isLora(name)).map(({ tensor }) => tensor);
    expect(wanted.length).toBeGreaterThan(0);
    const feeds = { ...stirred(withLora(module, lora), isLora), x: X };
    expect(gradientDeviation(output, wanted, feeds)).toBeLessThan(1e-5);
  });

  it('answers alike with LoRA merged into it', () => {
    const values = stirred(withLora(module, lora), isLora);
    const merged = mergeLora(values, lora);
    expect(Object.keys(merged).sort()).toEqual(
      parametersOf(module)
        .map(({ name }) => name)
        .sort(),
    );
    const [apart, together] = [run(withLora(module, lora), values), run(module, merged)];
    expect(largestGap(run(module, values), apart)).toBeGreaterThan(0.01);
    // merged weights are rounded to float32
    expect(largestGap(apart, together)).toBeLessThan(1e-5);
  });

  it('begins unchanged with gates that are closed, and answers alike once they are open and merged', () => {
    const gated = { ...lora, gated: true };
    const first = initialValues(parametersOf(withLora(module, gated)), random(1));
    const plain = Object.fromEntries(Object.entries(first).filter(([name]) => !isLora(name)));
    expect(run(withLora(module, gated), first)).toEqual(run(module, plain));
    const values = stirred(withLora(module, gated), isLora);
    const apart = run(withLora(module, gated), values);
    expect(apart).not.toEqual(run(module, plain));
    const together = run(module, mergeLora(values, lora));
    // merged weights are rounded to float32
    for (const [i, value] of apart.entries()) expect(together[i]).toBeCloseTo(value, 5);
  });

  it('is not merged at another rank than it was adapted at', () => {
    const values = stirred(withLora(module, lora), isLora);
    for (const rank of [1, 3])
      expect(() => mergeLora(values, { rank })).toThrow(/expected the rank .* was adapted at, 2, got/);
  });
});

function largestGap(a: Float64Array, b: Float64Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] as number))), 0);
}

describe('LoRA', () => {
  it('makes no gradient as large as the weight it stands beside', () => {
    const module = withLora(perceptron, { rank: 1, match: '**.weight' });
    const { output, parameters } = trace(module, input('x', 'float', SHAPE));
    const wanted = parameters.filter(({ name }) => isLora(name)).map(({ tensor }) => tensor);
    const found = gradients(mean(square(output)), wanted).map(({ dense }) => dense as Tensor);
    const forward = new Set(nodesBelow([output]));
    const backward = nodesBelow(found).filter((node) => !forward.has(node));
    const shapes = backward.flatMap((node) => node.outputs.map(({ shape }) => shape.join('×')));
    expect(shapes).not.toContain('4×5');
    expect(shapes).not.toContain('5×4');
    expect(shapes).toContain('4×1');
  });

  it('changes rows of an embedding table and the scores tied to it together', () => {
    const items = { count: 6, width: 4 };
    const model = defineModule('model', (scope, ids: Tensor) =>
      scope.apply('items', tiedReadOut(items), scope.apply('items', embedding(items), ids)),
    );
    const ids = input('ids', 'int32', [3]);
    const { output, parameters } = trace(withLora(model, { rank: 2, match: 'items.weight' }), ids);
    expect(parameters.map(({ name }) => name)).toEqual([
      'items.weight',
      'items.weight.loraDown',
      'items.weight.loraUp',
    ]);
    const draws = random(2);
    const values = Object.fromEntries(
      parameters.map(({ name, tensor }) => [
        name,
        Float32Array.from({ length: volume(tensor.shape) }, () => draws.normal()),
      ]),
    );
    const feed = { ids: [1, 5, 1] };
    const apart = evaluate([output], { ...values, ...feed })[0] as Float64Array;
    const plain = trace(model, ids).output;
    const together = evaluate([plain], { ...mergeLora(values, { rank: 2 }), ...feed })[0] as Float64Array;
    expect(largestGap(apart, together)).toBeLessThan(1e-5);
  });

  it('changes each of two passes through one module once', () => {
    const adapted = withLora(perceptron, { rank: 1, match: '**.weight' });
    const twice = (module: Module<Tensor, Tensor>): Module<Tensor, Tensor> =>
      defineModule('twice', (scope, x) => scope.apply('step', module, scope.apply('step', module, x)));
    const values = stirred(twice(adapted), isLora);
    const together = run(twice(perceptron), mergeLora(values, { rank: 1 }));
    expect(largestGap(run(twice(adapted), values), together)).toBeLessThan(1e-5);
  });

  it('refuses a pattern that fits nothing', () => {
    const module = withLora(perceptron, { rank: 1, match: 'layers.*.scale' });
    expect(() => parametersOf(module)).toThrow('expected a matrix that fits layers.*.scale, got none');
  });

  it('is all that is trained when only it is trainable', () => {
    const objective = defineModule('objective', (scope, { x }: { readonly x: Tensor }) => ({
      loss: mean(square(scope.apply('body', withLora(encoder, { rank: 1, match: '**.query.weight' }), x))),
    }));
    const { program } = compileTraining(
      objective,
      { x: { dtype: 'float', axes: SHAPE } },
      { trainable: isLora },
    );
    expect(program.trainable.map(({ name }) => name)).toEqual(
      [0, 1].flatMap((i) =>
        ['loraDown', 'loraUp'].map((part) => `body.body.blocks.${i}.attention.query.weight.${part}`),
      ),
    );
    expect(program.trainable.every(({ gradient }) => gradient !== undefined)).toBe(true);
  });
});

describe('adapters', () => {
  it('leave the answers as they were at first, to the last bit', () => {
    const values = initialValues(parametersOf(withAdapters(encoder, { width: 2 })), random(1));
    expect(run(withAdapters(encoder, { width: 2 }), values)).toEqual(run(encoder, values));
  });

  it('stand behind every attention and feed-forward layer, and learn', () => {
    const module = withAdapters(encoder, { width: 2 });
    const { output, parameters } = trace(module, input('x', 'float', SHAPE));
    const added = parameters.filter(({ name }) => isAdapter(name));
    expect(added.map(({ name }) => name).filter((name) => name.endsWith('down.weight'))).toEqual([
      'body.blocks.0.attention.adapter.down.weight',
      'body.blocks.0.feedForward.adapter.down.weight',
      'body.blocks.1.attention.adapter.down.weight',
      'body.blocks.1.feedForward.adapter.down.weight',
    ]);
    const values = stirred(module, isAdapter);
    const wanted = added.map(({ tensor }) => tensor);
    expect(gradientDeviation(output, wanted, { ...values, x: X })).toBeLessThan(1e-5);
    expect(largestGap(run(module, values), run(encoder, values))).toBeGreaterThan(0.01);
  });

  it('go where the pattern says, behind any kind', () => {
    const module = withAdapters(perceptron, { width: 2, kinds: ['linear'], match: 'layers.0' });
    const names = parametersOf(module).map(({ name }) => name);
    expect(names.filter(isAdapter)).toHaveLength(4);
    expect(names.filter(isAdapter).every((name) => name.startsWith('layers.0.adapter.'))).toBe(true);
    expect(() => parametersOf(withAdapters(recurrent, { width: 2 }))).toThrow('got none');
  });
});

describe('a prefix', () => {
  const module = withPrefix(encoder, { length: 2 });

  it('is seen by every place although the sequence is causal, and learns', () => {
    const { output, parameters } = trace(module, input('x', 'float', SHAPE));
    const added = parameters.filter(({ name }) => isPrefix(name));
    expect(added.map(({ name, tensor }) => [name, tensor.shape])).toEqual(
      [0, 1].flatMap((i) =>
        ['keys', 'values'].map((part) => [`body.blocks.${i}.attention.prefix.${part}`, [2, 2, 2]]),
      ),
    );
    const values = stirred(module, isPrefix);
    const wanted = added.map(({ tensor }) => tensor);
    expect(gradientDeviation(output, wanted, { ...values, x: X })).toBeLessThan(1e-5);

    const moved = { ...values, 'body.blocks.1.attention.prefix.values': new Float32Array(8).fill(3) };
    const [before, after] = [run(module, values), run(module, moved)];
    // the first place of both sequences too
    for (const at of [0, 12]) expect(before.slice(at, at + 4)).not.toEqual(after.slice(at, at + 4));
  });

  it('is refused where there is no attention', () => {
    expect(() => parametersOf(withPrefix(perceptron, { length: 2 }))).toThrow('expected an attention inside');
  });
});

describe('patterns and freezing', () => {
  it('fit parts of names', () => {
    const isAttention = byPattern('blocks.*.attention.**');
    expect(isAttention('blocks.3.attention.query.weight')).toBe(true);
    expect(isAttention('blocks.3.feedForward.inner.weight')).toBe(false);
    expect(isAttention('body.blocks.3.attention.query.weight')).toBe(false);
    expect(byPattern('**.weight')('weight')).toBe(true);
    expect(byPattern('*.weight')('a.b.weight')).toBe(false);
    expect(byPattern(['a', '**.b.*'])('x.b.c')).toBe(true);
    expect(byPattern([])('a')).toBe(false);
  });

  it('train the last blocks and what follows them', () => {
    const parameters = parametersOf(encoder);
    const trainable = lastBlocks(parameters, 1);
    const names = parameters.map(({ name }) => name).filter(trainable);
    expect(names).toContain('body.norm.scale');
    expect(names.every((name) => name.startsWith('body.blocks.1.') || name.startsWith('body.norm.'))).toBe(
      true,
    );
    expect(() => lastBlocks(parameters, 3)).toThrow('expected 1 to 2 blocks, got 3');

    const table = parameterTable(parameters, trainable);
    // a block of width 4: 4·(16 + 4) attention, 2·8 norms, 24 + 6 + 24 + 4 feed-forward
    expect(table.trainable).toBe(80 + 16 + 58 + 8);
    expect(table.frozen).toBe(80 + 16 + 58);
  });
});
