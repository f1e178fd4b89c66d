// The proof: decodes every file of a workspace and says where a person still stands.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AppError } from '../../core/errors.ts';
import { listFiles } from '../disk.ts';
import { type Engine, sqlName, sqlText } from '../engine.ts';
import type { EventRow } from '../event.ts';
import { decodeEvent } from '../journal/event-record.ts';
import { visitRecords } from '../journal/segment.ts';
import type { Workspace } from '../workspace.ts';
import { mentionsIn } from './event-mentions.ts';
import type { FileReader } from './file-reader.ts';
import {
  isWord,
  type Needle,
  type NeedleKind,
  needleMatcher,
  needleSql,
  OTHER_ID_COLUMNS,
} from './needles.ts';
import { mentionsInRecord, recordKind } from './record-files.ts';

/** A file that holds a person. Never carries the value itself. */
export interface Finding {
  /** Relative to the workspace. */
  readonly file: string;
  readonly kinds: readonly NeedleKind[];
  /** Rows of a table, or lines of a text, that hold them. */
  readonly count: number;
}

/** Written by hand or by us, naming nobody: numbers in them (`horizon_days: 30`, bytes of a hash) are not customers called 30. */
const NAMES_NOBODY = /^((foresell|serve)\.yaml$|journal\/known\.ids$|(audit|keys|locks|tasks)\/)/;

/**
 * Searches all files: Parquet, the journal and what `readers` know cell by cell, records of a server line by line, gzip
 * unpacked, JSON by its strings, everything else as text.
 *
 * In saved models an id counts where it is a whole JSON string: their files are full of words like `0.values`, and none of
 * them holds sentences about customers.
 */
export async function searchWorkspace(
  engine: Engine,
  workspace: Workspace,
  needles: readonly Needle[],
  readers: readonly FileReader[] = [],
): Promise<Finding[]> {
  const findings = new Map<string, Finding>();
  const searched = new Map<string, string>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let hasMoved = false;
    for (const file of listFiles(workspace.dir)) {
      if (NAMES_NOBODY.test(file)) continue;
      const path = join(workspace.dir, file);
      const stamp = stampOf(path);
      if (stamp !== undefined && searched.get(file) === stamp) continue;
      findings.delete(file);
      try {
        const finding = await searchFile(engine, workspace, file, { needles, readers });
        if (finding) findings.set(file, finding);
      } catch (cause) {
        if (existsSync(path)) throw cause;
        hasMoved = true;
        continue;
      }
      if (stamp !== undefined) searched.set(file, stamp);
    }
    if (!hasMoved) break;
  }
  return [...findings.values()];
}

/** What another process writes meanwhile gets its name by rename: a file that went is looked for where it may have gone. */
const MOST_ROUNDS = 5;

/** Other once a file of that name is another, or has been written to; `undefined` where there is none any more. */
function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

async function searchFile(
  engine: Engine,
  workspace: Workspace,
  file: string,
  { needles, readers }: { readonly needles: readonly Needle[]; readonly readers: readonly FileReader[] },
): Promise<Finding | undefined> {
  const path = join(workspace.dir, file);
  if (file.endsWith('.parquet')) return searchParquet(engine, file, path, needles);
  let bytes: Buffer = readFileSync(path);
  if (file.startsWith('journal/') && file.endsWith('.journal')) return searchSegment(file, bytes, needles);
  const reader = readers.find((one) => one.reads(file));
  if (reader) {
    const read = searchRows(file, () => reader.rows(bytes, file), needles);
    if (read !== 'unreadable') return read;
  }
  const records = recordKind(file);
  if (records) {
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    return counted(
      file,
      lines.map((line) => mentionsInRecord(records, line, needles)),
    );
  }
  let name = file;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = gunzipSync(bytes);
    name = name.replace(/\.gz$/, '');
  }
  const lines = bytes.toString('utf8').split('\n');
  const json = /\.(json|ndjson|jsonl)$/.test(name);
  const texts = json ? jsonTexts(lines) : lines;
  if (file.startsWith('models/'))
    return summarise(file, texts, needles.map(json ? wholeMatcher : longMatcher));
  return summarise(file, texts, needles.map(json ? plainMatcher : writtenMatcher));
}

interface Matcher {
  readonly kind: NeedleKind;
  matches(text: string): boolean;
}

const plainMatcher = (needle: Needle): Matcher => ({ kind: needle.kind, matches: needleMatcher(needle) });

/** As it may stand in CSV, JSON or HTML: quotes doubled, escaped, or turned into entities. */
function writtenMatcher(needle: Needle): Matcher {
  const { kind, value } = needle;
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const ways = [
    value,
    value.replaceAll('"', '""'),
    JSON.stringify(value).slice(1, -1),
    html,
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  ];
  const matchers = [...new Set(ways)].map((way) => needleMatcher({ kind, value: way }));
  return { kind, matches: (text) => matchers.some((matches) => matches(text)) };
}

const wholeMatcher = (needle: Needle): Matcher =>
  isWord(needle) ? { kind: needle.kind, matches: (text) => text === needle.value } : plainMatcher(needle);

/** In files that are not text a short id is found by chance. */
const FEWEST_LETTERS = 6;

const longMatcher = (needle: Needle): Matcher =>
  needle.value.length >= FEWEST_LETTERS ? plainMatcher(needle) : { kind: needle.kind, matches: () => false };

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

function summarise(
  file: string,
  texts: readonly string[],
  matchers: readonly Matcher[],
): Finding | undefined {
  const kinds = new Set<NeedleKind>();
  let count = 0;
  for (const text of texts) {
    const hit = matchers.filter(({ matches }) => matches(text));
    if (hit.length === 0) continue;
    count++;
    for (const { kind } of hit) kinds.add(kind);
  }
  return count === 0 ? undefined : { file, kinds: [...kinds].sort(), count };
}

/** What cannot be decoded is searched as text. */
function searchRows(
  file: string,
  read: () => Iterable<Partial<EventRow>>,
  needles: readonly Needle[],
): Finding | undefined | 'unreadable' {
  const found: NeedleKind[][] = [];
  try {
    for (const row of read()) found.push(mentionsIn(row, needles).map(({ needle }) => needle.kind));
  } catch (cause) {
    if (cause instanceof AppError) return 'unreadable';
    throw cause;
  }
  return counted(file, found);
}

/** @param found kinds met in each row */
function counted(file: string, found: readonly (readonly NeedleKind[])[]): Finding | undefined {
  const hits = found.filter((kinds) => kinds.length > 0);
  return hits.length === 0
    ? undefined
    : { file, kinds: [...new Set(hits.flat())].sort(), count: hits.length };
}

/** Each record that can be read counts once, by the columns a Parquet file is searched by. */
function searchSegment(file: string, bytes: Uint8Array, needles: readonly Needle[]): Finding | undefined {
  const kinds = new Set<NeedleKind>();
  let count = 0;
  visitRecords(basename(file), bytes, (record) => {
    const found = mentionsIn(decodeEvent(record), needles);
    if (found.length > 0) count++;
    for (const { needle } of found) kinds.add(needle.kind);
  });
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
