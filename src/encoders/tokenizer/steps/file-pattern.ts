// A pattern of a tokenizer.json as one of ours: plain text, or an expression in the dialect of the reference library.
import { type FilePart, filePart, ownField, refuseTokenizer } from '../bad-tokenizer-file.ts';
import { readExpression } from './expression.ts';

/** @throws AppError BAD_FILE when the expression cannot be said here */
export function filePattern(part: FilePart): RegExp {
  const pattern = filePart(ownField(part, 'pattern'), `${part.at}.pattern`);
  const plain = ownField(pattern, 'String');
  const expression = ownField(pattern, 'Regex');
  if (typeof plain === 'string')
    return new RegExp(plain.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replace(/\\-/g, '-'), 'gu');
  if (typeof expression !== 'string') refuseTokenizer(`expected String or Regex at ${pattern.at}`);
  try {
    return readExpression(expression);
  } catch {
    return refuseTokenizer(`the expression at ${pattern.at} has no like in JavaScript`);
  }
}
