// Shows what a mapping would do to a file, on its first rows, without touching any lake.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cell, openEngine, sqlText } from '../engine.ts';
import { readSnapshot } from '../lake/snapshot.ts';
import { pseudonymSetup, readPseudonymKey } from '../pseudonym.ts';
import type { Workspace } from '../workspace.ts';
import { planMoney } from './currency.ts';
import { prepareFile, UNDESCRIBED } from './file.ts';
import { loadMapping, type Mapping } from './mapping.ts';
import { compilePlan, LAKE_COLUMNS } from './plan.ts';
import { asReadFault } from './read-fault.ts';
import { rawRows } from './relation.ts';
import { brokenLines } from './stage.ts';
import { importZone } from './time-sql.ts';

/** One row of the file and what becomes of it. */
export interface DryRow {
  /** The cells the mapping reads. */
  readonly before: Readonly<Record<string, string | null>>;
  /** The lake's columns that are filled; undefined when the row is rejected or left out. */
  readonly after: Readonly<Record<string, Cell>> | undefined;
  /** A word of `REJECT_REASONS`, or `skipped`. */
  readonly reason: string | undefined;
}

export interface DryRun {
  readonly rows: readonly DryRow[];
  /** How many rows from the beginning were looked at, and what would become of them. */
  readonly checked: number;
  readonly accepted: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly anonymous: number;
  readonly currency: string;
  readonly encoding: string;
  /** Columns of the file, where it has a header. */
  readonly columns: readonly string[];
}

const SHOWN = 10;
const CHECKED = 10_000;

/**
 * @param workspace  undefined when there is none yet: times are then read as UTC unless the mapping says otherwise
 * @throws AppError as `importFiles` does
 */
export async function dryRun(
  workspace: Workspace | undefined,
  path: string,
  mapping: Mapping | string,
  options: { nowMs?: number; signal?: AbortSignal } = {},
): Promise<DryRun> {
  const checked = typeof mapping === 'string' ? loadMapping(mapping) : mapping;
  const nowMs = options.nowMs ?? Date.now();
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-dry-run-'));
  const engine = await openEngine({ tempDir: join(scratch, 'spill') });
  try {
    await engine.run("SET TimeZone = 'UTC'");
    const pseudonyms = workspace?.settings.pseudonyms ?? false;
    if (workspace && pseudonyms) {
      for (const statement of pseudonymSetup(readPseudonymKey(workspace.dir))) await engine.run(statement);
    }
    const decoded = join(scratch, 'decoded');
    mkdirSync(decoded);
    const file = await prepareFile(path, checked.file, decoded, { signal: options.signal });
    const lake = workspace ? readSnapshot(workspace).currency : '';
    const money = await planMoney(engine, [file], checked, lake);
    const rows = await rawRows(engine, file, checked).catch((cause: unknown) => {
      throw asReadFault(cause, file.name);
    });
    const zone = importZone(checked.time.zone ?? workspace?.settings.zone ?? 'UTC', nowMs);
    const plan = compilePlan(checked, rows, { zone, nowMs, money, pseudonyms, keepsRaw: true });
    await engine
      .run(`CREATE TEMP TABLE looked AS SELECT * FROM (${plan.sql}) LIMIT ${CHECKED}`, options.signal)
      .catch((cause: unknown) => {
        throw asReadFault(cause, file.name);
      });
    const first = await engine.rows<Record<string, Cell>>(`SELECT * FROM looked LIMIT ${SHOWN}`);
    const counts = await engine.rows<{ reason: string | null; rows: number; anonymous: number }>(
      `SELECT reason, count(*) AS rows, count(*) FILTER (${checked.kind === 'events' ? 'user_id IS NULL' : 'false'}) AS anonymous FROM looked GROUP BY reason ORDER BY 1`,
    );
    const reasons: Record<string, number> = {};
    for (const { reason, rows: count } of counts) if (reason !== null) reasons[reason] = count;
    const broken = await brokenLines(engine, file.path);
    for (const { reason } of broken) reasons[reason] = (reasons[reason] ?? 0) + 1;
    const good = counts.find(({ reason }) => reason === null);
    return {
      rows: first.map((row) => dryRow(row, Object.keys(LAKE_COLUMNS[checked.kind]))),
      checked: counts.reduce((sum, { rows: count }) => sum + count, 0) + broken.length,
      accepted: good?.rows ?? 0,
      reasons,
      anonymous: good?.anonymous ?? 0,
      currency: money.currency,
      encoding: file.encoding,
      columns: rows.names,
    };
  } finally {
    engine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function dryRow(row: Record<string, Cell>, columns: readonly string[]): DryRow {
  const filled = columns.filter((column) => row[column] !== null && row[column] !== undefined);
  return {
    before: JSON.parse(String(row.raw ?? '{}')) as Record<string, string | null>,
    after:
      row.reason === null ? Object.fromEntries(filled.map((column) => [column, row[column]])) : undefined,
    reason: row.reason === null ? undefined : String(row.reason),
  };
}

/** The first rows of a file as texts, whatever its format: what `propose` guesses from. */
export async function sampleRows(
  path: string,
  scratch: string,
  most: number,
): Promise<{ format: string; encoding: string; separator: string; columns: string[]; rows: string[][] }> {
  const file = await prepareFile(path, UNDESCRIBED, scratch);
  const engine = await openEngine({ memoryLimit: '1GB' });
  try {
    const mapping = { file: UNDESCRIBED } as Mapping;
    if (file.format === 'ndjson') {
      const found = await engine.rows<{ line: string }>(
        `SELECT line FROM read_csv(${sqlText(file.path)}, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = '\x1f', quote = '', escape = '', compression = 'none') WHERE json_valid(line) LIMIT ${most}`,
      );
      const flat = found.map(({ line }) => flatten(JSON.parse(line) as unknown));
      const columns = [...new Set(flat.flatMap((cells) => [...cells.keys()]))];
      return { ...file, columns, rows: flat.map((cells) => columns.map((name) => cells.get(name) ?? '')) };
    }
    const raw = await rawRows(engine, file, mapping);
    const columns = [...raw.names];
    const cells = columns.map((name, index) => `${raw.column(name)} AS v${index}`).join(', ');
    const rows = await engine.rows<Record<string, Cell>>(
      `SELECT ${cells} FROM ${raw.relation()} LIMIT ${most}`,
    );
    return {
      ...file,
      columns,
      rows: rows.map((row) => columns.map((_, index) => String(row[`v${index}`] ?? ''))),
    };
  } finally {
    engine.close();
  }
}

/** Paths of an object's plain values; lists are left alone. */
function flatten(value: unknown, prefix = ''): Map<string, string> {
  const cells = new Map<string, string>();
  if (typeof value !== 'object' || value === null) return cells;
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (Array.isArray(inner)) continue;
    if (typeof inner === 'object' && inner !== null)
      for (const [k, v] of flatten(inner, path)) cells.set(k, v);
    else if (inner !== null) cells.set(path, String(inner));
  }
  return cells;
}
