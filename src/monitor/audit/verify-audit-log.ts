// Is the audit log still what was written: every record against the one before it, and the end against a head kept elsewhere.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { readSegments } from '../records/read-records.ts';
import { type AuditHead, auditKeys, CHAIN_START, chainFault } from './audit-chain.ts';
import { parseRecord } from './audit-log.ts';

export interface AuditVerdict {
  readonly intact: boolean;
  /** Records that hold, from the first on. */
  readonly records: number;
  /** The last record that holds. */
  readonly head: AuditHead;
  /** What is wrong with the next one. */
  readonly fault?: string;
}

/**
 * Reads the whole log.
 *
 * @param kept a head noted earlier: without one a cut at the very end cannot be seen
 */
export async function verifyAuditLog(
  disk: JournalDisk,
  secret: Uint8Array,
  kept?: AuditHead,
): Promise<AuditVerdict> {
  const keys = auditKeys(secret);
  let head = CHAIN_START;
  let keptSeen = kept === undefined || kept.seq === 0;
  for await (const { lines } of readSegments(disk)) {
    for (const line of lines) {
      const record = parseRecord(line);
      const fault = record ? chainFault(keys, head, record) : `the record after ${head.seq} cannot be read`;
      if (fault || !record) return { intact: false, records: head.seq, head, fault };
      head = { seq: record.seq, digest: record.digest };
      if (head.seq === kept?.seq) {
        if (head.digest !== kept.digest)
          return {
            intact: false,
            records: head.seq - 1,
            head,
            fault: `record ${head.seq} is not the one noted`,
          };
        keptSeen = true;
      }
    }
  }
  const fault = keptSeen ? undefined : `expected at least ${kept?.seq} records, the log ends at ${head.seq}`;
  return { intact: keptSeen, records: head.seq, head, fault };
}
