// One step from a text to its pieces: it rewrites the text or cuts it, and says which characters became which.

/** Characters `[from, to)` of the text before became `out`. */
export type Emit = (from: number, to: number, out: string) => void;

/** Rewrites a text; `trace` says the same chunk by chunk, in order, leaving nothing of the new text out. */
export interface RewriteStep {
  readonly kind: 'rewrite';
  /** Does nothing but to the part that opens the text as given. */
  readonly onlyAtStart?: boolean;
  apply(text: string): string;
  trace(text: string, emit: Emit): void;
}

/** Cuts a text: `[start, end, start, end, …]` in order; what lies between is dropped. */
export interface CutStep {
  readonly kind: 'cut';
  cut(text: string): number[];
}

export type TextStep = RewriteStep | CutStep;

/** A text and where each of its UTF-16 units stood in the text as given. */
export interface TracedText {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** A step that rewrites each code point by itself, or each that fits a test; the rest stays. */
export function rewriteEachCharacter(rewrite: (character: string) => string): RewriteStep {
  const known = new Map<number, string>();
  const of = (code: number): string => {
    let out = known.get(code);
    if (out === undefined) {
      out = rewrite(String.fromCodePoint(code));
      known.set(code, out);
    }
    return out;
  };
  return {
    kind: 'rewrite',
    apply(text) {
      let out = '';
      for (let at = 0; at < text.length; ) {
        const code = text.codePointAt(at)!;
        out += of(code);
        at += code > 0xffff ? 2 : 1;
      }
      return out;
    },
    trace(text, emit) {
      for (let at = 0; at < text.length; ) {
        const code = text.codePointAt(at)!;
        const to = at + (code > 0xffff ? 2 : 1);
        emit(at, to, of(code));
        at = to;
      }
    },
  };
}

/** The text as given, each unit its own place, counted from `from`. */
export function traceFrom(text: string, from: number): TracedText {
  const starts = Int32Array.from({ length: text.length }, (_, i) => from + i);
  const ends = Int32Array.from({ length: text.length }, (_, i) => from + i + 1);
  return { text, starts, ends };
}

/** The parts of a text after all steps, in order; empty ones are dropped. */
export function applySteps(steps: readonly TextStep[], text: string, opensText: boolean): readonly string[] {
  let parts = [text];
  let isAtStart = opensText;
  for (const step of steps) {
    const out: string[] = [];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (step.kind === 'rewrite') {
        const isDue = step.onlyAtStart !== true || (isAtStart && i === 0);
        const rewritten = isDue ? step.apply(part) : part;
        if (rewritten !== '') out.push(rewritten);
        continue;
      }
      const cuts = step.cut(part);
      if (i === 0 && cuts[0] !== 0) isAtStart = false;
      for (let at = 0; at < cuts.length; at += 2) {
        if (cuts[at]! < cuts[at + 1]!) out.push(part.slice(cuts[at]!, cuts[at + 1]!));
      }
    }
    parts = out;
  }
  return parts;
}

/** The same, with places kept. */
export function traceSteps(
  steps: readonly TextStep[],
  text: TracedText,
  opensText: boolean,
): readonly TracedText[] {
  let parts = [text];
  let isAtStart = opensText;
  for (const step of steps) {
    const out: TracedText[] = [];
    parts.forEach((part, i) => {
      if (step.kind === 'rewrite') {
        const isDue = step.onlyAtStart !== true || (isAtStart && i === 0);
        const rewritten = isDue ? traceRewrite(step, part) : part;
        if (rewritten.text !== '') out.push(rewritten);
        return;
      }
      const cuts = step.cut(part.text);
      if (i === 0 && cuts[0] !== 0) isAtStart = false;
      for (let at = 0; at < cuts.length; at += 2) {
        if (cuts[at]! < cuts[at + 1]!) out.push(sliceTraced(part, cuts[at]!, cuts[at + 1]!));
      }
    });
    parts = out;
  }
  return parts;
}

export function sliceTraced(traced: TracedText, from: number, to: number): TracedText {
  return {
    text: traced.text.slice(from, to),
    starts: traced.starts.subarray(from, to),
    ends: traced.ends.subarray(from, to),
  };
}

function traceRewrite(step: RewriteStep, before: TracedText): TracedText {
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  const { length } = before.text;
  step.trace(before.text, (from, to, out) => {
    text += out;
    // An accent that goes belongs to the letter before it.
    if (out === '' && ends.length > 0 && /^\p{M}/u.test(before.text.slice(from, to))) {
      ends[ends.length - 1] = before.ends[to - 1]!;
    }
    const isCopied = to - from === out.length && before.text.startsWith(out, from);
    // What a step puts in has no width: it stands where the next character stood.
    const start = from < length ? before.starts[from]! : length > 0 ? before.ends[length - 1]! : 0;
    const end = to > from ? before.ends[to - 1]! : start;
    for (let i = 0; i < out.length; i++) {
      starts.push(isCopied ? before.starts[from + i]! : start);
      ends.push(isCopied ? before.ends[from + i]! : end);
    }
  });
  return { text, starts: Int32Array.from(starts), ends: Int32Array.from(ends) };
}
