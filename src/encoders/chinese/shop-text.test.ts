import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applySteps, traceFrom, traceSteps } from '../tokenizer/steps/text-step.ts';
import { isUnspaced, shopTextSteps } from './shop-text.ts';
import { toSimplified } from './simplified.ts';

const steps = shopTextSteps();
const written = (text: string): string => applySteps(steps, text, true).join('');

describe('texts of shops', () => {
  it.each([
    ['這件裙子質量很好，發貨快', '这件裙子质量很好,发货快', 'traditional and full-width forms'],
    ['Ｎｉｋｅ Air-Max', '▁nike▁air-▁max', 'full-width letters, case, words with their sign'],
    ['iPhone14手机壳Pro', '▁iphone14手机壳▁pro', 'scripts side by side'],
    ["I DON'T know ’tis rock'n'roll '", "▁i▁don't▁know'▁tis▁rock'n'roll'", 'apostrophes inside words'],
    ['太好了！！！！！！ soooooo', '太好了!!!▁sooo', 'what is repeated'],
    ['100000件 1000000', '▁100000件▁1000000', 'numbers, never shortened'],
    ['👍🏽❤️1️⃣👨‍👩‍👧', '👍❤▁1👨👩👧', 'emoji without tones, variations and joiners'],
    ['零\u200b宽\ufeff\u00ad', '零宽', 'signs nobody sees'],
    ['a\tb\u3000c\n', '▁a▁b▁c', 'white space of every kind'],
    ['a▁b', '▁a_▁b', 'the sign of a word, typed'],
    ['カワイイー　かわいい', 'カワイイーかわいい', 'kana'],
    ['ร้านนี้ดีมาก', 'ร้านนี้ดีมาก', 'Thai, whose words are not parted'],
    ['Стол ГОСТ', '▁стол▁гост', 'other alphabets'],
    ['\ud83d x', '▁x', 'half a surrogate pair'],
    ['', '', 'nothing'],
  ])('writes %s as %s: %s', (text, expected) => {
    expect(written(text)).toBe(expected);
  });

  it('keeps the place of every character it writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const traced = traceSteps(steps, traceFrom(text, 0), true);
        expect(traced.map((part) => part.text).join('')).toBe(written(text));
        for (const { starts, ends } of traced) {
          starts.forEach((start, i) => {
            expect(start).toBeLessThanOrEqual(ends[i]!);
            expect(ends[i]).toBeLessThanOrEqual(text.length);
          });
        }
      }),
      { seed: 5 },
    );
    const [traced] = traceSteps(steps, traceFrom('  ＲＥＤ手機', 0), true);
    expect(traced!.text).toBe('▁red手机');
    expect([...traced!.starts]).toEqual([2, 2, 3, 4, 5, 6]);
    expect([...traced!.ends]).toEqual([3, 3, 4, 5, 6, 7]);
  });

  it('knows which scripts do not part their words', () => {
    expect(['手', 'か', 'ー', 'ก', '𠮷'].every(isUnspaced)).toBe(true);
    expect(['a', 'я', '한', '1', '!', ''].some(isUnspaced)).toBe(false);
  });
});

describe('traditional Chinese', () => {
  // Examples of the Open Chinese Convert documentation and of its test cases: one simplified character, two traditional.
  it.each([
    ['頭髮發展', '头发发展'],
    ['乾燥乾隆乾杯', '干燥乾隆干杯'],
    ['皇后在後面', '皇后在后面'],
    ['著名的，穿著舒服', '著名的，穿着舒服'],
    ['什麼么怎么', '什么么怎么'],
    ['裏面的麵條', '里面的面条'],
  ])('%s becomes %s', (traditional, simplified) => {
    expect(toSimplified(traditional)).toBe(simplified);
  });

  it('leaves what is no traditional Chinese', () => {
    for (const text of ['', 'plain English', '简体中文什么', 'ひらがな', '👍'])
      expect(toSimplified(text)).toBe(text);
  });
});
