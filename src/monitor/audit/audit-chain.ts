// The chain of the audit log as pure functions: each record carries a keyed digest of itself and of the one before it.
import { createHmac, hkdfSync } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';

/** Who did it, or to whom: the kind is written, the id only as a keyed digest. */
export interface AuditSubject {
  /** Such as `key`, `operator`, `system`, `user`, `model`. */
  readonly kind: string;
  readonly id: string;
}

/** A record as it is written; property order does not matter to the digest. */
export interface AuditRecord {
  /** From 1, without gaps. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly action: string;
  /** `key:` and 32 hexadecimal digits. */
  readonly actor: string;
  readonly subject?: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly details?: Readonly<Record<string, unknown>>;
  /** `digest` of the record before; zeros for the first. */
  readonly previous: string;
  readonly digest: string;
}

/** Where the chain ends: kept elsewhere, it shows that nothing was cut off. */
export interface AuditHead {
  readonly seq: number;
  readonly digest: string;
}

export const CHAIN_START: AuditHead = { seq: 0, digest: '0'.repeat(64) };

/** Two keys of one secret, so that digests of ids say nothing about those of records. */
export interface AuditKeys {
  readonly ids: Uint8Array;
  readonly chain: Uint8Array;
}

/** @param secret at least 32 random bytes */
export function auditKeys(secret: Uint8Array): AuditKeys {
  const derive = (what: string) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `foresell audit ${what}`, 32));
  return { ids: derive('ids'), chain: derive('chain') };
}

/**
 * `user:` and 128 bits of HMAC-SHA-256 over kind and id: the same person is recognised in every record by who holds the
 * key, and by nobody else.
 */
export const auditId = ({ ids }: AuditKeys, { kind, id }: AuditSubject): string =>
  `${kind}:${createHmac('sha256', ids).update(`${kind}\0${id}`).digest('hex').slice(0, 32)}`;

/** HMAC-SHA-256 over everything in the record but its digest, the previous digest included. */
export const recordDigest = ({ chain }: AuditKeys, record: Omit<AuditRecord, 'digest'>): string =>
  createHmac('sha256', chain).update(canonicalJson(record)).digest('hex');

/** Why a record cannot stand after `head`, or nothing when it can. */
export function chainFault(keys: AuditKeys, head: AuditHead, record: AuditRecord): string | undefined {
  if (record.seq !== head.seq + 1) return `expected record ${head.seq + 1}, got ${record.seq}`;
  if (record.previous !== head.digest) return `record ${record.seq} does not follow the one before it`;
  const { digest, ...rest } = record;
  return recordDigest(keys, rest) === digest ? undefined : `record ${record.seq} has been changed`;
}
