// Traditional Chinese becomes simplified, word by word where a character alone is in doubt (發 and 髮 are both 发).
import { Converter } from 'opencc-js/t2cn';
import type { RewriteStep } from '../tokenizer/steps/text-step.ts';

const HAN = /\p{Script=Han}/u;

let known: ((text: string) => string) | undefined;

/** The dictionary takes a tenth of a second to read: only those wait for it who have Chinese. */
function converter(): (text: string) => string {
  // Taiwan's forms besides the common ones: 穿著 is 穿着, which the plain table leaves.
  const found = known ?? (Converter({ from: 'tw', to: 'cn' }) as (text: string) => string);
  known = found;
  return found;
}

/** Simplified for 麼, and traditional for 幺 (one on dice): shops say 什么. */
const ME = '么';

/** What is no traditional character stays, other languages' Han characters among them; a character stays one character. */
export function toSimplified(text: string): string {
  if (!HAN.test(text)) return text;
  const converted = converter()(text);
  if (converted === text || !text.includes(ME)) return converted;
  const before = [...text];
  return [...converted].map((character, i) => (before[i] === ME ? ME : character)).join('');
}

export const simplified: RewriteStep = {
  kind: 'rewrite',
  apply: toSimplified,
  trace(text, emit) {
    const before = [...text];
    const after = [...toSimplified(text)];
    if (before.length !== after.length) {
      emit(0, text.length, after.join(''));
      return;
    }
    let at = 0;
    before.forEach((character, i) => {
      emit(at, at + character.length, after[i]!);
      at += character.length;
    });
  },
};
