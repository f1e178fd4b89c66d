// What commands leave in the audit log of a workspace.
import { userInfo } from 'node:os';
import type { AuditEntry } from '../monitor/audit/audit-log.ts';
import { recordAudit } from '../monitor/audit/workspace-audit.ts';

/** By whom the command was typed; the log keeps a digest. */
const operator = (): string => {
  try {
    return userInfo().username;
  } catch {
    // A container may have no name for its user.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};

/** @throws AppError DISK, TAMPERED */
export const auditCommand = (workspaceDir: string, entry: Omit<AuditEntry, 'actor'>): Promise<void> =>
  recordAudit({ workspaceDir, now: Date.now }, { ...entry, actor: { kind: 'operator', id: operator() } });
