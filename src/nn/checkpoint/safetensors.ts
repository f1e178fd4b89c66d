// The safetensors format: named arrays in one file, read without running or trusting anything in it.
import { AppError, invariant } from '../../core/errors.ts';
import { ELEMENT_BYTES, type StoredDtype, type StoredTensor } from './stored-tensor.ts';

/** What a safetensors file holds. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file in memory; the arrays of its tensors are not copied into it until the parts are written. */
export interface SafeTensorsParts {
  /** Header length and header, then each tensor's bytes; the file is these, one after the other. */
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
}

/** Longest header read: as in the reference implementation, far above any real one. */
const LONGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

/** As the reference implementation orders tensors: widest elements first, so that every tensor is aligned. */
const WIDEST_FIRST: readonly StoredDtype[] = ['I64', 'F64', 'F32', 'I32', 'BF16', 'F16', 'U8', 'BOOL'];

/**
 * Lays out a file without copying the tensors: by element width, then by name, so that the same tensors give the same
 * bytes whatever order they come in (and the bytes of the reference implementation).
 */
export function safeTensorsParts(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): SafeTensorsParts {
  const ordered = Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) =>
      WIDEST_FIRST.indexOf(a.dtype) - WIDEST_FIRST.indexOf(b.dtype) || (nameA < nameB ? -1 : 1),
  );
  const members: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0)
    members.push(member(METADATA, Object.fromEntries(keys.map((key) => [key, metadata[key]]))));
  let end = 0;
  for (const [name, tensor] of ordered) {
    invariant(name !== METADATA, `a tensor may not be called ${METADATA}`);
    const { dtype, shape, bytes } = tensor;
    invariant(
      bytes.length === elementCount(shape) * ELEMENT_BYTES[dtype],
      `tensor "${name}": ${dtype} [${shape.join(', ')}] does not take ${bytes.length} bytes`,
    );
    members.push(member(name, { dtype, shape, data_offsets: [end, end + bytes.length] }));
    end += bytes.length;
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + headerLength).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.set(json, 8);
  return { parts: [head, ...ordered.map(([, { bytes }]) => bytes)], byteLength: head.length + end };
}

const member = (name: string, value: unknown): string => `${JSON.stringify(name)}:${JSON.stringify(value)}`;

/** A whole file as one array of bytes. */
export function writeSafeTensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { parts, byteLength } = safeTensorsParts(tensors, metadata);
  const file = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * Reads a file. The tensors' bytes are views of `file`, nothing is copied; everything the header says is checked
 * against the bytes that are there first.
 *
 * @throws AppError BAD_FILE when a length, offset, shape or type does not fit, naming the tensor
 */
export function readSafeTensors(file: Uint8Array): SafeTensors {
  const dataStart = safeTensorsHeaderEnd(file, file.length);
  const header = parseHeader(file.subarray(8, dataStart));
  const data = file.subarray(dataStart);
  const tensors = new Map<string, StoredTensor>();
  const spans: { name: string; start: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) continue;
    const { dtype, shape, start, end } = readEntry(name, entry);
    if (end > data.length) {
      throw bad(`tensor "${name}" ends at byte ${end} of ${data.length}: the file is cut short`);
    }
    spans.push({ name, start, end });
    tensors.set(name, { dtype, shape, bytes: data.subarray(start, end) });
  }
  checkCover(spans, data.length);
  return { tensors, metadata: readMetadata(header[METADATA]) };
}

/**
 * Where the data of a file begin, from its first eight bytes: so that the header of a large file can be read alone.
 *
 * @throws AppError BAD_FILE when the length does not fit
 */
export function safeTensorsHeaderEnd(firstBytes: Uint8Array, fileLength: number): number {
  if (firstBytes.length < 8) throw bad(`expected a header length of 8 bytes, got ${firstBytes.length} bytes`);
  const length = new DataView(firstBytes.buffer, firstBytes.byteOffset).getBigUint64(0, true);
  if (length > LONGEST_HEADER)
    throw bad(`expected a header of at most ${LONGEST_HEADER} bytes, got ${length}`);
  const end = 8 + Number(length);
  if (end > fileLength)
    throw bad(`the header ends at byte ${end}, the file at byte ${fileLength}: it is cut short`);
  return end;
}

/**
 * The metadata of a file from its header alone.
 *
 * @param head the file's bytes up to the end of its header, or more
 * @throws AppError BAD_FILE
 */
export function readSafeTensorsMetadata(head: Uint8Array): Readonly<Record<string, string>> {
  return readMetadata(parseHeader(head.subarray(8, safeTensorsHeaderEnd(head, head.length)))[METADATA]);
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes[0] !== 0x7b) throw bad('expected a header that begins with "{"');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw bad('expected a header in JSON', cause);
  }
  return header as Readonly<Record<string, unknown>>; // it begins with a brace and is JSON: an object
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const isText = (entry: readonly [string, unknown]): entry is [string, string] =>
    typeof entry[1] === 'string';
  if (!isObject(value) || !Object.entries(value).every(isText))
    throw bad('expected metadata of texts by name');
  return Object.fromEntries(Object.entries(value).filter(isText));
}

interface Entry {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown): Entry {
  if (!isObject(entry)) throw bad(`tensor "${name}" has no description`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) {
    throw bad(
      `tensor "${name}" has a type this version cannot read; expected one of ${WIDEST_FIRST.join(', ')}`,
    );
  }
  if (!isCounts(shape)) throw bad(`tensor "${name}": expected a shape of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw bad(`tensor "${name}": expected two offsets, the first not after the second`);
  }
  const [start, end] = offsets;
  const expected = elementCount(shape) * ELEMENT_BYTES[dtype];
  if (expected !== end - start) {
    throw bad(`tensor "${name}": ${dtype} [${shape.join(', ')}] takes ${expected} bytes, got ${end - start}`);
  }
  return { dtype, shape, start, end };
}

/** Tensors must lie end to end over the data: no byte is in two of them, none in none. */
function checkCover(spans: { name: string; start: number; end: number }[], length: number): void {
  let covered = 0;
  for (const { name, start, end } of spans.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < covered)
      throw bad(`tensor "${name}" begins at byte ${start}, inside another that ends at ${covered}`);
    if (start > covered) throw bad(`tensor "${name}" begins at byte ${start}, after a gap from ${covered}`);
    covered = end;
  }
  if (covered !== length) throw bad(`the tensors end at byte ${covered}, the data at byte ${length}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDtype = (value: unknown): value is StoredDtype => WIDEST_FIRST.includes(value as StoredDtype);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

const elementCount = (shape: readonly number[]): number => shape.reduce((count, length) => count * length, 1);

const bad = (what: string, cause?: unknown): AppError =>
  new AppError(
    'BAD_FILE',
    `not a whole safetensors file: ${what}; restore or write the file again`,
    {},
    cause,
  );
