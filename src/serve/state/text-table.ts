// Texts by number and numbers by text, in typed arrays: a million ids without a million objects.
import { mix32 } from '../../core/random.ts';
import { openWriter, textOf, writeText } from './byte-stream.ts';

export interface TextTable {
  /** One more than the greatest code in use. */
  readonly size: number;
  readonly bytes: number;
  /**
   * −1 where it is not there.
   *
   * @param sign a character under 128 before the text, 0 for none: no text is made of the two
   */
  find(text: string, sign?: number): number;
  /** Codes rise from 0; those of removed texts are used again. */
  add(text: string, sign?: number): number;
  /** With its sign. Undefined where the code was removed. */
  text(code: number): string | undefined;
  /** The character a text begins with; 0 where the code was removed. */
  sign(code: number): number;
  /** Wipes the text; its code may mean another one from now on. */
  remove(code: number): void;
}

const PAGE = 2 ** 20;
const NONE = 0xffffffff;
const REMOVED = -1;

export function openTextTable(): TextTable {
  /** Length and bytes of each text, one behind the other; none lies across two pages. */
  const pages: Uint8Array[] = [];
  let pageBytes = 0;
  let end = PAGE;
  /** By code. */
  let places = new Uint32Array(64);
  let hashes = new Uint32Array(64);
  let size = 0;
  const unused: number[] = [];
  /** Code + 1 by hash, `REMOVED` where one was: open addressing, at most two thirds full. */
  let slots = new Int32Array(128);
  let filled = 0;
  const scratch = openWriter(256);

  /** The text as it is stored, into the scratch. */
  function encode(text: string, sign: number): number {
    scratch.length = 0;
    writeText(scratch, text, 0, sign);
    let hash = 0x811c9dc5;
    for (let i = 0; i < scratch.length; i++) hash = Math.imul(hash ^ scratch.bytes[i], 0x01000193);
    return mix32(hash);
  }

  function isStoredAt(code: number): boolean {
    const place = places[code];
    const page = pages[Math.floor(place / PAGE)];
    const start = place % PAGE;
    for (let i = 0; i < scratch.length; i++) if (page[start + i] !== scratch.bytes[i]) return false;
    return true;
  }

  /** Slot of the text in the scratch, or −1. */
  function slotOf(hash: number): number {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === 0) return -1;
      if (held !== REMOVED && hashes[held - 1] === hash && isStoredAt(held - 1)) return slot;
    }
  }

  function insert(code: number): void {
    const mask = slots.length - 1;
    let slot = hashes[code] & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = code + 1;
    filled++;
  }

  function store(): number {
    const { length, bytes } = scratch;
    if (end + length > PAGE) {
      pages.push(new Uint8Array(Math.max(PAGE, length)));
      pageBytes += pages[pages.length - 1].length;
      end = 0;
    }
    const page = pages[pages.length - 1];
    for (let i = 0; i < length; i++) page[end + i] = bytes[i];
    const place = (pages.length - 1) * PAGE + end;
    end += length;
    return place;
  }

  return {
    get size() {
      return size;
    },
    get bytes() {
      return pageBytes + places.byteLength + hashes.byteLength + slots.byteLength;
    },
    find(text, sign = 0) {
      const slot = slotOf(encode(text, sign));
      return slot < 0 ? -1 : slots[slot] - 1;
    },
    add(text, sign = 0) {
      const hash = encode(text, sign);
      const known = slotOf(hash);
      if (known >= 0) return slots[known] - 1;
      const code = unused.pop() ?? size++;
      if (code >= places.length) {
        places = widened(places, size);
        hashes = widened(hashes, size);
      }
      places[code] = store();
      hashes[code] = hash;
      if (3 * (filled + 1) > 2 * slots.length) {
        const live = size - unused.length;
        slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * live + 128)));
        filled = 0;
        for (let other = 0; other < size; other++)
          if (places[other] !== NONE && other !== code) insert(other);
      }
      insert(code);
      return code;
    },
    text(code) {
      const place = places[code];
      if (code >= size || place === NONE) return undefined;
      const page = pages[Math.floor(place / PAGE)];
      const { start, length } = spanAt(page, place % PAGE);
      return textOf(page, start, start + length);
    },
    sign(code) {
      const place = places[code];
      if (code >= size || place === NONE) return 0;
      const page = pages[Math.floor(place / PAGE)];
      return page[spanAt(page, place % PAGE).start];
    },
    remove(code) {
      const place = places[code];
      if (code >= size || place === NONE) return;
      const page = pages[Math.floor(place / PAGE)];
      const { start, length } = spanAt(page, place % PAGE);
      const mask = slots.length - 1;
      let slot = hashes[code] & mask;
      while (slots[slot] !== code + 1) slot = (slot + 1) & mask;
      slots[slot] = REMOVED;
      page.fill(0, place % PAGE, start + length);
      places[code] = NONE;
      unused.push(code);
    },
  };
}

/** Of a text behind its length. */
function spanAt(page: Uint8Array, at: number): { readonly start: number; readonly length: number } {
  let start = at;
  let length = 0;
  let place = 1;
  for (;;) {
    const byte = page[start++];
    length += (byte & 127) * place;
    if (byte < 128) return { start, length };
    place *= 128;
  }
}

/** A longer copy, half as long again at least. */
export function widened(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(Math.max(length, Math.ceil(array.length * 1.5)));
  wider.set(array);
  return wider;
}
