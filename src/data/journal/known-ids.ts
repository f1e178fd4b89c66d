// Which event ids were seen lately: a window of 64-bit hashes in typed arrays, oldest out first.
import { mix32 } from '../../core/random.ts';
import { crc32 } from './crc32.ts';
import { readInteger, writeInteger } from './frame.ts';

/**
 * The last ids, up to a number of them; 16 bytes a place.
 *
 * Two ids of one hash are taken for one: with n events a day and a window of w ids the odds are n · w / 2⁶⁴ that one event of
 * that day is wrongly called known; for 10⁸ and 4 · 10⁶ that is 1 in 46,000.
 */
export interface KnownIds {
  readonly size: number;
  /** Ids ever added in this run, those left out included. */
  readonly added: number;
  /** Adds an id, unless it is there; says whether it was added. */
  add(id: string): boolean;
  /** Takes back the last `count` that were added. */
  forgetLast(count: number): void;
  /** The window as it was when `added` had the value given, oldest first: low and high half of each hash in turn. */
  hashes(addedThen: number): Uint32Array;
}

const LEAST_ROOM = 1 << 10;

/** @param most  ids kept; a power of two */
export function knownIds(most: number, initial: Uint32Array = new Uint32Array()): KnownIds {
  /** A ring: the id added as the n-th stands at n mod room. */
  let room = Math.min(most, LEAST_ROOM);
  let lows = new Int32Array(room);
  let highs = new Int32Array(room);
  /** Open addressing with linear probing; holds places of the ring plus one, 0 is empty. Twice the room: half stay empty. */
  let table = new Int32Array(room * 2);
  let added = 0;
  let size = 0;

  const home = (low: number): number => low & (table.length - 1);
  const next = (slot: number): number => (slot + 1) & (table.length - 1);

  /** The slot that holds the hash, or the empty one where it belongs. */
  function find(low: number, high: number): number {
    let slot = home(low);
    for (; table[slot] !== 0; slot = next(slot)) {
      const place = table[slot] - 1;
      if (lows[place] === low && highs[place] === high) break;
    }
    return slot;
  }

  /** Empties a slot and moves up what probing had pushed past it (Knuth 6.4, algorithm R). */
  function empty(slot: number): void {
    let hole = slot;
    for (let at = next(hole); table[at] !== 0; at = next(at)) {
      const wanted = home(lows[table[at] - 1]);
      const distance = (at - wanted) & (table.length - 1);
      if (distance < ((at - hole) & (table.length - 1))) continue;
      table[hole] = table[at];
      hole = at;
    }
    table[hole] = 0;
  }

  function grow(): void {
    const oldLows = lows;
    const oldHighs = highs;
    const oldRoom = room;
    room *= 2;
    lows = new Int32Array(room);
    highs = new Int32Array(room);
    table = new Int32Array(room * 2);
    for (let nth = added - size; nth < added; nth++) {
      const place = nth & (room - 1);
      lows[place] = oldLows[nth & (oldRoom - 1)];
      highs[place] = oldHighs[nth & (oldRoom - 1)];
      table[find(lows[place], highs[place])] = place + 1;
    }
  }

  function addHash(low: number, high: number): boolean {
    if (table[find(low, high)] !== 0) return false;
    if (size === room) {
      if (room < most) grow();
      else {
        const oldest = (added - size) & (room - 1);
        empty(find(lows[oldest], highs[oldest]));
        size--;
      }
    }
    const place = added & (room - 1);
    lows[place] = low;
    highs[place] = high;
    table[find(low, high)] = place + 1;
    added++;
    size++;
    return true;
  }

  for (let at = 0; at + 1 < initial.length; at += 2) addHash(initial[at] | 0, initial[at + 1] | 0);

  return {
    get size() {
      return size;
    },
    get added() {
      return added;
    },
    add(id) {
      hashId(id);
      return addHash(hashLow, hashHigh);
    },
    forgetLast(count) {
      for (let left = count; left > 0; left--) {
        const newest = (added - 1) & (room - 1);
        empty(find(lows[newest], highs[newest]));
        added--;
        size--;
      }
    },
    hashes(addedThen) {
      const pairs = new Uint32Array(2 * Math.max(0, addedThen - (added - size)));
      for (let nth = added - size, at = 0; nth < addedThen; nth++) {
        pairs[at++] = lows[nth & (room - 1)];
        pairs[at++] = highs[nth & (room - 1)];
      }
      return pairs;
    },
  };
}

let hashLow = 0;
let hashHigh = 0;

/** Two lanes of 32 bits, each step a bijection of both, so that texts part for good where they first differ. */
function hashId(id: string): void {
  let a = 0x9e3779b9 ^ id.length;
  let b = 0x85ebca6b;
  for (let at = 0; at < id.length; at++) {
    const unit = id.charCodeAt(at);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ a, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  hashLow = mix32(a ^ b) | 0;
  hashHigh = mix32(b ^ Math.imul(hashLow, 0x9e3779b1)) | 0;
}

const MAGIC = Uint8Array.of(0xf8, 0x46, 0x4a, 0x4b, 0x49, 0x44, 0x53, 0x01);
const FIXED_BYTES = 24;

/** Magic 8 · position 8 · count of hashes 4 · hashes 8 each · checksum of all before it 4. */
export function encodeKnownIds(hashes: Uint32Array, position: number): Uint8Array {
  const bytes = new Uint8Array(FIXED_BYTES + hashes.length * 4);
  bytes.set(MAGIC);
  writeInteger(bytes, 8, position >>> 0);
  writeInteger(bytes, 12, Math.floor(position / 2 ** 32));
  writeInteger(bytes, 16, hashes.length / 2);
  for (let at = 0; at < hashes.length; at++) writeInteger(bytes, 20 + at * 4, hashes[at]);
  writeInteger(bytes, bytes.length - 4, crc32(bytes, 0, bytes.length - 4));
  return bytes;
}

/** Undefined when the file is damaged, or another version's: the ids of the records still in the journal must do. */
export function decodeKnownIds(bytes: Uint8Array): { hashes: Uint32Array; position: number } | undefined {
  if (bytes.length < FIXED_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined;
  const end = bytes.length - 4;
  if (20 + readInteger(bytes, 16) * 8 !== end || crc32(bytes, 0, end) !== readInteger(bytes, end))
    return undefined;
  const hashes = new Uint32Array((end - 20) / 4);
  for (let at = 0; at < hashes.length; at++) hashes[at] = readInteger(bytes, 20 + at * 4);
  return { hashes, position: readInteger(bytes, 8) + readInteger(bytes, 12) * 2 ** 32 };
}
