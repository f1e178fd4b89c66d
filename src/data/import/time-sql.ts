// SQL from a text to UTC milliseconds: exact across daylight saving, NULL where it cannot be read.
import { AppError } from '../../core/errors.ts';
import { DAY_MS, type ZoneOffsets, zoneOffsets } from '../../core/time.ts';
import { sqlText } from '../engine.ts';

/** Nothing before it is taken for a shop's event. */
export const EARLIEST_MS = Date.UTC(1990, 0, 1);

/** Clocks of other machines may run a little ahead of ours. */
export const FUTURE_SLACK_MS = DAY_MS;

/** Offsets of a zone over every moment an import may accept. */
export const importZone = (zone: string, nowMs: number): ZoneOffsets => {
  try {
    return zoneOffsets(zone, EARLIEST_MS - 2 * DAY_MS, nowMs + 400 * DAY_MS);
  } catch (cause) {
    if (cause instanceof AppError) throw new AppError('BAD_MAPPING', `time.zone: ${cause.message}`);
    throw cause;
  }
};

/**
 * Local milliseconds (a wall clock read as if it were UTC) → UTC milliseconds.
 *
 * A time the clock skipped counts as if it had not been put forward; a time it showed twice is the first of the two.
 */
export function localToUtcSql(local: string, { shifts }: ZoneOffsets): string {
  /** The offset before a change holds up to the later of its two wall-clock readings. */
  const untilMs = (index: number) =>
    shifts[index].startMs + Math.max(shifts[index].offsetMs, shifts[index - 1].offsetMs);
  const offset = (from: number, to: number): string => {
    if (from === to) return String(shifts[from].offsetMs);
    const middle = (from + to + 1) >> 1;
    return `CASE WHEN ${local} < ${untilMs(middle)} THEN ${offset(from, middle - 1)} ELSE ${offset(middle, to)} END`;
  };
  if (shifts.length === 1 && shifts[0].offsetMs === 0) return local;
  return `(${local} - ${offset(0, shifts.length - 1)})`;
}

const UNIX_UNITS: Readonly<Record<string, string>> = {
  unix_s: '* 1000',
  unix_ms: '',
  unix_us: '// 1000',
  unix_ns: '// 1000000',
};

/** Formats tried after the engine's own reading of a date, for times without and with an offset. */
const LOCAL_FORMATS = [
  '%Y/%m/%d %H:%M:%S',
  '%Y/%m/%d %H:%M',
  '%Y/%m/%d',
  '%Y.%m.%d %H:%M:%S',
  '%Y%m%d%H%M%S',
  '%Y%m%d %H:%M:%S',
  '%Y年%m月%d日 %H:%M:%S',
  '%Y年%m月%d日 %H:%M',
  '%Y年%m月%d日',
  '%d %b %Y %H:%M:%S',
  '%b %d, %Y %H:%M:%S',
  '%b %d, %Y',
];
const OFFSET_FORMATS = ['%Y-%m-%d %H:%M:%S %z', '%Y-%m-%dT%H:%M:%S.%f%z', '%a, %d %b %Y %H:%M:%S %z'];

const OFFSET_ENDING = ':\\d{2}(:\\d{2}([.,]\\d+)?)?\\s*(Z|z|UTC|GMT|[+-]\\d{2}:?(\\d{2})?)$';

const list = (formats: readonly string[]): string => `[${formats.map(sqlText).join(', ')}]`;

/** How a text becomes a moment: its milliseconds, and whether they are a wall clock's and still need the zone. */
export interface TimeReading {
  /** SQL of a BIGINT, NULL where the text is no time. */
  readonly ms: string;
  /** SQL of a boolean; `true` and `false` stand for every row. */
  readonly isLocal: string;
}

/**
 * Two expressions rather than one, so that the text is parsed once and the zone's many branches see a plain number.
 *
 * @param format  `auto`, `unix_s`, `unix_ms`, `unix_us`, `unix_ns`, or a strptime format; with `%z` in it the offset in the text counts
 */
export function readTimeSql(text: string, format: string): TimeReading {
  const unit = UNIX_UNITS[format];
  if (unit !== undefined) return { ms: unixSql(text, unit), isLocal: 'false' };
  if (format !== 'auto') {
    if (!format.includes('%')) {
      throw new AppError(
        'BAD_MAPPING',
        `time.format: expected auto, ${Object.keys(UNIX_UNITS).join(', ')} or a format such as %d/%m/%Y %H:%M, got "${format}"`,
      );
    }
    const ms = `epoch_ms(try_strptime(${text}, ${sqlText(format)}))`;
    return { ms, isLocal: format.includes('%z') ? 'false' : 'true' };
  }
  /** `2011-06-11 17:52:00`, by far the commonest: no offset fits into 19 characters that end in seconds. */
  const isPlain = `strlen(${text}) = 19 AND substr(${text}, 17, 1) = ':'`;
  const whole = `TRY_CAST(${text} AS BIGINT)`;
  const isCalendar = `(strlen(${text}) = 8 AND ${text} BETWEEN '19000101' AND '20991231' OR strlen(${text}) = 14 AND ${text} < '21')`;
  const hasOffset = `regexp_matches(${text}, '${OFFSET_ENDING}')`;
  const withOffset = `coalesce(TRY_CAST(${text} AS TIMESTAMPTZ), CAST(try_strptime(${text}, ${list(OFFSET_FORMATS)}) AS TIMESTAMPTZ))`;
  const withoutOffset = `coalesce(TRY_CAST(${text} AS TIMESTAMP), try_strptime(${text}, ${list(LOCAL_FORMATS)}))`;
  return {
    ms: `CASE
    WHEN ${isPlain} THEN epoch_ms(coalesce(TRY_CAST(${text} AS TIMESTAMP), try_strptime(${text}, ${list(LOCAL_FORMATS)})))
    WHEN ${isCalendar} THEN epoch_ms(try_strptime(${text}, ['%Y%m%d', '%Y%m%d%H%M%S']))
    WHEN ${whole} IS NOT NULL THEN CASE
      WHEN abs(${whole}) < 100000000000 THEN ${whole} * 1000
      WHEN abs(${whole}) < 100000000000000 THEN ${whole}
      WHEN abs(${whole}) < 100000000000000000 THEN ${whole} // 1000
      ELSE ${whole} // 1000000 END
    WHEN ${hasOffset} THEN epoch_ms(${withOffset})
    ELSE epoch_ms(${withoutOffset}) END`,
    isLocal: `CASE WHEN ${isPlain} THEN true WHEN ${isCalendar} THEN true WHEN ${whole} IS NOT NULL THEN false ELSE NOT ${hasOffset} END`,
  };
}

/** SQL of UTC ms from the columns that hold a reading. */
export function utcSql(ms: string, isLocal: string, reading: TimeReading, zone: ZoneOffsets): string {
  if (reading.isLocal === 'false') return ms;
  const shifted = localToUtcSql(ms, zone);
  if (reading.isLocal === 'true' || shifted === ms) return shifted;
  return `CASE WHEN ${isLocal} THEN ${shifted} ELSE ${ms} END`;
}

/** Whole and decimal numbers; what would overflow is NULL. */
function unixSql(text: string, unit: string): string {
  const value = `coalesce(TRY_CAST(${text} AS BIGINT), TRY_CAST(floor(TRY_CAST(${text} AS DOUBLE)) AS BIGINT))`;
  return `CASE WHEN ${value} BETWEEN -9000000000000000 AND ${unit === '* 1000' ? '9000000000000000' : '9000000000000000000'} THEN ${value} ${unit} END`;
}
