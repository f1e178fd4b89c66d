// The audit log of one workspace: whoever runs the server writes it; a command meanwhile leaves its record for the server.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { realDisk } from '../../data/disk.ts';
import { nodeJournalDisk } from '../../data/journal/journal-disk.ts';
import { acquireLock, type Lock } from '../../data/lock.ts';
import { recordSecret } from '../../data/record-secret.ts';
import { AUDIT_ACTIONS, type AuditEntry, type AuditLog, openAuditLog } from './audit-log.ts';

export interface WorkspaceAudit extends Pick<AuditLog, 'append' | 'head' | 'torn' | 'close'> {
  /** Takes in what commands have left. @returns how many records */
  collect(): Promise<number>;
}

export interface WorkspaceAuditParts {
  readonly workspaceDir: string;
  /** UTC ms. */
  readonly now: () => number;
  /** What it is open for, as others will read it who find it taken. */
  readonly purpose?: string;
  /** How long to wait for another process; two seconds when absent: commands hold it for less. */
  readonly waitMs?: number;
}

const folderOf = (workspaceDir: string): string => join(workspaceDir, 'audit');
const inboxOf = (workspaceDir: string): string => join(folderOf(workspaceDir), 'inbox');
const lockPath = (workspaceDir: string): string => join(workspaceDir, 'locks', 'audit.lock');

/**
 * Opens the log for this process alone.
 *
 * @throws AppError BUSY naming the process that has it; TAMPERED when no record fits the secret; DISK
 */
export async function openWorkspaceAudit({
  workspaceDir,
  now,
  purpose = 'audit log',
  waitMs = 2000,
}: WorkspaceAuditParts): Promise<WorkspaceAudit> {
  const lock = await acquireLock(lockPath(workspaceDir), purpose, { waitMs });
  try {
    const log = await openAuditLog({
      disk: nodeJournalDisk(folderOf(workspaceDir)),
      secret: recordSecret(workspaceDir),
      now,
    });
    return held(log, lock, workspaceDir);
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

function held(log: AuditLog, lock: Lock, workspaceDir: string): WorkspaceAudit {
  return {
    torn: log.torn,
    append: (entry) => log.append(entry),
    get head() {
      return log.head;
    },
    async collect() {
      const names = existsSync(inboxOf(workspaceDir))
        ? readdirSync(inboxOf(workspaceDir))
            .filter((name) => name.endsWith('.json'))
            .sort()
        : [];
      for (const name of names) {
        const path = join(inboxOf(workspaceDir), name);
        const entry = parseEntry(readFileSync(path, 'utf8'));
        if (entry) await log.append(entry);
        // Written first: after a crash in between the record stands twice, which is better than not at all.
        rmSync(path, { force: true });
      }
      return names.length;
    },
    async close() {
      try {
        await log.close();
      } finally {
        lock.release();
      }
    },
  };
}

/**
 * One record of a command. While a server has the log open it is left for the server, which takes it in within seconds; so
 * may the next command.
 *
 * @throws AppError DISK, TAMPERED; BUSY for a record about a person while another process has the log: ids of persons are
 *   written nowhere, not even for a moment
 */
export async function recordAudit(parts: WorkspaceAuditParts, entry: AuditEntry): Promise<void> {
  const { workspaceDir, now } = parts;
  let audit: WorkspaceAudit;
  try {
    audit = await openWorkspaceAudit({ waitMs: 200, ...parts });
  } catch (cause) {
    if (!(cause instanceof AppError && cause.code === 'BUSY') || entry.subject?.kind === 'user') throw cause;
    mkdirSync(inboxOf(workspaceDir), { recursive: true, mode: 0o700 });
    const name = `${String(now()).padStart(16, '0')}-${randomBytes(6).toString('hex')}`;
    const path = join(inboxOf(workspaceDir), name);
    const left = { ...entry, details: { ...entry.details, done_at_ms: now() } };
    realDisk.write(`${path}.new`, `${JSON.stringify(left)}\n`);
    realDisk.move(`${path}.new`, `${path}.json`);
    realDisk.sync(inboxOf(workspaceDir));
    return;
  }
  try {
    await audit.collect();
    await audit.append(entry);
  } finally {
    await audit.close();
  }
}

function parseEntry(text: string): AuditEntry | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isWhole =
      isRecord(value) &&
      typeof value.action === 'string' &&
      Object.hasOwn(AUDIT_ACTIONS, value.action) &&
      isSubject(value.actor) &&
      (value.subject === undefined || isSubject(value.subject));
    return isWhole ? (value as unknown as AuditEntry) : undefined;
  } catch {
    return undefined;
  }
}

const isSubject = (value: unknown): boolean =>
  isRecord(value) && typeof value.kind === 'string' && typeof value.id === 'string';
