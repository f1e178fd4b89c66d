import { expect, test } from 'vitest';
import { compareTexts } from './text-order.ts';

test('texts order as their UTF-8 bytes do', () => {
  const texts = ['', 'a', 'ab', 'b', 'é', '中', '\ue000', '\uffff', '😀', '😀a', '𐀀', 'Z', 'z'];
  const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(texts.toSorted(compareTexts)).toEqual(byBytes);
  expect(texts.toSorted()).not.toEqual(byBytes);
});
