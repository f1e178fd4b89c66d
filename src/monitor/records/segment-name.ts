// The names of a record log's files: the day they hold and their place in the order they were written.

export interface SegmentName {
  /** `2026-01-05`, UTC. */
  readonly day: string;
  /** From 1, never used twice: the order of writing, also when the clock was set back. */
  readonly number: number;
}

export const segmentName = ({ day, number }: SegmentName): string =>
  `${day}.${String(number).padStart(6, '0')}.ndjson`;

/** Those of a folder's names that are files of a record log, in the order of writing. */
export const segmentsOf = (names: readonly string[]): SegmentName[] =>
  names
    .map((name) => /^(\d{4}-\d{2}-\d{2})\.(\d{6,})\.ndjson$/.exec(name))
    .filter((match) => match !== null)
    .map(([, day, number]) => ({ day, number: Number(number) }))
    .sort((a, b) => a.number - b.number);
