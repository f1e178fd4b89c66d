// Texts that many users share, each kept once; when it is full, later ones are written where they stand instead.
import { openTextTable } from './text-table.ts';

export interface Dictionary {
  readonly size: number;
  readonly bytes: number;
  /** −1 where the dictionary is full. */
  add(text: string): number;
  /** Gives the next code to a text, however many there are: for codes that are written somewhere already. */
  restore(text: string): void;
  text(code: number): string;
  /** As `text`, for who reads all of them once. */
  stored(code: number): string;
}

/** About what a string of a few letters costs the runtime. */
const STRING_BYTES = 40;

/** @param most texts it holds, so that a sender of ever new ones cannot fill the memory */
export function openDictionary(most: number): Dictionary {
  const table = openTextTable();
  const read: string[] = [];
  return {
    get size() {
      return table.size;
    },
    get bytes() {
      return table.bytes + read.length * STRING_BYTES;
    },
    add: (text) => (table.size < most ? table.add(text) : table.find(text)),
    restore: (text) => void table.add(text),
    text(code) {
      // Read once: the same few items are asked for again and again.
      let text = read[code];
      if (text === undefined) {
        text = table.text(code) ?? '';
        read[code] = text;
      }
      return text;
    },
    stored: (code) => table.text(code) ?? '',
  };
}
