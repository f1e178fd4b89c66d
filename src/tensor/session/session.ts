// A model ready to run: one interface over onnxruntime on Node and in the browser.

import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { AppError, invariant } from '../../core/errors.ts';
import type { ElementType, OnnxModel, OnnxValue } from '../onnx/model.ts';
import { writeModel } from '../onnx/write.ts';

/** Numbers as a session takes and gives them; bools are bytes of 0 and 1. */
export type RunArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

export interface SessionOptions {
  /** Threads inside one op; 1 by default. The same count gives the same bits. */
  readonly threads?: number;
  /** Graph optimisation by onnxruntime; `all` by default. */
  readonly optimisation?: 'disabled' | 'basic' | 'extended' | 'all';
  /**
   * How long a thread looks for work before it sleeps; 200 by default, 0 to sleep at once. Between the small ops of a step
   * sleeping costs 5 to 10 %; without an end to it, looking takes a busy machine's cores from others. It ends with the run.
   */
  readonly spinMicroseconds?: number;
}

/** A loaded model. Hold it as long as it is needed, then `release` it: left alone it goes when the garbage collector comes by, which does not see how large it is. */
export interface Session {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /**
   * Runs the model once.
   *
   * @param feeds an array for each input; on Node it is read where it lies
   * @param into arrays that receive outputs, where the backend can write into them; others are new
   * @throws AppError NOT_FOUND for an input not fed; SHAPE for an array of another kind or length than its input;
   *   BAD_DATA when onnxruntime refuses what it meets, naming op and node (`details` too); USAGE after `release`
   */
  run(
    feeds: Readonly<Record<string, RunArray>>,
    into?: Readonly<Record<string, RunArray>>,
  ): Promise<Readonly<Record<string, RunArray>>>;
  /** @throws AppError USAGE the second time */
  release(): Promise<void>;
}

/** onnxruntime on some platform. */
export interface Backend {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web';
  /** @throws AppError USAGE for threads that are not a whole number from 1 on */
  open(model: OnnxModel | Uint8Array, options?: SessionOptions): Promise<Session>;
}

/** What both packages export. */
export interface Runtime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: OrtTensor.Type, data: never, dims: readonly number[]) => OrtTensor;
}

export interface RuntimeTraits {
  readonly name: Backend['name'];
  /** Whether outputs handed in are written; onnxruntime-web takes them and leaves them as they were. */
  readonly writesInto: boolean;
  readonly options: (options: SessionOptions) => InferenceSession.SessionOptions;
}

/** A backend over one of the two packages. */
export function backendOver(
  runtime: Runtime,
  traits: RuntimeTraits,
  describe: (bytes: Uint8Array) => OnnxModel,
): Backend {
  return {
    name: traits.name,
    async open(model, options = {}) {
      requireThreads(options.threads);
      const [bytes, plain] =
        model instanceof Uint8Array ? [model, describe(model)] : [writeModel(model), model];
      const session = await runtime.InferenceSession.create(bytes, traits.options(options));
      return sessionOver(runtime, traits, session, plain);
    },
  };
}

function sessionOver(
  runtime: Runtime,
  traits: RuntimeTraits,
  session: InferenceSession,
  { graph }: OnnxModel,
): Session {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]));
  const outputs = new Map(graph.outputs.map((value) => [value.name, value]));
  // Parameters are the same array at every step: their tensor is made once.
  const made = new WeakMap<RunArray, { readonly value: OnnxValue; readonly fed: OrtTensor }>();

  const tensor = (value: OnnxValue | undefined, data: RunArray): OrtTensor => {
    invariant(value !== undefined, 'a feed without an input of its name');
    const known = made.get(data);
    // One array may feed two inputs of different shapes: zeros, say.
    if (known?.value === value) return known.fed;
    checkKind(value, data);
    const fresh = new runtime.Tensor(
      ortType(value.elementType),
      data as never,
      fixedDims(value, data.length),
    );
    made.set(data, { value, fed: fresh });
    return fresh;
  };

  let released = false;
  const requireOpen = (): void => {
    if (released)
      throw new AppError('USAGE', 'expected a session that is open, got one that was released; open another');
  };

  return {
    inputs: graph.inputs,
    outputs: graph.outputs,
    async run(feeds, into = {}) {
      requireOpen();
      const fed: Record<string, OrtTensor> = {};
      for (const name of inputs.keys()) {
        const data = feeds[name];
        if (data === undefined)
          throw new AppError('NOT_FOUND', `expected a value for input "${name}", got none; feed it`);
        fed[name] = tensor(inputs.get(name), data);
      }
      const fetched: Record<string, OrtTensor | null> = {};
      for (const [name, value] of outputs) {
        const place = traits.writesInto ? into[name] : undefined;
        fetched[name] = place === undefined ? null : tensor(value, place);
      }
      const results = await session.run(fed, fetched, QUIET).catch(refused);
      const arrays: Record<string, RunArray> = {};
      for (const name of outputs.keys()) {
        const place = traits.writesInto ? into[name] : undefined;
        arrays[name] = place ?? ((results[name] as OrtTensor).data as RunArray);
      }
      return arrays;
    },
    async release() {
      requireOpen();
      released = true;
      await session.release();
    },
  };
}

/** Not even errors are logged: they are thrown, and onnxruntime's own lines hold numbers out of the data. */
const QUIET: InferenceSession.RunOptions = { logSeverityLevel: 4 };

/** onnxruntime's words may hold a number out of the data: what is said here is op and node alone. */
function refused(cause: unknown): never {
  const words = cause instanceof Error ? cause.message : String(cause);
  const [, opType, node] = /while running (\S+) node\. Name:'([^']*)'/.exec(words) ?? [];
  throw new AppError(
    'BAD_DATA',
    opType === undefined
      ? 'onnxruntime refused the run without naming a node; its own words are the cause of this error'
      : `onnxruntime refused what it met at ${opType} "${node}"; check the numbers fed, ids above all, against what the model expects`,
    opType === undefined ? {} : { opType, node },
    cause,
  );
}

/** @throws AppError USAGE */
export function requireThreads(threads: number | undefined): void {
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1))
    throw new AppError('USAGE', `expected a whole number of threads from 1 on, got ${threads}`);
}

function fixedDims({ name, dims }: OnnxValue, count: number): readonly number[] {
  if (dims === undefined || dims.some((size) => typeof size !== 'number'))
    throw new AppError(
      'SHAPE',
      `input "${name}": expected fixed sizes, got [${dims?.join(', ') ?? '?'}]; fold the model to one shape first`,
    );
  const sizes = dims as readonly number[];
  const wanted = sizes.reduce((a, b) => a * b, 1);
  if (wanted !== count)
    throw new AppError(
      'SHAPE',
      `input "${name}" [${sizes.join(', ')}]: expected ${wanted} values, got ${count}`,
    );
  return sizes;
}

/** The arrays onnxruntime takes for each element type. */
const ARRAY_KINDS: Readonly<Partial<Record<ElementType, string>>> = {
  float: 'Float32Array',
  double: 'Float64Array',
  int32: 'Int32Array',
  int64: 'BigInt64Array',
  uint8: 'Uint8Array',
  int8: 'Int8Array',
  bool: 'Uint8Array',
};

function checkKind({ name, elementType }: OnnxValue, data: RunArray): void {
  const wanted = ARRAY_KINDS[elementType];
  const got = Object.prototype.toString.call(data).slice('[object '.length, -1);
  if (wanted !== undefined && got !== wanted)
    throw new AppError('SHAPE', `"${name}" is of type ${elementType}: expected a ${wanted}, got a ${got}`);
}

function ortType(elementType: ElementType): OrtTensor.Type {
  switch (elementType) {
    case 'float':
      return 'float32';
    case 'double':
      return 'float64';
    default:
      return elementType as OrtTensor.Type;
  }
}
