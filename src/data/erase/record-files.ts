// Files in which a server records its own work, line by line: answers by digest, refused events as they were sent.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { type Disk, replaceFile } from '../disk.ts';
import type { Workspace } from '../workspace.ts';
import { type Needle, type NeedleKind, needleMatcher } from './needles.ts';

/** What lines are of, by the folder they lie in. */
const FOLDERS = [
  { folder: /^predictions\/live\/[^/]+\.ndjson$/, of: 'answer' },
  { folder: /^rejected\/[^/]+\.ndjson$/, of: 'refused event' },
] as const;

export type RecordKind = (typeof FOLDERS)[number]['of'];

/** Undefined for files that hold no such lines. */
export const recordKind = (file: string): RecordKind | undefined =>
  FOLDERS.find(({ folder }) => folder.test(file))?.of;

/**
 * What a line says of a person: an answer by the digest of whom it is about, a refused event by what the sender wrote, where
 * that was kept. A line that cannot be read may be anybody's.
 */
export function mentionsInRecord(kind: RecordKind, line: string, needles: readonly Needle[]): NeedleKind[] {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return needles.length > 0 ? [needles[0].kind] : [];
  }
  if (!isRecord(record)) return [];
  if (kind === 'answer')
    return needles.filter(({ value }) => value === record.user_id).map((needle) => needle.kind);
  const texts = record.original === undefined ? [] : stringsOf(record.original);
  return needles.filter((needle) => texts.some(needleMatcher(needle))).map((needle) => needle.kind);
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)]);
}

/** Writes the files anew without a person's lines; only for files nobody writes to. */
export function eraseFromRecords(
  workspace: Workspace,
  files: readonly string[],
  needles: readonly Needle[],
  disk: Disk,
): void {
  for (const file of files) {
    const kind = recordKind(file);
    if (kind === undefined) continue;
    const path = join(workspace.dir, file);
    const left = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && mentionsInRecord(kind, line, needles).length === 0);
    replaceFile(disk, path, left.map((line) => `${line}\n`).join(''));
  }
}
