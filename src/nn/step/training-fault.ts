// When a loss or gradient is not finite: runs the step again with a probe on every tensor and names the first bad one.

import { AppError } from '../../core/errors.ts';
import type { ElementType, OnnxGraph, OnnxModel, OnnxNode } from '../../tensor/onnx/model.ts';
import { ELEMENT_TYPES } from '../../tensor/onnx/model.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import type { Backend, RunArray } from '../../tensor/session/session.ts';
import type { TrainingProgram } from '../program/training-program.ts';

export type Feeds = Readonly<Record<string, RunArray>>;

export interface FaultContext {
  /** The step that failed, from 1. */
  readonly step: number;
  /** The parameter whose gradient is bad, if one is. */
  readonly gradient: string | undefined;
  /** Whether to throw even when this micro-batch shows nothing wrong. */
  readonly isLast: boolean;
}

const ADVICE =
  'lower the learning rate, warm it up, clip the gradient norm, or look for outliers in the data';

/**
 * Looks for the first tensor of this micro-batch, in the order of computation, that holds a number which is not finite.
 *
 * @returns when nothing is wrong here and `isLast` is false
 * @throws AppError BAD_DATA when the batch itself is bad, otherwise DIVERGED; details hold `tensor`, `opType`,
 *   `parameter`, `pass` as far as they are known
 */
export async function trainingFault(
  backend: Backend,
  program: TrainingProgram,
  feeds: Feeds,
  { step, gradient, isLast }: FaultContext,
): Promise<void> {
  for (const name of Object.keys(program.inputs)) {
    const index = firstNonFinite(feeds[name]);
    if (index >= 0)
      throw new AppError(
        'BAD_DATA',
        `step ${step}: batch input "${name}" holds ${numberWord(feeds[name], index)} at ${index}; expected finite numbers`,
        { step, tensor: name },
      );
  }
  for (const { name } of [...program.fixed, ...program.trainable]) {
    const index = firstNonFinite(feeds[name]);
    if (index >= 0)
      throw new AppError(
        'DIVERGED',
        `step ${step}: parameter "${name}" held ${numberWord(feeds[name], index)} at ${index} before the step; resume from an earlier checkpoint and ${ADVICE}`,
        { step, tensor: name, parameter: name },
      );
  }
  let found: BadNode | undefined;
  let obstacle: unknown;
  try {
    found = await firstBadNode(backend, program, feeds);
  } catch (error) {
    // Too little memory for the probes, say: the news is still that training diverged.
    obstacle = error;
  }
  const reached = gradient === undefined ? '' : `; it reached the gradient of "${gradient}"`;
  if (found !== undefined)
    throw new AppError(
      'DIVERGED',
      `step ${step}: the first number that is not finite comes out of ${found.opType} in the ${found.pass} pass` +
        `${found.parameter === undefined ? '' : `, near parameter "${found.parameter}"`}${reached}; ${ADVICE}`,
      { step, gradient, ...found },
    );
  if (isLast || obstacle !== undefined)
    throw new AppError(
      'DIVERGED',
      gradient === undefined
        ? `step ${step}: the loss is not finite; ${ADVICE}`
        : `step ${step}: the gradient of "${gradient}" is not finite; ${ADVICE}`,
      { step, gradient },
      obstacle,
    );
}

interface BadNode {
  readonly tensor: string;
  readonly opType: string;
  readonly pass: 'forward' | 'backward';
  readonly parameter: string | undefined;
}

async function firstBadNode(
  backend: Backend,
  program: TrainingProgram,
  feeds: Feeds,
): Promise<BadNode | undefined> {
  const model = readModel(program.model);
  const { graph } = model;
  const probed = floatTensors(graph);
  const session = await backend.open(withProbes(model, probed), { optimisation: 'disabled' });
  try {
    const seen = await session.run(feeds);
    const makers = makersOf(graph);
    const bad = probed.find((name) => Number(seen[probeName(name)]?.[0]) > 0);
    const node = bad === undefined ? undefined : makers.get(bad);
    if (bad === undefined || node === undefined) return undefined;
    const parameters = new Set([...program.trainable, ...program.fixed].map(({ name }) => name));
    return {
      tensor: bad,
      opType: node.opType,
      pass: ancestors(graph, 'loss').has(bad) ? 'forward' : 'backward',
      parameter: nearest(makers, node, parameters),
    };
  } finally {
    await session.release();
  }
}

/**
 * The model, returning for each probed tensor how many of its numbers are bad: a NaN, or an infinity of the wrong
 * sign to be a mask. Minus infinity is what attention masks are made of; where it does harm, a NaN follows.
 */
function withProbes(model: OnnxModel, probed: readonly string[]): OnnxModel {
  const probes = probed.flatMap((name): readonly OnnxNode[] => [
    node('IsNaN', [name], `${name}/nan`),
    node('IsInf', [name], `${name}/infinite`, { detect_negative: { int: 0 } }),
    node('Or', [`${name}/nan`, `${name}/infinite`], `${name}/bad`),
    node('Cast', [`${name}/bad`], `${name}/count`, { to: { int: ELEMENT_TYPES.float } }),
    node('ReduceSum', [`${name}/count`], probeName(name), { keepdims: { int: 0 } }),
  ]);
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes: [...model.graph.nodes, ...probes],
      outputs: probed.map((name) => ({ name: probeName(name), elementType: 'float', dims: [] })),
    },
  };
}

const probeName = (name: string): string => `${name}/bad numbers`;

const node = (
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({ opType, domain: '', name: output, inputs, outputs: [output], attributes });

/** Names of the float tensors that nodes make, in the order of computation; Identity only renames. */
function floatTensors(graph: OnnxGraph): readonly string[] {
  const types = new Map<string, ElementType>();
  for (const { name, elementType } of [...graph.inputs, ...graph.initializers]) types.set(name, elementType);
  const found: string[] = [];
  for (const made of graph.nodes) {
    for (const [i, output] of made.outputs.entries()) {
      const type = outputType(made, i, types);
      if (type !== undefined) types.set(output, type);
      if (type === 'float' && made.opType !== 'Identity' && output !== '') found.push(output);
    }
  }
  return found;
}

const TRUTH = new Set([
  ...[
    'Equal',
    'Greater',
    'GreaterOrEqual',
    'Less',
    'LessOrEqual',
    'And',
    'Or',
    'Xor',
    'Not',
    'IsNaN',
    'IsInf',
  ],
]);
const COUNT = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero']);
const TYPE_NAMES: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(ELEMENT_TYPES).map(([name, code]) => [code, name as ElementType]),
);

/** Element type of an output by the rules of the ops we write; undefined is never probed. */
function outputType(
  { opType, inputs, attributes }: OnnxNode,
  index: number,
  types: ReadonlyMap<string, ElementType>,
): ElementType | undefined {
  if (TRUTH.has(opType)) return 'bool';
  if (COUNT.has(opType) || (opType === 'TopK' && index === 1)) return 'int64';
  const { to, value } = attributes;
  if (opType === 'Cast' && to !== undefined && 'int' in to) return TYPE_NAMES.get(to.int);
  if ((opType === 'Constant' || opType === 'ConstantOfShape') && value !== undefined && 'tensor' in value)
    return value.tensor.elementType;
  if (opType === 'ConstantOfShape') return 'float';
  const decides = opType === 'Where' || opType === 'OneHot' ? inputs[opType === 'Where' ? 1 : 2] : inputs[0];
  return decides === undefined ? undefined : types.get(decides);
}

function makersOf(graph: OnnxGraph): ReadonlyMap<string, OnnxNode> {
  return new Map(graph.nodes.flatMap((made) => made.outputs.map((output) => [output, made] as const)));
}

/** Every tensor that `output` rests on. */
function ancestors(graph: OnnxGraph, output: string): ReadonlySet<string> {
  const makers = makersOf(graph);
  const seen = new Set([output]);
  for (const name of seen) for (const input of makers.get(name)?.inputs ?? []) seen.add(input);
  return seen;
}

/** The parameter fewest nodes above this one: a hint of which layer it is. */
function nearest(
  makers: ReadonlyMap<string, OnnxNode>,
  from: OnnxNode,
  parameters: ReadonlySet<string>,
): string | undefined {
  // A Set is visited in the order of insertion, while it grows: breadth first.
  const seen = new Set(from.inputs);
  for (const name of seen) {
    if (parameters.has(name)) return name;
    for (const input of makers.get(name)?.inputs ?? []) seen.add(input);
  }
  return undefined;
}

function firstNonFinite(values: RunArray | undefined): number {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return -1;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

const numberWord = (values: RunArray | undefined, index: number): string =>
  Number.isNaN(Number(values?.[index])) ? 'a NaN' : 'an infinity';
