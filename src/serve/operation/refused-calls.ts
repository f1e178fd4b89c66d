// Calls that were refused for their key, on their way into the audit log: the first of a caller at once, a flood as a number.
import type { AuditEntry } from '../../monitor/audit/audit-log.ts';
import type { RefusedCall } from '../ports.ts';

export interface RefusedCalls {
  refused(call: RefusedCall): void;
  /** Writes what was counted; called every minute, and before the end. */
  flush(): void;
}

/** Addresses told apart in a minute; the others are counted together. */
const MOST_CALLERS = 20;

/** @param write takes an entry; it does not wait */
export function countRefusedCalls(write: (entry: AuditEntry) => void): RefusedCalls {
  let counts = new Map<string, { readonly call: RefusedCall; count: number }>();
  let others = 0;
  const entry = ({ reason, address, keyId }: RefusedCall, calls: number): AuditEntry => ({
    action: 'key.refuse',
    actor: { kind: 'address', id: address },
    ...(keyId !== undefined && { subject: { kind: 'key', id: keyId } }),
    outcome: 'refused',
    details: { reason, calls },
  });
  return {
    refused(call) {
      const key = `${call.reason} ${call.keyId ?? ''} ${call.address}`;
      const known = counts.get(key);
      if (known) known.count++;
      else if (counts.size >= MOST_CALLERS) others++;
      else {
        counts.set(key, { call, count: 0 });
        write(entry(call, 1));
      }
    },
    flush() {
      for (const { call, count } of counts.values()) if (count > 0) write(entry(call, count));
      if (others > 0)
        write({
          action: 'key.refuse',
          actor: { kind: 'system', id: 'server' },
          outcome: 'refused',
          details: { reason: 'many_callers', calls: others },
        });
      counts = new Map();
      others = 0;
    },
  };
}
