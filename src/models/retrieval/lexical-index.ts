// Which items share words with a question, and how telling those words are: BM25 over fields of unequal weight.
import { GLUE, searchWords } from './search-words.ts';

/** A field of every item, such as its title; a word in a heavier one counts for more. */
export interface IndexedField {
  /** [items] */
  readonly texts: readonly string[];
  readonly weight: number;
}

/** Immutable; made anew from its texts wherever it is needed, which takes a second for 100,000 titles. */
export interface LexicalIndex {
  readonly items: number;
  readonly words: ReadonlyMap<string, number>;
  /** Items with word w are `holders[offsets[w] … offsets[w + 1])`. */
  readonly offsets: Uint32Array;
  readonly holders: Int32Array;
  /** What the word is worth there, beside `holders`. */
  readonly worth: Float32Array;
}

/** How fast more of the same word stops counting, and how much long texts are held against an item. */
const K1 = 1.2;
const B = 0.75;

/**
 * A word's count in an item is the sum of its counts in the fields, each times the field's weight (BM25F with one length
 * for all fields); worth = idf · count · (k1 + 1) / (count + k1 · (1 − b + b · length / mean length)).
 *
 * @see Robertson and Zaragoza 2009, The probabilistic relevance framework: BM25 and beyond
 */
export function indexTexts(fields: readonly IndexedField[]): LexicalIndex {
  const items = fields[0]?.texts.length ?? 0;
  const words = new Map<string, number>();
  const held: number[] = [];
  const codes: number[] = [];
  const counts: number[] = [];
  const lengths = new Float64Array(items);
  for (let item = 0; item < items; item++) {
    const own = new Map<number, number>();
    for (const { texts, weight } of fields) {
      for (const word of searchWords(texts[item])) {
        const code = words.get(word) ?? words.size;
        words.set(word, code);
        own.set(code, (own.get(code) ?? 0) + weight);
        lengths[item] += weight;
      }
    }
    for (const [code, count] of own) {
      held.push(item);
      codes.push(code);
      counts.push(count);
    }
  }
  const offsets = new Uint32Array(words.size + 1);
  for (const code of codes) offsets[code + 1]++;
  for (let code = 0; code < words.size; code++) offsets[code + 1] += offsets[code];
  const holders = new Int32Array(held.length);
  const worth = new Float32Array(held.length);
  const next = offsets.slice(0, -1);
  const meanLength = lengths.reduce((a, b) => a + b, 0) / Math.max(1, items);
  for (let i = 0; i < held.length; i++) {
    const code = codes[i];
    const having = offsets[code + 1] - offsets[code];
    const idf = Math.log(1 + (items - having + 0.5) / (having + 0.5));
    const drag = K1 * (1 - B + (B * lengths[held[i]]) / Math.max(meanLength, 1e-9));
    const place = next[code]++;
    holders[place] = held[i];
    worth[place] = (idf * counts[i] * (K1 + 1)) / (counts[i] + drag);
  }
  return { items, words, offsets, holders, worth };
}

/** BM25 of every item, [items]; zero where no word is shared. A word asked twice counts twice; glue only where all is glue. */
export function lexicalScores(index: LexicalIndex, question: string): Float32Array {
  const scores = new Float32Array(index.items);
  const asked = searchWords(question);
  const telling = asked.filter((word) => !GLUE.has(word));
  for (const word of telling.length > 0 ? telling : asked) {
    const code = index.words.get(word);
    if (code === undefined) continue;
    for (let i = index.offsets[code]; i < index.offsets[code + 1]; i++)
      scores[index.holders[i]] += index.worth[i];
  }
  return scores;
}
