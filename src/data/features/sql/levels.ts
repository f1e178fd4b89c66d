// Codes into sorted levels, narrowed to the levels that occur, so that values nobody here has cannot show.

/** The same values with levels nobody has left out; order kept, −1 stays −1. */
export function keptLevels(
  codes: Int32Array,
  levels: readonly string[],
): { codes: Int32Array; levels: readonly string[] } {
  const used = new Uint8Array(levels.length);
  for (const code of codes) if (code >= 0) used[code] = 1;
  const kept: string[] = [];
  const codeOf = new Int32Array(levels.length);
  levels.forEach((level, code) => {
    if (used[code]) codeOf[code] = kept.push(level) - 1;
  });
  return { codes: codes.map((code) => (code < 0 ? -1 : codeOf[code])), levels: kept };
}
