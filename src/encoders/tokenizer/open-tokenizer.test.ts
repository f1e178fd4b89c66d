import { describe, expect, it } from 'vitest';
import { openTokenizer } from './open-tokenizer.ts';

const PIECES = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'red',
  'shoe',
  '##s',
  'cafe',
  '!',
  '我',
  '__proto__',
];

const file = (change: (parts: Record<string, unknown>) => void = () => {}): string => {
  const vocab = Object.fromEntries(PIECES.map((piece, id) => [piece, id]));
  Object.defineProperty(vocab, '__proto__', { value: 11, enumerable: true });
  const parts: Record<string, unknown> = {
    version: '1.0',
    added_tokens: PIECES.slice(0, 5).map((content, id) => ({
      id,
      content,
      special: true,
      normalized: false,
    })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    model: { type: 'WordPiece', vocab, unk_token: '[UNK]', continuing_subword_prefix: '##' },
  };
  change(parts);
  return JSON.stringify(parts);
};

describe('openTokenizer', () => {
  const tokenizer = openTokenizer(file());
  const shown = (text: string, maxLength = 64): string => {
    const { ids, starts, ends } = tokenizer.encodeWithPlaces(text, maxLength);
    expect([...tokenizer.encode(text, maxLength)]).toEqual([...ids]);
    return [...ids].map((id, i) => `${tokenizer.piece(id)}=${text.slice(starts[i], ends[i])}`).join(' ');
  };

  it('gives pieces with the places they came from, through lower case, accents and spaces around Han', () => {
    expect(shown(' RED  Shoes我Cafe\u0301!')).toBe(
      '[CLS]= red=RED shoe=Shoe ##s=s 我=我 cafe=Cafe\u0301 !=! [SEP]=',
    );
  });

  it('keeps the closing piece of a text cut short', () => {
    expect(shown('red shoes red', 4)).toBe('[CLS]= red=red shoe=shoe [SEP]=');
    expect(shown('red', 2)).toBe('[CLS]= [SEP]=');
    expect(() => tokenizer.encode('red', 1)).toThrow('at least 2 pieces, got 1');
  });

  it('names the special pieces, and finds those written out in a text', () => {
    expect(tokenizer.special).toEqual({ pad: 0, unknown: 1, opening: 2, closing: 3, mask: 4 });
    expect(shown('red [MASK]!')).toBe('[CLS]= red=red [MASK]=[MASK] !=! [SEP]=');
  });

  it('refuses a file that is cut, of another kind or without a vocabulary, saying which', () => {
    expect(() => openTokenizer(file().slice(0, 50))).toThrow('not JSON, or cut short');
    expect(() => openTokenizer('{}')).toThrow('the part "model" is missing');
    expect(() =>
      openTokenizer(file((parts) => Object.assign(parts, { model: { type: 'WordLevel' } }))),
    ).toThrow('"WordLevel", not one of WordPiece, BPE, Unigram');
    expect(() => openTokenizer(file((parts) => Object.assign(parts, { model: { type: 'BPE' } })))).toThrow(
      'the vocabulary at model.vocab is missing',
    );
  });
});
