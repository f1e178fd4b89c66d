// Compilation: what of an objective is refused before anything runs.

import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../tensor/graph.ts';
import { add, cast } from '../../tensor/ops/arithmetic.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { reshape, sum } from '../../tensor/ops/structure.ts';
import { zeros } from '../initialise.ts';
import { linear } from '../layers/linear.ts';
import { defineModule } from '../module.ts';
import { compileEvaluation } from './evaluation-program.ts';
import { compileTraining, type Objective, type SymbolicBatch } from './training-program.ts';

const specs = { x: { dtype: 'float', axes: { batch: 4, width: 3 } } } as const;

const withMetric = (name: string, metric: (out: Tensor) => Tensor) =>
  defineModule<SymbolicBatch<typeof specs>, Objective>('objective', (scope, { x }) => {
    const out = scope.apply('out', linear({ width: 1 }), x);
    return { loss: sum(out), metrics: { [name]: metric(out) } };
  });

describe.each([
  ['compileTraining', compileTraining],
  ['compileEvaluation', compileEvaluation],
] as const)('%s', (_, compile) => {
  it('refuses one name for a parameter and a statistic', () => {
    const declares = (first: 'parameter' | 'statistic', second: 'parameter' | 'statistic') =>
      defineModule<SymbolicBatch<typeof specs>, Objective>('objective', (scope) => {
        scope[first]('both', { width: 3 }, zeros);
        return { loss: sum(scope[second]('both', { width: 3 }, zeros)) };
      });
    for (const objective of [declares('parameter', 'statistic'), declares('statistic', 'parameter')])
      expect(() => compile(objective, specs)).toThrow(
        expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('"both": declared as') }),
      );
  });

  // a metric called loss would be added to the loss in the means over validation batches
  it.each(['loss', 'step', 'epoch', 'learning_rate'])('refuses a metric called %s', (name) => {
    expect(() =>
      compile(
        withMetric(name, (out) => sum(out)),
        specs,
      ),
    ).toThrow(`expected a metric with a name of its own, got "${name}", which is taken`);
  });

  it('refuses a metric of more numbers than one', () => {
    expect(() =>
      compile(
        withMetric('each', (out) => out),
        specs,
      ),
    ).toThrow('metric "each": expected one number, got [batch=4, width=1]; take its mean or sum');
  });
});

it('a parameter with a frozen value is not trained as well', () => {
  const objective = withMetric('total', (out) => sum(out));
  const frozen = { 'out.weight': new Float32Array(3) };
  expect(() => compileTraining(objective, specs, { frozen })).toThrow(
    'parameter "out.weight" is trainable and has a frozen value',
  );
  const { program } = compileTraining(objective, specs, { frozen, trainable: (name) => name === 'out.bias' });
  expect(program.trainable.map(({ name }) => name)).toEqual(['out.bias']);
  expect(program.fixed).toEqual([]);
});

it('a frozen value nobody reads is refused with the nearest names', () => {
  const objective = withMetric('total', (out) => sum(out));
  const frozen = { 'out.wieght': new Float32Array(3) };
  const refusal =
    'expected the name of a parameter, got "out.wieght"; the nearest of 2 are "out.weight", "out.bias"';
  expect(() => compileTraining(objective, specs, { frozen })).toThrow(refusal);
  expect(() => compileEvaluation(objective, specs, frozen)).toThrow(refusal);
});

it('an input knows the rows of the smallest table it reads, through what changes no number', () => {
  const ids = {
    item: { dtype: 'int64', axes: { batch: 4, time: 3 } },
    size: { dtype: 'int32', axes: { batch: 4 } },
    moved: { dtype: 'int32', axes: { batch: 4 } },
    column: { dtype: 'int32', axes: { batch: 4 } },
  } as const;
  const objective = defineModule<SymbolicBatch<typeof ids>, Objective>('tables', (scope, batch) => {
    const table = (name: string, rows: number) => scope.parameter(name, { rows, width: 2 }, zeros);
    const flat = reshape(batch.item, [12]);
    return {
      loss: [
        gather(table('large', 9), batch.item),
        gather(table('small', 5), cast(flat, 'int32')),
        gather(table('sizes', 7), batch.size),
        gather(table('shifted', 7), add(batch.moved, 3)),
        gather(table('wide', 7), batch.column, 1),
      ]
        .map((rows) => sum(rows))
        .reduce((a, b) => add(a, b)),
    };
  });
  for (const { inputs } of [compileTraining(objective, ids).program, compileEvaluation(objective, ids)])
    expect(Object.entries(inputs).map(([name, { below }]) => [name, below])).toEqual([
      ['item', 5],
      ['size', 7],
      ['moved', undefined],
      ['column', undefined],
    ]);
});
