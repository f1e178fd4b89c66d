// Guesses in what form times are written, from a sample.

const SLASHED =
  /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ T](\d{1,2}):(\d{2})(:\d{2})?( ?[AaPp][Mm])?)?$/;
const OFFSET = /(?:\d|\s)(Z|UTC|GMT|[+-]\d{2}:?\d{2})$/;

/** Whether a cell reads as a moment of the years 1990 to 2099. */
export function looksLikeTime(cell: string): boolean {
  if (/^\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}/.test(cell)) return true;
  if (/^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(\d{6})?$/.test(cell)) return true;
  if (SLASHED.test(cell)) return true;
  const value = Number(cell);
  if (!/^\d{9,19}(\.\d+)?$/.test(cell)) return false;
  const seconds =
    value > 1e17 ? value / 1e9 : value > 1e14 ? value / 1e6 : value > 1e11 ? value / 1e3 : value;
  return seconds > 631_152_000 && seconds < 4_102_444_800;
}

export interface TimeGuess {
  readonly format: string;
  /** Whether the texts are a wall clock's, so that a zone must be named. */
  readonly needsZone: boolean;
  readonly note?: string;
}

export function guessTimeFormat(cells: readonly string[]): TimeGuess {
  const slashed = cells.map((cell) => SLASHED.exec(cell)).filter((match) => match !== null);
  if (slashed.length > cells.length / 2) return guessSlashed(slashed);
  const first = cells.find(looksLikeTime) ?? '';
  if (/^\d{9,10}(\.\d+)?$/.test(first)) return { format: 'unix_s', needsZone: false };
  if (/^\d{12,13}$/.test(first)) return { format: 'unix_ms', needsZone: false };
  if (/^\d{15,16}$/.test(first)) return { format: 'unix_us', needsZone: false };
  if (/^\d{18,19}$/.test(first)) return { format: 'unix_ns', needsZone: false };
  return { format: 'auto', needsZone: !OFFSET.test(first) || !first.includes(':') };
}

function guessSlashed(matches: readonly RegExpExecArray[]): TimeGuess {
  const [sample] = matches;
  const mark = /[/.-]/.exec(sample[0])?.[0] ?? '/';
  const isDayFirst = matches.some((match) => Number(match[1]) > 12);
  const isMonthFirst = matches.some((match) => Number(match[2]) > 12);
  const dayFirst = isDayFirst || (!isMonthFirst && mark === '.');
  const year = sample[3].length === 4 ? '%Y' : '%y';
  const date = (dayFirst ? ['%d', '%m', year] : ['%m', '%d', year]).join(mark);
  const hour = sample[7] ? '%I' : '%H';
  const time = sample[4]
    ? ` ${hour}:%M${sample[6] ? ':%S' : ''}${sample[7] ? (sample[7].startsWith(' ') ? ' %p' : '%p') : ''}`
    : '';
  return {
    format: date + time,
    needsZone: true,
    note: isDayFirst || isMonthFirst ? undefined : 'CHECK: day and month cannot be told apart in the sample',
  };
}
