// Who did what, kept so that a later change shows: a chain of records with keyed digests in place of ids.
import { AppError } from '../../core/errors.ts';
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { redactFields } from '../log/redact.ts';
import { readSegments, type SegmentLines } from '../records/read-records.ts';
import { openRecordLog } from '../records/record-log.ts';
import { replaceDurably } from '../records/replace-file.ts';
import { segmentName } from '../records/segment-name.ts';
import {
  type AuditHead,
  type AuditKeys,
  type AuditRecord,
  type AuditSubject,
  auditId,
  auditKeys,
  CHAIN_START,
  chainFault,
  recordDigest,
} from './audit-chain.ts';

/** What is kept, with what each means. */
export const AUDIT_ACTIONS = {
  'server.start': 'the server began to answer',
  'server.stop': 'the server stopped',
  'key.create': 'an API key was made',
  'key.rotate': 'an API key was replaced',
  'key.revoke': 'an API key was withdrawn',
  'key.refuse': 'a key was refused: unknown, withdrawn, or without the right',
  'user.read': 'the profile of a person was read',
  'user.erase': 'a person was erased',
  'model.promote': 'a model began to answer',
  'model.load': 'a server loaded a model',
  'model.rollback': 'an earlier model took its place again',
  'model.trial': 'a version was tried on some people, or its trial ended',
  'model.retrain': 'a model was trained anew beside the answering',
  'settings.change': 'settings of the shop or the server were changed',
  'data.import': 'a file was imported',
  'backup.make': 'a backup was made',
  'backup.restore': 'a backup was restored',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

export interface AuditEntry {
  readonly action: AuditAction;
  readonly actor: AuditSubject;
  readonly subject?: AuditSubject;
  /** `done` when absent. */
  readonly outcome?: AuditRecord['outcome'];
  /** Numbers, booleans, and texts under the names a log may hold. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditLog {
  /**
   * Resolves when the record is on the disk.
   *
   * @throws AppError DISK: from then on nothing is added until the log is opened again, because nobody knows where the
   *         chain ends
   */
  append(entry: AuditEntry): Promise<AuditHead>;
  /** The last record written, to be kept elsewhere too. */
  readonly head: AuditHead;
  /** Lines set aside when the log was opened, because they did not hold: a crash, or a change by hand. */
  readonly torn: number;
  close(): Promise<void>;
}

export interface AuditLogParts {
  readonly disk: JournalDisk;
  /** At least 32 random bytes; without them nothing can be added or checked. */
  readonly secret: Uint8Array;
  /** UTC ms. */
  readonly now: () => number;
}

/**
 * Opens the log at the end of its chain, mending the end of the last file.
 *
 * @throws AppError TAMPERED when no record fits the secret
 */
export async function openAuditLog({ disk, secret, now }: AuditLogParts): Promise<AuditLog> {
  if (secret.length < 32)
    throw new AppError(
      'USAGE',
      `expected a secret of at least 32 bytes for the audit log, got ${secret.length}`,
    );
  const keys = auditKeys(secret);
  const { head, torn } = await recover(disk, keys);
  let written = head;
  /** Where the chain will end once everything handed over is written. */
  let next = written;
  const records = await openRecordLog(disk, { durable: true });
  let broken: AppError | undefined;
  return {
    torn,
    get head() {
      return written;
    },
    async append({ action, actor, subject, outcome = 'done', details }) {
      if (broken) throw broken;
      const atMs = now();
      const record: Omit<AuditRecord, 'digest'> = {
        seq: next.seq + 1,
        at: new Date(atMs).toISOString(),
        action,
        actor: auditId(keys, actor),
        subject: subject && auditId(keys, subject),
        outcome,
        details: details && redactFields(details),
        previous: next.digest,
      };
      // As it will be read: what JSON drops must not be in the digest.
      const plain = JSON.parse(JSON.stringify(record)) as typeof record;
      const own = { seq: record.seq, digest: recordDigest(keys, plain) };
      next = own;
      try {
        await records.append(JSON.stringify({ ...plain, digest: own.digest }), atMs);
      } catch (cause) {
        broken ??= new AppError(
          'DISK',
          'the audit log could not be written: mend the disk, then start the server again',
          {},
          cause,
        );
        throw broken;
      }
      written = own;
      return own;
    },
    close: () => records.close(),
  };
}

interface Recovered {
  readonly head: AuditHead;
  /** Lines set aside. */
  readonly torn: number;
}

/**
 * Finds the end of the chain. Only the last file can hold what a crash tore, or what a failed sync left in the cache and
 * not on the disk: its good records are written anew, the rest is set aside as `.torn`.
 */
async function recover(disk: JournalDisk, keys: AuditKeys): Promise<Recovered> {
  const files: SegmentLines[] = [];
  for await (const file of readSegments(disk)) files.push(file);
  const last = files.at(-1);
  if (!last) return { head: CHAIN_START, torn: 0 };
  const good = goodRecords(keys, last.lines);
  const rest = [...last.lines.slice(good.length), ...(last.rest === '' ? [] : [last.rest])];
  const name = segmentName(last.segment);
  if (rest.length > 0) await replaceDurably(disk, `${name}.torn`, rest);
  if (good.length > 0) await replaceDurably(disk, name, last.lines.slice(0, good.length));
  else await disk.remove(name);
  const end =
    good.at(-1) ??
    files
      .slice(0, -1)
      .map(({ lines }) => goodRecords(keys, lines).at(-1))
      .findLast((record) => record !== undefined);
  // A crash leaves lines that cannot be read, never a whole record with another digest.
  if (!end && files.some(({ lines }) => lines.some((line) => isForeign(keys, line)))) {
    throw new AppError(
      'TAMPERED',
      'expected records of this audit log, found none that fits the secret; restore the secret, or keep the folder as evidence and begin a new one',
    );
  }
  return { head: end ? { seq: end.seq, digest: end.digest } : CHAIN_START, torn: rest.length };
}

/** The records of one file up to the first that does not hold; what the first follows lies in another file. */
function goodRecords(keys: AuditKeys, lines: readonly string[]): AuditRecord[] {
  const good: AuditRecord[] = [];
  for (const line of lines) {
    const record = parseRecord(line);
    if (!record) break;
    const before = good.at(-1) ?? { seq: record.seq - 1, digest: record.previous };
    if (chainFault(keys, before, record)) break;
    good.push(record);
  }
  return good;
}

function isForeign(keys: AuditKeys, line: string): boolean {
  const record = parseRecord(line);
  if (!record) return false;
  const { digest, ...rest } = record;
  return recordDigest(keys, rest) !== digest;
}

/** A line of the log; nothing when it is not a record. */
export function parseRecord(line: string): AuditRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<AuditRecord> | null;
    const whole =
      typeof value?.seq === 'number' &&
      typeof value.previous === 'string' &&
      typeof value.digest === 'string';
    return whole ? (value as AuditRecord) : undefined;
  } catch {
    return undefined;
  }
}
