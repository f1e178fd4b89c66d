// Unicode's normal forms as a step, with the smallest parts that may be normalised one by one.
import type { RewriteStep } from './text-step.ts';

/** What must stay together while a text is normalised: a character with the marks, jamo and voicing signs after it. */
const CLUSTER = /[\s\S][\p{M}\u1160-\u11ff\uff9e\uff9f]*/gu;
const WORD = /\s+|\S+/gu;

export function unicodeForm(form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): RewriteStep {
  const apply = (text: string): string => (/^[ -~]*$/.test(text) ? text : text.normalize(form));
  return {
    kind: 'rewrite',
    apply,
    trace(text, emit) {
      const whole = apply(text);
      // The smallest parts that give the same text when normalised one by one.
      for (const parts of [text.match(CLUSTER) ?? [], text.match(WORD) ?? [], [text]]) {
        const rewritten = parts.map(apply);
        if (rewritten.join('') !== whole) continue;
        let at = 0;
        parts.forEach((part, i) => {
          emit(at, at + part.length, rewritten[i]!);
          at += part.length;
        });
        return;
      }
    },
  };
}
