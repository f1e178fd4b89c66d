// The proof: decodes every file of a workspace and says where a person still stands.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { listFiles } from '../disk.ts';
import { type Engine, sqlName, sqlText } from '../engine.ts';
import type { Workspace } from '../workspace.ts';
import { type Needle, type NeedleKind, needleMatcher, needleSql, OTHER_ID_COLUMNS } from './needles.ts';

/** A file that holds a person. Never carries the value itself. */
export interface Finding {
  /** Relative to the workspace. */
  readonly file: string;
  readonly kinds: readonly NeedleKind[];
  /** Rows of a table, or lines of a text, that hold them. */
  readonly count: number;
}

/** Searches all files: Parquet cell by cell, gzip unpacked, JSON by its strings, everything else as text. */
export async function searchWorkspace(
  engine: Engine,
  workspace: Workspace,
  needles: readonly Needle[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const file of listFiles(workspace.dir)) {
    // The key makes pseudonyms; it names nobody.
    if (file.startsWith('keys/')) continue;
    const finding = await searchFile(engine, workspace, file, needles);
    if (finding) findings.push(finding);
  }
  return findings;
}

async function searchFile(
  engine: Engine,
  workspace: Workspace,
  file: string,
  needles: readonly Needle[],
): Promise<Finding | undefined> {
  const path = join(workspace.dir, file);
  if (file.endsWith('.parquet')) return searchParquet(engine, file, path, needles);
  let bytes: Buffer = readFileSync(path);
  let name = file;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = gunzipSync(bytes);
    name = name.replace(/\.gz$/, '');
  }
  const lines = bytes.toString('utf8').split('\n');
  const texts = /\.(json|ndjson|jsonl)$/.test(name) ? jsonTexts(lines) : lines;
  return summarise(file, texts, needles);
}

/** The strings of JSON: of each line where every line is a document, else of the whole. What does not parse stays text. */
function jsonTexts(lines: readonly string[]): string[] {
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const whole = parse(lines.join('\n'));
  if (whole !== undefined) return stringsOf(whole);
  return lines.flatMap((line) => {
    const value = parse(line);
    return value === undefined ? [line] : [stringsOf(value).join('\n')];
  });
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)]);
}

function summarise(file: string, texts: readonly string[], needles: readonly Needle[]): Finding | undefined {
  const matchers = needles.map((needle) => ({ needle, matches: needleMatcher(needle) }));
  const kinds = new Set<NeedleKind>();
  let count = 0;
  for (const text of texts) {
    const hit = matchers.filter(({ matches }) => matches(text));
    if (hit.length === 0) continue;
    count++;
    for (const { needle } of hit) kinds.add(needle.kind);
  }
  return count === 0 ? undefined : { file, kinds: [...kinds].sort(), count };
}

async function searchParquet(
  engine: Engine,
  file: string,
  path: string,
  needles: readonly Needle[],
): Promise<Finding | undefined> {
  const source = `read_parquet(${sqlText(path)}, hive_partitioning = false)`;
  const columns = await textColumns(engine, source);
  if (columns.length === 0) return undefined;
  const kinds = [...new Set(needles.map(({ kind }) => kind))];
  const byKind = kinds.map((kind) => {
    const own = needles.filter((needle) => needle.kind === kind);
    const tests = columns.flatMap((column) => own.map((needle) => needleSql(sqlColumn(column), needle)));
    return `(${tests.join(' OR ')}) AS ${sqlName(kind)}`;
  });
  const counts = kinds.map((kind) => `count(*) FILTER (WHERE ${sqlName(kind)}) AS ${sqlName(kind)}`);
  const any = kinds.map(sqlName).join(' OR ');
  const [found] = await engine.rows<Record<string, number>>(
    `SELECT ${counts.join(', ')}, count(*) FILTER (WHERE ${any}) AS total FROM (SELECT ${byKind.join(', ')} FROM ${source})`,
  );
  if (found.total === 0) return undefined;
  return { file, kinds: kinds.filter((kind) => found[kind] > 0).sort(), count: found.total };
}

/** Plain lower-case names stay bare, so that they are known as the lake's own columns. */
const sqlColumn = (name: string): string => (/^[a-z][a-z0-9_]*$/.test(name) ? name : sqlName(name));

/** The columns of a table that hold text and are searched. */
export async function textColumns(engine: Engine, source: string): Promise<string[]> {
  const columns = await engine.rows<{ column_name: string; column_type: string }>(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${source})`,
  );
  return columns
    .filter(({ column_name, column_type }) => column_type === 'VARCHAR' && !OTHER_ID_COLUMNS.has(column_name))
    .map(({ column_name }) => column_name);
}
