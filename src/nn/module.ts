// What a layer is: a function from tensors to tensors that asks its scope for parameters by name.

import { AppError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { Tensor } from '../tensor/graph.ts';
import { mul } from '../tensor/ops/arithmetic.ts';
import { input, parameter } from '../tensor/ops/leaf.ts';
import { type AxesLike, axesOf, describeAxes, sameSizes, sizesOf } from '../tensor/type.ts';

/** A layer or a whole model. It holds settings and no numbers; building it twice under one path shares parameters. */
export interface Module<Input, Output> {
  /** What it is, in one word: `linear`, `attention`; transformations find modules by it. */
  readonly kind: string;
  readonly build: (scope: Scope, input: Input) => Output;
}

/** A module of a kind and what it builds. */
export function defineModule<Input, Output>(
  kind: string,
  build: (scope: Scope, input: Input) => Output,
): Module<Input, Output> {
  return { kind, build };
}

/** First values of a parameter; `draws` is the parameter's own stream, so no parameter shifts another. */
export type Initialiser = (shape: readonly number[], draws: Random) => Float32Array;

/** A parameter as a model declared it. */
export interface ParameterSpec {
  /** Dotted path: `blocks.0.attention.query.weight`. */
  readonly name: string;
  readonly tensor: Tensor;
  readonly initialise: Initialiser;
  /** A statistic the forward pass keeps (batch norm's means) rather than something a gradient moves. */
  readonly isStatistic: boolean;
}

/** A dropout mask the training loop feeds: 0, or 1 / (1 − rate). */
export interface MaskSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly rate: number;
}

/** A statistic and the tensor that is its value after the step. */
export interface StatisticUpdate {
  readonly name: string;
  readonly value: Tensor;
}

/**
 * Sees each tensor a module lets others see, and may answer with another of the same shape; attention also takes more
 * `keys` and as many more `values`, put in front.
 *
 * @param path the dotted path of the tap: a module's own path for its output, `path.keys` for an inner one
 * @param kind the kind of the module it lies in
 */
export type Tap = (path: string, kind: string, x: Tensor, scope: Scope) => Tensor | undefined;

/** Where a module asks for what it needs. */
export interface Scope {
  /** Dotted, empty at the root. */
  readonly path: string;
  /** Kind of the module being built. */
  readonly kind: string;
  /** Whether dropout drops and statistics move. */
  readonly training: boolean;
  /**
   * A parameter under this path; asked for again by the same name, the same one.
   *
   * @throws AppError SHAPE when it was declared in another shape, USAGE as a statistic
   */
  parameter(name: string, axes: AxesLike, initialise: Initialiser): Tensor;
  /** A number array that the forward pass itself keeps up to date. @throws AppError as `parameter`, the other way round */
  statistic(name: string, axes: AxesLike, initialise: Initialiser): Tensor;
  /** Says what a statistic will be after this step. */
  update(statistic: Tensor, value: Tensor): void;
  /** Builds a module under `path.name` and shows its output to the taps. */
  apply<Input, Output>(name: string, module: Module<Input, Output>, input: Input): Output;
  /** What dropout multiplies by: 0, or 1 / (1 − rate), fed afresh at each step; none outside training. */
  dropoutMask(shape: readonly number[], rate: number): Tensor | undefined;
  /** Zeroes a share of `x` and scales up the rest; the identity outside training. */
  dropout(x: Tensor, rate: number): Tensor;
  /** Shows an inner tensor to the taps. */
  tap(name: string, x: Tensor): Tensor;
  /** The same place, with one more tap for everything built below. */
  withTap(tap: Tap): Scope;
}

/** What building a module brought to light. */
export interface Traced<Output> {
  readonly output: Output;
  readonly parameters: readonly ParameterSpec[];
  readonly masks: readonly MaskSpec[];
  readonly updates: readonly StatisticUpdate[];
}

export interface TraceOptions {
  readonly training?: boolean;
  /** Put before every name. */
  readonly path?: string;
}

/** Builds a module's graph and gathers the parameters, masks and statistics it asked for, in order of asking. */
export function trace<Input, Output>(
  module: Module<Input, Output>,
  input: Input,
  { training = false, path = '' }: TraceOptions = {},
): Traced<Output> {
  const found: Found = { parameters: new Map(), masks: [], updates: [] };
  const output = module.build(scopeAt(found, { path, kind: module.kind, training, taps: [] }), input);
  return { output, parameters: [...found.parameters.values()], masks: found.masks, updates: found.updates };
}

interface Found {
  readonly parameters: Map<string, ParameterSpec>;
  readonly masks: MaskSpec[];
  readonly updates: StatisticUpdate[];
}

interface Place {
  readonly path: string;
  readonly kind: string;
  readonly training: boolean;
  readonly taps: readonly Tap[];
}

function scopeAt(found: Found, place: Place): Scope {
  const { path, kind, training, taps } = place;
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const declare = (name: string, axes: AxesLike, initialise: Initialiser, isStatistic: boolean): Tensor => {
    const full = below(name);
    const known = found.parameters.get(full);
    if (known === undefined) {
      const tensor = parameter(full, axes);
      found.parameters.set(full, { name: full, tensor, initialise, isStatistic });
      return tensor;
    }
    if (known.isStatistic !== isStatistic)
      throw new AppError(
        'USAGE',
        `"${full}": declared as a parameter and as a statistic; give one of them another name`,
      );
    const wanted = axesOf(axes);
    if (!sameSizes(known.tensor.shape, sizesOf(wanted)))
      throw new AppError(
        'SHAPE',
        `parameter "${full}": declared as ${describeAxes(known.tensor.axes)} and as ${describeAxes(wanted)}`,
      );
    return known.tensor;
  };
  const scope: Scope = {
    path,
    kind,
    training,
    parameter: (name, axes, initialise) => declare(name, axes, initialise, false),
    statistic: (name, axes, initialise) => declare(name, axes, initialise, true),
    update: (statistic, value) => {
      const spec = [...found.parameters.values()].find(({ tensor }) => tensor === statistic);
      if (spec === undefined || !spec.isStatistic)
        throw new AppError('USAGE', `expected a statistic of this model to update, got another tensor`);
      if (training) found.updates.push({ name: spec.name, value });
    },
    apply: (name, module, value) => {
      const inner = scopeAt(found, { ...place, path: below(name), kind: module.kind });
      const output = module.build(inner, value);
      return (
        isTensor(output) ? shown(taps, inner.path, module.kind, output, inner) : output
      ) as typeof output;
    },
    dropoutMask: (shape, rate) => {
      if (!training || rate === 0) return undefined;
      if (!(rate > 0 && rate < 1))
        throw new AppError('USAGE', `dropout: expected a rate in [0, 1), got ${rate}`);
      const name = `${below('mask')}.${found.masks.length}`;
      found.masks.push({ name, shape, rate });
      return input(name, 'float', shape);
    },
    dropout: (x, rate) => {
      const mask = scope.dropoutMask(x.shape, rate);
      return mask === undefined ? x : mul(x, mask);
    },
    tap: (name, x) => shown(taps, below(name), kind, x, scope),
    withTap: (tap) => scopeAt(found, { ...place, taps: [...taps, tap] }),
  };
  return scope;
}

function shown(taps: readonly Tap[], path: string, kind: string, x: Tensor, scope: Scope): Tensor {
  return taps.reduce((current, tap) => tap(path, kind, current, scope) ?? current, x);
}

export function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'node' in value && 'axes' in value;
}
