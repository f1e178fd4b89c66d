// Parameters named by pattern: `blocks.*.attention.**`.

/** Whether a dotted name is meant. */
export type NameTest = (name: string) => boolean;

/**
 * A test for names that fit any of the patterns: `*` stands for one part, `**` for any number of them, also none.
 * Dots part a name; slashes do too, as imported models have them.
 */
export function byPattern(patterns: string | readonly string[]): NameTest {
  const lists = (typeof patterns === 'string' ? [patterns] : patterns).map((pattern) => pattern.split(PARTS));
  return (name) => {
    const parts = name.split(PARTS);
    return lists.some((list) => fits(list, parts));
  };
}

const PARTS = /[./]/;

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return parts.length === 0;
  if (first === '**') return parts.some((_, i) => fits(rest, parts.slice(i))) || fits(rest, []);
  return parts.length > 0 && (first === '*' || first === parts[0]) && fits(rest, parts.slice(1));
}
