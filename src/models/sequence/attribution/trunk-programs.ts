// A trunk opened for explanation: the vectors it makes of events, its attention, and its answer with vectors fed in their place.
import { invariant } from '../../../core/errors.ts';
import { defineModule, type Module, trace } from '../../../nn/module.ts';
import type { InputSpec, SymbolicBatch } from '../../../nn/program/training-program.ts';
import { pullBack } from '../../../tensor/gradient.ts';
import { nodesBelow, type Tensor } from '../../../tensor/graph.ts';
import { emitModel } from '../../../tensor/onnx/emit.ts';
import { writeModel } from '../../../tensor/onnx/write.ts';
import { constant, input } from '../../../tensor/ops/leaf.ts';
import { volume } from '../../../tensor/type.ts';
import { tokenSpecs } from '../neural/events/event-vectors.ts';
import type { TokenPlan } from '../neural/events/tokens.ts';
import type { Trunk } from '../neural/network.ts';

/** A graph ready to be opened, and the weights it is to be fed. */
export interface ExplainingProgram {
  readonly model: Uint8Array;
  readonly parameters: readonly string[];
}

type Specs = Readonly<Record<string, InputSpec>>;

function compile(
  module: Module<SymbolicBatch, Readonly<Record<string, Tensor>>>,
  specs: Specs,
  more: (batch: SymbolicBatch, outputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>,
): ExplainingProgram {
  const batch = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
  );
  const { output, parameters } = trace(module, batch);
  const outputs = { ...output, ...more(batch, output) };
  const model = emitModel(outputs, { inputs: Object.values(batch), isPortable: false });
  const fed = new Set(model.graph.inputs.map(({ name }) => name));
  return {
    model: writeModel(model),
    parameters: parameters.map(({ name }) => name).filter((name) => fed.has(name)),
  };
}

const isEvents = (path: string): boolean => path === 'events' || path.endsWith('.events');

/** The trunk with `vectors` [batch, time, width] of the batch in place of what it would make of its events. */
export const fedTrunk = (trunk: Trunk): Trunk =>
  defineModule(trunk.kind, (scope, inputs) =>
    trunk.build(
      scope.withTap((path) => (isEvents(path) ? inputs.vectors : undefined)),
      inputs,
    ),
  );

/**
 * Tokens to the `vectors` of events [batch, time, width] and, of every attention there is, first to last,
 * `weights0`, `weights1`, … [batch, heads, time, keys].
 */
export function readingProgram(
  trunk: Trunk,
  plan: TokenPlan,
  places: { readonly batch: number; readonly time: number },
): ExplainingProgram {
  const module = defineModule('reading', (scope, inputs: SymbolicBatch) => {
    let vectors: Tensor | undefined;
    const watched = scope.withTap((path, _kind, x) => {
      if (isEvents(path)) vectors ??= x;
      return undefined;
    });
    const states = watched.apply('trunk', trunk, inputs);
    invariant(vectors, 'a trunk shows its event vectors to taps');
    const attention = nodesBelow([states]).filter(({ op }) => op.name === 'attention');
    return {
      vectors,
      ...Object.fromEntries(attention.map(({ outputs }, block) => [`weights${block}`, outputs[1]])),
    };
  });
  return compile(module, tokenSpecs(plan, places), () => ({}));
}

/**
 * A module's `answer` [points] and its slopes, `slope.NAME` of the shape of each moving input: point k's answer by point
 * k's own numbers. A slope nothing rests on is absent.
 */
export function pathProgram(
  module: Module<SymbolicBatch, Readonly<Record<string, Tensor>> & { readonly answer: Tensor }>,
  moving: Specs,
  fixed: Specs,
): ExplainingProgram {
  return compile(module, { ...moving, ...fixed }, (batch, { answer }) => {
    const ones = constant(new Float32Array(volume(answer.shape)).fill(1), answer.shape);
    const names = Object.keys(moving);
    const slopes = pullBack(
      [answer],
      [ones],
      names.map((name) => batch[name]),
    );
    return Object.fromEntries(
      names.flatMap((name, i) => {
        const { dense } = slopes[i];
        return dense ? [[`slope.${name}`, dense] as const] : [];
      }),
    );
  });
}
