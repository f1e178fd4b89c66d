import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toSimplified } from '../chinese/simplified.ts';
import { openTokenizer } from './open-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainTokenizer } from './train-tokenizer.ts';

const goldens: { texts: string[]; tokenizers: Record<string, { file: object }> } = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/tokenizers/tiny.json', import.meta.url), 'utf8'),
);

const own = openTokenizer(
  trainTokenizer([...goldens.texts, ...goldens.texts, ...goldens.texts], { size: 600 }),
);
const tokenizers: Readonly<Record<string, Tokenizer>> = {
  ...Object.fromEntries(
    Object.entries(goldens.tokenizers).map(([name, { file }]) => [name, openTokenizer(JSON.stringify(file))]),
  ),
  'of our own': own,
};

/** Everything any normaliser here takes away taken away, so that what is left must be the same on both sides. */
const fold = (text: string): string =>
  toSimplified(
    text
      .normalize('NFKD')
      .replaceAll('⁄', '/')
      .toLowerCase()
      .normalize('NFKD')
      .replace(/[\p{M}\p{Cf}\p{Cc}\p{White_Space}]/gu, ''),
  );

const snippets = [
  ...[
    'é',
    'e\u0301',
    'ＡＢ',
    '手機殼',
    '！！！！！',
    'ﬁ',
    '½',
    'ｶﾞ',
    '👍🏽',
    '👨‍👩‍👧',
    '\ud83d',
    '\udc4d',
    ' ',
    '\u3000',
    '\t',
  ],
  ...[
    'Running',
    'iPhone',
    "don't",
    'İ',
    'ß',
    '한',
    '\u200b',
    '\ufeff',
    '[MASK]',
    '__proto__',
    '…',
    'ก็',
    '\u0000',
  ],
];
const texts = fc
  .array(fc.oneof(fc.constantFrom(...snippets), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

describe.each(Object.keys(tokenizers))('places by the tokenizer "%s"', (name) => {
  const tokenizer = tokenizers[name]!;
  /** Letters of a byte stand for no letter of the text. */
  const hasLetters = !name.startsWith('byte pairs of bytes');

  it('lie in the text, rise, and cover what the piece was made of', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { ids, starts, ends } = tokenizer.encodeWithPlaces(text, 1e6);
        expect([...tokenizer.encode(text, 1e6)]).toEqual([...ids]);
        // Half a surrogate pair is read as U+FFFD.
        const given = text.replace(/\p{Cs}/gu, '\ufffd');
        const first = tokenizer.special.opening === undefined ? 0 : 1;
        const last = ids.length - (tokenizer.special.closing === undefined ? 0 : 1);
        for (let i = first; i < last; i++) {
          expect(starts[i]).toBeGreaterThanOrEqual(i > first ? starts[i - 1]! : 0);
          expect(ends[i]).toBeGreaterThanOrEqual(starts[i]!);
          expect(ends[i]).toBeLessThanOrEqual(text.length);
          const piece = tokenizer.piece(ids[i]!);
          if (!hasLetters || ids[i] === tokenizer.special.unknown || /^<|^\[/.test(piece)) continue;
          const surface = fold(piece.replace(/^##|<\/w>$/g, '').replaceAll('▁', ''));
          expect(fold(given.slice(starts[i], ends[i]).replaceAll('▁', ''))).toContain(surface);
        }
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  it('is read alike however little of it is wanted, and however long the text', () => {
    for (const text of goldens.texts) {
      const all = [...tokenizer.encode(text, 1e6)];
      const some = [...tokenizer.encode(text, 8)];
      expect(some.length).toBe(Math.min(8, all.length));
      const body = tokenizer.special.closing === undefined ? some : some.slice(0, -1);
      expect(all.slice(0, body.length)).toEqual(body);
      expect([...tokenizer.encodeWithPlaces(text, 8).ids]).toEqual(some);
    }
    const long = 'very long 很长的评论 '.repeat(7000);
    expect(tokenizer.encode(long, 128)).toHaveLength(128);
    const unbroken = 'ab'.repeat(50_000);
    expect(tokenizer.encode(unbroken, 1e6).length).toBeGreaterThan(0);
  });
});
