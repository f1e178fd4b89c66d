// Encodings told by bytes: Chinese both ways, western accents, and files that one stray byte does not turn into another's.
import { expect, it } from 'vitest';
import { guessEncoding } from './encoding.ts';

const chinese = Buffer.from('编号,评论\n1,裙子很好看，很合身\n2,面料太薄了\n'.repeat(20));
/** 裙子很好看 as GB18030 writes it. */
const gb = Buffer.from([0xc8, 0xb9, 0xd7, 0xd3, 0xba, 0xdc, 0xba, 0xc3, 0xbf, 0xb4, 0x2c, 0x0a]);

it.each([
  ['Chinese in UTF-8', chinese, 'utf-8'],
  ['the same, cut inside a character', chinese.subarray(0, 101), 'utf-8'],
  ['the same with a stray byte', Buffer.concat([chinese, Buffer.of(0xff), chinese]), 'utf-8'],
  [
    'the same with a byte left out',
    Buffer.concat([chinese.subarray(1, 200), chinese.subarray(201)]),
    'utf-8',
  ],
  ['Chinese in GB18030', Buffer.concat(Array.from({ length: 40 }, () => gb)), 'gb18030'],
  ['western accents', Buffer.from('café, déjà vu, naïve\n'.repeat(9), 'latin1'), 'windows-1252'],
  ['plain letters', Buffer.from('a,b\n1,2\n'), 'utf-8'],
] as const)('%s', (_, bytes, encoding) => {
  expect(guessEncoding(Buffer.from(bytes))).toBe(encoding);
});
