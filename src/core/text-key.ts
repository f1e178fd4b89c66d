// When two texts count as the same text again.

/** Letters of one width and case, spaces once: texts with equal keys are the same text. */
export const textKey = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
