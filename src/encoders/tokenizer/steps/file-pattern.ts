// A pattern of a tokenizer.json as one of ours: plain text, or an expression in the dialect of the reference library.
import * as library from '@huggingface/tokenizers';
import { type FilePart, filePart, ownField, refuseTokenizer } from '../bad-tokenizer-file.ts';

/** The library's own types cannot be found from an ES module; this is the part of them used here. */
const { SplitPreTokenizer } = library as unknown as {
  SplitPreTokenizer: new (config: object) => { readonly pattern: RegExp | null };
};

/** @throws AppError BAD_FILE when the expression cannot be said here */
export function filePattern(part: FilePart): RegExp {
  const pattern = filePart(ownField(part, 'pattern'), `${part.at}.pattern`);
  const plain = ownField(pattern, 'String');
  const expression = ownField(pattern, 'Regex');
  if (typeof plain === 'string')
    return new RegExp(plain.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replace(/\\-/g, '-'), 'gu');
  if (typeof expression !== 'string') refuseTokenizer(`expected String or Regex at ${pattern.at}`);
  try {
    const step = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: expression },
      behavior: 'Isolated',
      invert: false,
    });
    if (step.pattern !== null) return step.pattern;
  } catch {
    // Told below, with the place.
  }
  return refuseTokenizer(`the expression at ${pattern.at} has no like in JavaScript`);
}
