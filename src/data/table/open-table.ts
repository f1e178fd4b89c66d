// Opens any table file: checked first, then held by the engine as rows of trimmed texts, NULL where a cell is missing.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { type Engine, sqlText } from '../engine.ts';
import { sampleRows } from '../import/dry-run.ts';
import { encodingAt, prepareFile, type ReadableFile, UNDESCRIBED } from '../import/file.ts';
import { lineShifts } from '../import/lines.ts';
import type { Mapping } from '../import/mapping.ts';
import { rawRows } from '../import/relation.ts';
import { type BrokenLine, brokenLines } from '../import/stage.ts';

/** What stands for "nothing" in tables found in the wild; `None` and `-` are left out, they may be values. */
export const MISSING_TOKENS: readonly string[] = [
  '',
  'NA',
  'N/A',
  'n/a',
  '#N/A',
  'NaN',
  'nan',
  'NULL',
  'null',
  '?',
];

/** A table in the engine: row i of the file is row i of it, cells are the columns `c0`, `c1`, … */
export interface TableSource {
  /** The file's name without folders. */
  readonly file: string;
  /** Name of the engine's table. */
  readonly table: string;
  /** In the file's order. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** Whether a comma may stand for the decimal point: it does not part the cells. */
  readonly mayDecimalComma: boolean;
  readonly missing: readonly string[];
  /** SHA-256 of the file's bytes. */
  readonly fingerprint: string;
}

export interface OpenTableOptions {
  /** An existing folder for decoded copies. */
  readonly scratch: string;
  /** Name of the engine's table, `source` when absent. */
  readonly as?: string;
  /** Texts that count as missing besides the usual ones. */
  readonly missing?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Rows in which keys of NDJSON are looked for. */
const KEY_ROWS = 5000;

/**
 * Reads CSV, TSV, NDJSON or Parquet, also gzipped, in any of the encodings an import reads.
 *
 * @throws AppError NOT_FOUND, BAD_FILE for an empty, damaged or ragged file, naming the first line at fault, and for one
 *   without names of columns
 */
export async function openTable(
  engine: Engine,
  path: string,
  { scratch, as = 'source', missing = [], signal }: OpenTableOptions,
): Promise<TableSource> {
  let file = await prepareFile(path, UNDESCRIBED, scratch, { signal });
  let broken = await hold(engine, file, { path, scratch, as, missing, signal });
  const wrong = broken.find(({ reason }) => reason === 'wrong_encoding');
  if (wrong && file.isUnproven) {
    // Its beginning was plain ASCII; a later line says which encoding it really has.
    file = await prepareFile(path, UNDESCRIBED, scratch, {
      encoding: await encodingAt(path, wrong.at),
      signal,
    });
    broken = await hold(engine, file, { path, scratch, as, missing, signal });
  }
  if (broken.length > 0) throw await brokenTable(file, broken);
  const [{ faults, rows }] = await engine.rows<{ faults: number; rows: number }>(
    `SELECT count(fault) AS faults, count(*) AS rows FROM ${as}`,
    signal,
  );
  if (faults > 0) {
    const [{ line }] = await engine.rows<{ line: number }>(
      `SELECT min(rowid) + 1 AS line FROM ${as} WHERE fault IS NOT NULL`,
    );
    throw new AppError(
      'BAD_FILE',
      `expected one JSON object a line in "${file.name}", ${faults} of ${rows} lines are none (the first is row ${line}): export it as NDJSON`,
    );
  }
  if (rows === 0)
    throw new AppError('BAD_FILE', `expected rows in "${file.name}", it has a header and nothing under it`);
  const columns = await columnNames(engine, file, path, scratch);
  if (file.format === 'csv') needHeader(file.name, columns);
  return {
    file: file.name,
    table: as,
    columns,
    rows,
    mayDecimalComma: file.format === 'csv' && file.separator !== ',',
    missing: [...new Set([...MISSING_TOKENS, ...missing])],
    fingerprint: await digestOf(path, signal),
  };
}

/** Years are names, and so are numbers of pixels; a line of numbers with fractions is a row. */
function needHeader(file: string, names: readonly string[]): void {
  const numbers = names.map((name) => (name === '' ? Number.NaN : Number(name)));
  if (!numbers.every(Number.isFinite) || numbers.every(Number.isInteger)) return;
  throw new AppError(
    'BAD_FILE',
    `expected the names of columns in the first line of "${file}", it holds numbers only: add a line of names`,
  );
}

async function columnNames(
  engine: Engine,
  file: ReadableFile,
  path: string,
  scratch: string,
): Promise<readonly string[]> {
  if (file.format === 'ndjson') return (await sampleRows(path, scratch, KEY_ROWS)).columns;
  return (await rawRows(engine, file, { file: UNDESCRIBED } as Mapping)).names;
}

/** Reads the whole file into the engine; what it stumbled over comes back. */
async function hold(
  engine: Engine,
  file: ReadableFile,
  {
    path,
    scratch,
    as,
    missing,
    signal,
  }: Required<Pick<OpenTableOptions, 'scratch' | 'as' | 'missing'>> & {
    path: string;
    signal?: AbortSignal;
  },
): Promise<readonly BrokenLine[]> {
  throwIfAborted(signal);
  try {
    const raw = await rawRows(engine, file, { file: UNDESCRIBED } as Mapping);
    const names = await columnNames(engine, file, path, scratch);
    const empty = [...new Set([...MISSING_TOKENS, ...missing])].map(sqlText).join(', ');
    const cells = names.map((name, index) => {
      const cell = file.format === 'ndjson' ? raw.column(name) : `c${index}`;
      return `CASE WHEN trim(${cell}) NOT IN (${empty}) THEN trim(${cell}) END AS c${index}`;
    });
    if (cells.length === 0) throw unreadable(file.name);
    await engine.run(
      `CREATE OR REPLACE TEMP TABLE ${as} AS SELECT ${raw.fault} AS fault, ${cells.join(', ')} FROM ${raw.relation()}`,
      signal,
    );
  } catch (cause) {
    if (cause instanceof AppError || !(cause instanceof Error)) throw cause;
    if (/out of memory/i.test(cause.message)) {
      throw new AppError(
        'DISK',
        `"${file.name}" needs more memory than there is: take fewer columns or rows`,
      );
    }
    throw unreadable(file.name, cause);
  }
  return file.format === 'parquet' ? [] : await brokenLines(engine, file.path);
}

const unreadable = (file: string, cause?: unknown) =>
  new AppError(
    'BAD_FILE',
    `expected a table as CSV, TSV, NDJSON or Parquet, "${file}" cannot be read as one: export it again`,
    {},
    cause,
  );

const BROKEN_WORDS: Readonly<Record<string, string>> = {
  ragged_row: 'has more or fewer cells than the header',
  bad_quoting: 'opens a quote it does not close',
  wrong_encoding: 'is in another encoding than the rest',
  line_too_long: 'is too long',
};

/** A row left out in silence would shift every answer after it, so one broken line refuses the file. */
async function brokenTable(file: ReadableFile, broken: readonly BrokenLine[]): Promise<AppError> {
  const { brokenAt } = await lineShifts(file, UNDESCRIBED, broken.slice(0, 1), -1);
  const more = broken.length > 1 ? ` (${broken.length} such lines)` : '';
  return new AppError(
    'BAD_FILE',
    `expected every line of "${file.name}" to be a row, line ${brokenAt[0]} ${BROKEN_WORDS[broken[0].reason] ?? 'is none'}${more}: mend the file or export it again`,
  );
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    throwIfAborted(signal);
    hash.update(piece as Buffer);
  }
  return hash.digest('hex');
}
