// Structured logs: one JSON object a line, nothing in it that should not be.
import { errorFields } from './error-fields.ts';
import { createSecrets, maskShapes, redactFields, type Secrets } from './redact.ts';

/** With the severity numbers of OpenTelemetry's log data model. */
export const LOG_LEVELS = { debug: 5, info: 9, warn: 13, error: 17 } as const;

export type LogLevel = keyof typeof LOG_LEVELS;

/** Beside the message: numbers and booleans under any name, texts under the names of `PLAIN_FIELDS`, `error` anything. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** @param message a sentence of ours, the same each time: what varies is a field */
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines all carry these fields. */
  with(fields: LogFields): Logger;
}

export interface LoggerParts {
  /** Takes one line, with its end. */
  readonly write: (line: string) => void;
  /** UTC ms. */
  readonly now: () => number;
  /** `info` when absent. */
  readonly level?: LogLevel;
  /** Words that must never appear: keys, webhook secrets. */
  readonly secrets?: Secrets;
  /** The same level and message more often than this in a second are counted, not written; 100 when absent. */
  readonly mostPerSecond?: number;
  /** Told of each line: written, or held back because it came too often. */
  readonly onLine?: (level: LogLevel, written: boolean) => void;
}

const MOST_PER_SECOND = 100;
const MOST_MESSAGES = 1000;

interface Window {
  second: number;
  written: number;
  held: number;
}

/**
 * A logger over `write`. A line is `{ time, level, message, … }`; after a flood the first line written carries `held`, the
 * number of its like that were not.
 */
export function createLogger(parts: LoggerParts): Logger {
  const least = LOG_LEVELS[parts.level ?? 'info'];
  const secrets = parts.secrets ?? createSecrets();
  const limit = parts.mostPerSecond ?? MOST_PER_SECOND;
  const windows = new Map<string, Window>();

  /** @returns how many of its like were held back before it, or −1 when this one is too */
  const admit = (level: LogLevel, message: string, nowMs: number): number => {
    const second = Math.floor(nowMs / 1000);
    const key = `${level} ${message}`;
    let window = windows.get(key);
    if (!window) {
      if (windows.size >= MOST_MESSAGES) windows.clear();
      window = { second, written: 0, held: 0 };
      windows.set(key, window);
    }
    if (window.second !== second) {
      window.second = second;
      window.written = 0;
    }
    if (window.written >= limit) {
      window.held++;
      return -1;
    }
    window.written++;
    const held = window.held;
    window.held = 0;
    return held;
  };

  const writeLine = (level: LogLevel, message: string, fields: LogFields): void => {
    if (LOG_LEVELS[level] < least) return;
    const nowMs = parts.now();
    const held = admit(level, message, nowMs);
    parts.onLine?.(level, held >= 0);
    if (held < 0) return;
    const { error, ...rest } = fields;
    const line = JSON.stringify({
      ...redactFields(rest),
      time: new Date(nowMs).toISOString(),
      level,
      message: maskShapes(message),
      held: held > 0 ? held : undefined,
      error: error === undefined ? undefined : errorFields(error),
    });
    parts.write(`${secrets.mask(line)}\n`);
  };

  const loggerWith = (own: LogFields): Logger => {
    const at =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void =>
        writeLine(level, message, { ...own, ...fields });
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => loggerWith({ ...own, ...fields }),
    };
  };
  return loggerWith({});
}

/** Says nothing: for tests and for parts used on their own. */
export const quietLogger: Logger = createLogger({ write: () => {}, now: () => 0, level: 'error' });
