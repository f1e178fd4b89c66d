// A frame at rest as two files of a version: PREFIX.json for names, levels and texts, PREFIX.bin for numbers and codes.
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Column, type Frame, makeFrame } from '../core/frame.ts';
import { type PackedArray, packArrays, unpackArrays } from './array-pack.ts';
import { fileBytes } from './load.ts';
import { parseJson } from './manifest.ts';
import { checkFilesFormat } from './saved-model-files.ts';

const FILES_FORMAT = 1;

/** The files of one frame, such as the background explanations are told against. */
export function frameFiles(prefix: string, frame: Frame): Record<string, Json | Uint8Array> {
  const arrays: Record<string, PackedArray> = {};
  const columns = frame.columns.map((column, at) => describeColumn(column, at, arrays));
  const { index, bytes } = packArrays(arrays);
  const document: Json = {
    files_format: FILES_FORMAT,
    rows: frame.rows,
    currency: frame.currency,
    columns,
    arrays: index.map((entry) => ({ ...entry })),
  };
  return { [`${prefix}.json`]: document, [`${prefix}.bin`]: bytes };
}

/** A column without its numbers, which go to `arrays`. */
function describeColumn(column: Column, at: number, arrays: Record<string, PackedArray>): Json {
  const { kind, name, unit, group } = column;
  const shared = { kind, name, label: { en: column.label.en, zh: column.label.zh }, unit, group };
  switch (column.kind) {
    case 'number':
      arrays[`${at}.values`] = column.values;
      return shared;
    case 'category':
      arrays[`${at}.codes`] = column.codes;
      return { ...shared, levels: column.levels };
    case 'text':
      return { ...shared, values: column.values };
    case 'vector':
      arrays[`${at}.values`] = column.values;
      return { ...shared, width: column.width };
    case 'sequence':
      arrays[`${at}.codes`] = column.codes;
      arrays[`${at}.offsets`] = column.offsets;
      return { ...shared, levels: column.levels };
  }
}

/** @throws AppError BAD_FILE, SHAPE, VERSION for a newer layout */
export function readFrame(files: ReadonlyMap<string, Uint8Array>, prefix: string): Frame {
  const where = `${prefix}.json`;
  const document = parseJson(fileBytes(files, where), where);
  if (!isRecord(document)) throw badFrame(where);
  checkFilesFormat(document.files_format, FILES_FORMAT, where);
  const { rows, currency, columns } = document;
  if (!Array.isArray(columns) || typeof rows !== 'number' || typeof currency !== 'string') {
    throw badFrame(where);
  }
  const arrays = unpackArrays(document.arrays, fileBytes(files, `${prefix}.bin`), where);
  return makeFrame(
    columns.map((column: unknown, at) => readColumn(column, at, { arrays, where })),
    { rows, currency },
  );
}

function readColumn(
  value: unknown,
  at: number,
  { arrays, where }: { arrays: ReadonlyMap<string, PackedArray>; where: string },
): Column {
  if (!isRecord(value)) throw badFrame(where);
  const array = (part: string, type: abstract new (...args: never[]) => PackedArray): PackedArray => {
    const found = arrays.get(`${at}.${part}`);
    if (found instanceof type) return found;
    throw badFrame(where);
  };
  // The bytes were checked against their digest, so they are what `frameFiles` wrote: what remains is to name the type.
  const texts = { ...value } as unknown as Column;
  switch (texts.kind) {
    case 'number':
      return { ...texts, values: array('values', Float64Array) as Float64Array };
    case 'category':
      return { ...texts, codes: array('codes', Int32Array) as Int32Array };
    case 'text':
      return texts;
    case 'vector':
      return { ...texts, values: array('values', Float32Array) as Float32Array };
    case 'sequence':
      return {
        ...texts,
        codes: array('codes', Int32Array) as Int32Array,
        offsets: array('offsets', Uint32Array) as Uint32Array,
      };
    default:
      throw badFrame(where);
  }
}

const badFrame = (where: string): AppError =>
  new AppError('BAD_FILE', `expected a frame in ${where}, got JSON of another shape`);
