// Events that were refused, kept so that what a sender does not read is not lost: where and why, and whose only as a digest.
import { isRecord } from '../../core/canonical-json.ts';
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { digestOf } from '../../data/record-secret.ts';
import { openForgettingLog } from '../records/forgetting-log.ts';

/** As the server's door says it. */
export interface RefusedEvent {
  readonly source: string;
  /** JSON pointer into the body. */
  readonly place: string;
  readonly reason: string;
  /** As it was sent. */
  readonly original?: unknown;
}

/** A line of the log. */
export interface RejectedRecord {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly source: string;
  /** Members that no format of ours has are `*`: their names may be somebody's data. */
  readonly place: string;
  readonly reason: string;
  /** Digest of the sender's event id, where the event had one: who knows the id finds the line. */
  readonly event?: string;
  /** Only where the shop wants it. */
  readonly original?: unknown;
}

export interface RejectedLog {
  /** Returns at once. */
  keep(event: RefusedEvent): void;
  /** Refused events that were not written: the disk is too slow, or refuses. */
  readonly dropped: number;
  /** Takes lines out in which a text stands that is to be forgotten. @returns how many went */
  forget(isTheirs: (line: string) => boolean): Promise<number>;
  expire(beforeMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface RejectedLogParts {
  /** Of a folder of its own, `rejected` in the workspace. */
  readonly disk: JournalDisk;
  readonly now: () => number;
  /** `digestKey(secret, 'event')`. */
  readonly key: Uint8Array;
  /** Names that stand in formats of events: what is none of these may be somebody's data. */
  readonly names: ReadonlySet<string>;
  /** Bytes of all files, about. */
  readonly mostBytes: number;
  /** Whether events are kept as they were sent, with all that stands in them. */
  readonly originals: boolean;
}

const FILES = 16;
/** Of an event that is kept as it was sent. */
const MOST_ORIGINAL = 8192;
const MOST_WAITING = 2 ** 20;

export async function openRejectedLog(parts: RejectedLogParts): Promise<RejectedLog> {
  const { disk, now, key, names, originals } = parts;
  const log = await openForgettingLog(disk, {
    durable: false,
    mostWaiting: MOST_WAITING,
    segmentBytes: Math.ceil(parts.mostBytes / FILES),
    mostSegments: FILES,
  });
  let dropped = 0;
  return {
    keep({ source, place, reason, original }) {
      const atMs = now();
      const id = idOf(original);
      const record: RejectedRecord = {
        ...{ at: new Date(atMs).toISOString(), source, place: shownPlace(place, names), reason },
        ...(id !== undefined && { event: digestOf(key, id) }),
        ...(originals && original !== undefined && { original: shortened(original) }),
      };
      log.append(JSON.stringify(record), atMs).catch(() => {
        dropped++;
      });
    },
    get dropped() {
      return dropped;
    },
    forget: (isTheirs) => log.forget(isTheirs),
    expire: (beforeMs) => log.expire(beforeMs),
    close: () => log.close(),
  };
}

/** The pointer with `*` for members whose names are none of ours. */
const shownPlace = (pointer: string, names: ReadonlySet<string>): string =>
  pointer
    .split('/')
    .map((part) => (part === '' || /^\d{1,6}$/.test(part) || names.has(part) ? part : '*'))
    .join('/');

function idOf(original: unknown): string | undefined {
  if (!isRecord(original)) return undefined;
  const id = original.event_id ?? original.messageId;
  return typeof id === 'string' ? id : undefined;
}

function shortened(original: unknown): unknown {
  const text = JSON.stringify(original) ?? '';
  return text.length <= MOST_ORIGINAL ? original : `${text.slice(0, MOST_ORIGINAL)}…`;
}

/** A line of the log; nothing when it is not a whole record. */
export function parseRejected(line: string): RejectedRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<RejectedRecord> | null;
    return typeof value?.reason === 'string' && typeof value.source === 'string'
      ? (value as RejectedRecord)
      : undefined;
  } catch {
    return undefined;
  }
}
