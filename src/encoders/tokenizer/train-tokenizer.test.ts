import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { openTokenizer } from './open-tokenizer.ts';
import { trainTokenizer } from './train-tokenizer.ts';

const SENTENCES = [
  '這件手機殼質量很好，發貨也快！',
  '这件手机壳质量很好,发货也快!!!!!!',
  'iPhone手机壳 ｉＰｈｏｎｅ　１４ red running shoes',
  '服务态度很差，再也不买了😡😡😡😡😡',
  "Red running shoes, don't fade after washing 👍🏽",
  'ワンピースがかわいい かわいい',
];
const texts = Array.from({ length: 40 }, () => SENTENCES).flat();

describe('trainTokenizer', () => {
  const file = trainTokenizer(texts, { size: 500 });
  const tokenizer = openTokenizer(file);
  const pieces = (text: string): string =>
    [...tokenizer.encode(text, 64)].map((id) => tokenizer.piece(id)).join(' ');

  it('gives the same bytes whatever the order of the texts', () => {
    const shuffled = [...texts];
    random(3).shuffle(shuffled);
    expect(trainTokenizer(shuffled, { size: 500 })).toBe(file);
    expect(trainTokenizer(texts.slice(1), { size: 500 })).not.toBe(file);
  });

  it('reads traditional as simplified, full-width as plain, and words of mixed scripts apart', () => {
    expect(pieces('這件手機殼')).toBe(pieces('这件手机壳'));
    expect(pieces('ｉＰｈｏｎｅ手机壳')).toBe('[CLS] ▁iphone 手机 壳 [SEP]');
    expect(pieces("DON'T  fade")).toBe("[CLS] ▁don't ▁fade [SEP]");
  });

  it('folds what only says how loud a thing is said', () => {
    expect(pieces('！！！！！！！')).toBe(pieces('!!!'));
    expect(pieces('👍🏿')).toBe(pieces('👍'));
    expect(tokenizer.encode('👍️', 8)).toHaveLength(3);
  });

  it('spells what it has never seen in bytes, and calls nothing unknown', () => {
    expect(pieces('龘')).toBe('[CLS] <0xE9> <0xBE> <0x98> [SEP]');
    const { ids, starts, ends } = tokenizer.encodeWithPlaces('好龘', 8);
    expect([...ids].map((_, i) => [starts[i], ends[i]])).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
      [1, 2],
      [1, 2],
      [2, 2],
    ]);
  });

  it('keeps to its size, with special pieces first', () => {
    expect(tokenizer.size).toBeLessThanOrEqual(500);
    expect(tokenizer.special).toEqual({ pad: 0, unknown: 1, opening: 2, closing: 3, mask: 4 });
    expect(() => trainTokenizer(texts, { size: 100 })).toThrow('at least');
  });
});
