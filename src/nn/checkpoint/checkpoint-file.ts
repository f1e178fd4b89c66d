// A training checkpoint in bytes: a safetensors file whose metadata hold the loop's own state and a sum over all of it.
import { createHash } from 'node:crypto';
import { canonicalJson, isRecord, type Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import { readSafeTensors, readSafeTensorsMetadata, safeTensorsParts } from './safetensors.ts';
import { loadArray, storeArray } from './stored-tensor.ts';

/** Everything a training run needs to go on as if it had never stopped. */
export interface TrainingState {
  /** Parameters, optimiser state, averages of weights, by name; every bit is kept. */
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Int32Array>>;
  /** The loop's own state (epoch, position in it, seed, best score, schedule …): finite numbers only, as JSON has. */
  readonly loop: Json;
  /** Steps taken. */
  readonly step: number;
  /** The step of the best checkpoint so far; equal to `step` when it is this one. */
  readonly bestStep?: number;
}

/** What a checkpoint's header says before its arrays are read. */
export interface CheckpointHeader {
  readonly step: number;
  readonly bestStep?: number;
  readonly productVersion: string;
}

const FORMAT = 'foresell-checkpoint';
const FORMAT_VERSION = 1;
/** Stands in the sum's own place while the sum is taken. */
const NO_SUM = '0'.repeat(64);

/**
 * The checkpoint's bytes, in parts so that arrays of hundreds of megabytes are not copied.
 *
 * The SHA-256 covers every byte of the file, header and padding included, with zeros where it stands itself.
 */
export function encodeCheckpoint({ arrays, loop, step, bestStep }: TrainingState): readonly Uint8Array[] {
  const tensors = Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => [name, storeArray(values)]),
  );
  const state = canonicalJson({ loop, step, bestStep });
  const metadata = {
    format: FORMAT,
    format_version: `${FORMAT_VERSION}`,
    product_version: PRODUCT_VERSION,
    state,
  };
  const { parts } = safeTensorsParts(tensors, { ...metadata, sha256: NO_SUM });
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  const [header, ...data] = parts;
  const sealed = Buffer.from(header);
  sealed.write(sum.digest('hex'), sumPosition(sealed, NO_SUM));
  return [sealed, ...data];
}

/**
 * Reads a checkpoint back; its arrays are views of `file`.
 *
 * @param name how errors call the file
 * @throws AppError BAD_FILE when it is cut short or no checkpoint, TAMPERED when its sum does not fit, VERSION when a
 *   later version wrote it
 */
export function decodeCheckpoint(file: Uint8Array, name: string): TrainingState {
  const { tensors, metadata } = named(name, () => readSafeTensors(file));
  const stated = readState(metadata, name);
  const at = sumPosition(file, metadata.sha256);
  if (at < 0 || sumWithout(file, at) !== metadata.sha256) {
    throw new AppError(
      'TAMPERED',
      `${name}: its bytes do not give the sum written in it; restore or delete it`,
    );
  }
  const arrays = [...tensors].map(([tensorName, tensor]) => {
    const values = loadArray(tensor);
    const isState =
      values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array;
    if (!isState)
      throw new AppError('BAD_FILE', `${name}: "${tensorName}" is ${tensor.dtype}, not training state`);
    return [tensorName, values] as const;
  });
  const { step, bestStep, loop } = stated;
  return { arrays: Object.fromEntries(arrays), loop, step, ...(bestStep === undefined ? {} : { bestStep }) };
}

/**
 * What the header alone says; the sum is not checked.
 *
 * @param head the file's first bytes, up to the end of its header
 * @throws AppError as `decodeCheckpoint`
 */
export function decodeCheckpointHeader(head: Uint8Array, name: string): CheckpointHeader {
  const metadata = named(name, () => readSafeTensorsMetadata(head));
  const { step, bestStep } = readState(metadata, name);
  return { step, bestStep, productVersion: metadata.product_version ?? '' };
}

function readState(metadata: Readonly<Record<string, string>>, name: string) {
  if (metadata.format !== FORMAT) {
    throw new AppError('BAD_FILE', `${name}: expected a training checkpoint, got another safetensors file`);
  }
  if (metadata.format_version !== `${FORMAT_VERSION}`) {
    throw new AppError(
      'VERSION',
      `${name}: expected checkpoint format ${FORMAT_VERSION}, got ${metadata.format_version}, written by version ` +
        `${metadata.product_version}; resume with that version`,
    );
  }
  const state = parsed(metadata.state);
  if (
    !isRecord(state) ||
    !isCount(state.step) ||
    !(state.bestStep === undefined || isCount(state.bestStep))
  ) {
    throw new AppError(
      'BAD_FILE',
      `${name}: expected the training loop's state, got none; restore or delete it`,
    );
  }
  return { step: state.step, bestStep: state.bestStep, loop: (state.loop ?? null) as Json };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** Puts the file's name before what its reader complains of. */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) throw new AppError(error.code, `${name}: ${error.message}`, {}, error);
    throw error;
  }
}

/** Where the sum's digits begin; quotes inside texts are escaped, so only the metadata's own key matches. */
function sumPosition(bytes: Uint8Array, sum: string | undefined): number {
  const key = '"sha256":"';
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(`${key}${sum}"`);
  return found < 0 ? -1 : found + key.length;
}

const sumWithout = (file: Uint8Array, at: number): string =>
  createHash('sha256')
    .update(file.subarray(0, at))
    .update(NO_SUM)
    .update(file.subarray(at + NO_SUM.length))
    .digest('hex');
