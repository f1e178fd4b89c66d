// API keys: how one is made, written, kept (hashed) and recognised.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key may do, with what that is. */
export const SCOPES = {
  'events:write': 'send events',
  'predictions:read': 'ask for predictions and recommendations',
  'users:read': 'read what is known about one customer',
  admin: 'reload models, see operation',
} as const;

export type Scope = keyof typeof SCOPES;

/** A browser's key stands in a page everybody can read: it may only write. */
export type KeyKind = 'server' | 'browser';

/** A key as it is kept: whoever reads this cannot call the server. */
export interface KeyRecord {
  /** Public part, also the first part of the key itself. */
  readonly id: string;
  readonly kind: KeyKind;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the secret part, hex. The secret has 256 random bits, so nothing slower is needed against guessing. */
  readonly hash: string;
  readonly label: string;
  /** UTC ms. */
  readonly createdMs: number;
  /** From then on the key is refused; absent: never. */
  readonly expiresMs?: number;
  /** Origins a browser's key may be used from, such as `https://shop.example`; absent: any. */
  readonly origins?: readonly string[];
}

/** Who is asking. */
export interface Principal {
  readonly keyId: string;
  readonly workspace: string;
  readonly kind: KeyKind;
  readonly scopes: ReadonlySet<Scope>;
  readonly origins: readonly string[] | undefined;
}

/** `fsk_<id>_<secret>`; both parts base64url without `_`, so that a key splits in one way. */
const KEY_TEXT = /^fsk_([A-Za-z0-9-]{8,24})_([A-Za-z0-9-]{40,64})$/;

const token = (bytes: number): string => randomBytes(bytes).toString('base64url').replaceAll('_', '-');

/** An id is given to commands: it never begins like an option. */
const keyId = (): string => randomBytes(8).toString('hex');

const hashOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** @returns the key's text, shown this once, and its record */
export function makeKey(wanted: {
  readonly kind: KeyKind;
  readonly scopes: readonly Scope[];
  readonly label: string;
  readonly createdMs: number;
  readonly expiresMs?: number;
  readonly origins?: readonly string[];
}): { readonly text: string; readonly record: KeyRecord } {
  const id = keyId();
  const secret = token(32);
  const scopes: readonly Scope[] = wanted.kind === 'browser' ? ['events:write'] : wanted.scopes;
  return {
    text: `fsk_${id}_${secret}`,
    record: { ...wanted, id, scopes, hash: hashOf(secret).toString('hex') },
  };
}

/** All keys of all workspaces of one server. */
export interface Keyring {
  /** The key's principal; undefined for a text that is none, a wrong secret, an expired or unknown key, all alike. */
  recognise(text: string, nowMs: number): Principal | undefined;
}

interface Known {
  readonly hash: Buffer;
  readonly expiresMs: number;
  readonly principal: Principal;
}

const NO_KEY = Buffer.alloc(32);

/** @param keys every workspace's records; an id stands in one workspace only */
export function createKeyring(keys: ReadonlyMap<string, readonly KeyRecord[]>): Keyring {
  const known = new Map<string, Known>();
  for (const [workspace, records] of keys) {
    for (const record of records) {
      known.set(record.id, {
        hash: Buffer.from(record.hash, 'hex'),
        expiresMs: record.expiresMs ?? Number.POSITIVE_INFINITY,
        principal: {
          keyId: record.id,
          workspace,
          kind: record.kind,
          scopes: new Set(record.kind === 'browser' ? ['events:write'] : record.scopes),
          origins: record.origins,
        },
      });
    }
  }
  return {
    recognise(text, nowMs) {
      const match = text.length < 128 ? KEY_TEXT.exec(text) : null;
      if (!match) return undefined;
      const key = known.get(match[1]);
      const isRight = timingSafeEqual(hashOf(match[2]), key?.hash ?? NO_KEY);
      return isRight && key !== undefined && nowMs < key.expiresMs ? key.principal : undefined;
    },
  };
}
