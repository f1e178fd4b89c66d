// A regular expression as tokenizers are written in (Oniguruma's dialect) said in JavaScript's.

/** What the reference takes words, digits and hexadecimal digits for, inside a class. */
const CLASSES: Readonly<Record<string, string>> = {
  w: '\\p{L}\\p{M}\\p{N}\\p{Pc}',
  d: '\\p{Nd}',
  h: '0-9a-fA-F',
  // JavaScript's own takes the byte order mark for a space
  s: '\\p{White_Space}',
};

/** Characters JavaScript lets be escaped under the flag `u`. */
const SYNTAX = /[\^$\\.*+?()[\]{}|/]/;
/** Escapes that mean the same in both. */
const SHARED = /[bBnrtvfpPxuc0-9]/;
/** A repetition that has been told: one more + makes it possessive. */
const REPEATED = /(?:(?<!\()[?*+]|\{\d*,?\d*\})$/;

/**
 * The expression under the flags `g` and `u`: letters of `(?i:…)` in both cases, `\w` and `\d` of every script, escapes of plain
 * characters without their backslash. A possessive quantifier becomes a greedy one, which finds the same wherever giving back
 * would find nothing.
 *
 * @throws SyntaxError for what JavaScript cannot say
 */
export function readExpression(expression: string): RegExp {
  let out = '';
  let isClass = false;
  /** Whether what was written last is an escape or of a class, and so no repetition. */
  let isPlain = false;
  /** For every open group, whether case counts in it. */
  const folded: boolean[] = [false];
  for (let at = 0; at < expression.length; at++) {
    const letter = expression[at];
    const isFolded = folded[folded.length - 1] === true;
    const isPossessive = !isPlain && letter === '+' && REPEATED.test(out);
    isPlain = isClass || letter === '\\';
    if (letter === '\\') {
      out += escaped(expression[++at] ?? '', isClass);
      // what follows \p, \x or \u in braces is a name
      if (/[pPxu]/.test(expression[at] ?? '') && expression[at + 1] === '{') {
        const end = expression.indexOf('}', at);
        if (end < 0) throw new SyntaxError(`no brace ends the name that begins at ${at}`);
        const braced = expression.slice(at + 2, end);
        out += /[pP]/.test(expression[at]) ? `{${property(braced)}}` : `{${braced}}`;
        at = end;
      }
    } else if (isClass) {
      isClass = letter !== ']';
      out += isFolded && /[a-z]/i.test(letter) && expression[at + 1] !== '-' ? bothCases(letter) : letter;
    } else if (letter === '[') {
      isClass = true;
      out += letter;
    } else if (letter === '(') {
      const isFolding = expression.startsWith('(?i:', at);
      folded.push(isFolding || isFolded);
      out += isFolding ? '(?:' : letter;
      if (isFolding) at += '?i:'.length;
    } else if (letter === ')') {
      folded.pop();
      out += letter;
    } else if (!isPossessive) {
      out += isFolded && /[a-z]/i.test(letter) ? `[${bothCases(letter)}]` : letter;
    }
  }
  return new RegExp(out, 'gu');
}

/** Scripts are called by their names alone there, `Script=Han` in JavaScript. */
function property(own: string): string {
  try {
    new RegExp(`\\p{${own}}`, 'u');
    return own;
  } catch {
    return `Script=${own}`;
  }
}

const bothCases = (letter: string): string => `${letter.toLowerCase()}${letter.toUpperCase()}`;

function escaped(letter: string, isClass: boolean): string {
  if (letter === 'S') return '\\P{White_Space}';
  const known = CLASSES[letter];
  if (known !== undefined) return isClass ? known : `[${known}]`;
  if (letter === '-' && isClass) return '\\-';
  if (SHARED.test(letter) || SYNTAX.test(letter)) return `\\${letter}`;
  if (/[a-z]/i.test(letter)) throw new SyntaxError(`\\${letter} is not known here`);
  return letter;
}
