// The one order of texts everywhere: by UTF-8 bytes, which is by code point, as the engine sorts.

/** Negative when `a` comes before `b`. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA === unitB) continue;
    const highA = unitA >= 0xd800 && unitA <= 0xdfff;
    const highB = unitB >= 0xd800 && unitB <= 0xdfff;
    // A surrogate is half of a code point above every other unit, though its number is below U+E000.
    if (highA !== highB) return highA ? 1 : -1;
    return unitA - unitB;
  }
  return a.length - b.length;
}
