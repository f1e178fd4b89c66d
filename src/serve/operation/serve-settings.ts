// serve.yaml of a workspace: how long things are kept, what is watched for, which alerts there are.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { parseSpan } from '../../core/time.ts';
import { type AlertRule, DEFAULT_RULES, parseRules } from '../../monitor/alerts/alert-rule.ts';

export const SERVE_FILE = 'serve.yaml';

export interface ServeSettings {
  /** Answers that are logged: share of customers, and for how long. */
  readonly predictions: { readonly share: number; readonly keepMs: number };
  /** Events that were refused. `originals`: as they were sent, customers' data and all. */
  readonly rejected: { readonly keepMs: number; readonly mostBytes: number; readonly originals: boolean };
  /** Visitors without an account leave the online state when they have done nothing for so long. */
  readonly visitors: { readonly keepMs: number };
  readonly drift: { readonly falseAlarmsPerWeek: number };
  /** How long a version that was promoted without a trial is watched; 0: not at all. */
  readonly promoted: { readonly watchMs: number };
  readonly alerts: readonly AlertRule[];
}

/** What holds where the file says nothing; the file is written the same way. */
const DEFAULTS = {
  predictions: { share: 1, keep: '400d' },
  rejected: { keep: '30d', most: '64MB', originals: false },
  visitors: { keep: '90d' },
  drift: { false_alarms_per_week: 0.1 },
  promoted: { watch: '1d' },
} as const;

type Section = keyof typeof DEFAULTS;

/** @throws AppError BAD_FILE, BAD_DEFINITION naming the setting, what was expected and what came */
export function readServeSettings(workspaceDir: string): ServeSettings {
  const path = join(workspaceDir, SERVE_FILE);
  return serveSettings(existsSync(path) ? readFileSync(path, 'utf8') : '');
}

/** The same of a text. */
export function serveSettings(yaml: string): ServeSettings {
  let written: unknown;
  try {
    written = parse(yaml) ?? {};
  } catch (cause) {
    throw new AppError('BAD_FILE', `expected YAML in ${SERVE_FILE}: mend it`, {}, cause);
  }
  if (!isRecord(written)) throw new AppError('BAD_FILE', `expected settings by name in ${SERVE_FILE}`);
  const known = [...Object.keys(DEFAULTS), 'alerts'];
  const unknown = Object.keys(written).find((key) => !known.includes(key));
  if (unknown !== undefined) throw fault(shown(unknown), `one of ${known.join(', ')}`, 'another name');
  const predictions = sectionOf(written, 'predictions');
  const rejected = sectionOf(written, 'rejected');
  const visitors = sectionOf(written, 'visitors');
  const drift = sectionOf(written, 'drift');
  const promoted = sectionOf(written, 'promoted');
  return {
    predictions: {
      share: numberOf('predictions.share', predictions.share, { over: 0, most: 1 }),
      keepMs: spanOf('predictions.keep', predictions.keep),
    },
    rejected: {
      keepMs: spanOf('rejected.keep', rejected.keep),
      mostBytes: bytesOf('rejected.most', rejected.most),
      originals: isOf('rejected.originals', rejected.originals),
    },
    visitors: { keepMs: spanOf('visitors.keep', visitors.keep) },
    drift: {
      falseAlarmsPerWeek: numberOf('drift.false_alarms_per_week', drift.false_alarms_per_week, {
        over: 0,
        most: 7,
      }),
    },
    promoted: { watchMs: watchOf('promoted.watch', promoted.watch) },
    alerts: rulesOf(written.alerts),
  };
}

const fault = (name: string, expected: string, got: unknown): AppError =>
  new AppError('BAD_DEFINITION', `${SERVE_FILE}: ${name}: expected ${expected}, got ${shown(got)}`);

const shown = (value: unknown): string => String(JSON.stringify(value) ?? value).slice(0, 40);

function sectionOf(written: Record<string, unknown>, name: Section): Record<string, unknown> {
  const given = written[name] ?? {};
  const names = Object.keys(DEFAULTS[name]);
  if (!isRecord(given)) throw fault(name, `settings by name (${names.join(', ')})`, given);
  const unknown = Object.keys(given).find((key) => !names.includes(key));
  if (unknown !== undefined) throw fault(name, names.join(', '), unknown);
  return { ...DEFAULTS[name], ...given };
}

function numberOf(name: string, value: unknown, range: { over: number; most: number }): number {
  if (typeof value === 'number' && value > range.over && value <= range.most) return value;
  throw fault(name, `a number over ${range.over} and at most ${range.most}`, value);
}

function spanOf(name: string, value: unknown): number {
  try {
    const span = parseSpan(String(value));
    if (span > 0) return span;
  } catch {
    // Said below, with the setting's name.
  }
  throw fault(name, 'a span such as 30d or 12h', value);
}

/** YAML reads a bare `off` as a word or as false. */
const watchOf = (name: string, value: unknown): number =>
  value === 'off' || value === false ? 0 : spanOf(name, value);

const UNITS: Readonly<Record<string, number>> = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

function bytesOf(name: string, value: unknown): number {
  const [, number, unit] = /^(\d{1,6})\s*([KMG]B)$/.exec(String(value)) ?? [];
  const bytes = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (bytes >= 2 ** 16) return bytes;
  throw fault(name, 'a size of at least 64KB, such as 64MB', value);
}

function isOf(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw fault(name, 'true or false', value);
}

/** Rules of the file stand in place of those of the product that have the same name; `off: true` takes one away. */
function rulesOf(listed: unknown): readonly AlertRule[] {
  const shipped = parseRules(DEFAULT_RULES);
  if (listed === undefined || listed === null) return shipped;
  if (!Array.isArray(listed)) throw fault('alerts', 'a list of rules', listed);
  const nameOf = (rule: unknown): unknown => (isRecord(rule) ? rule.name : undefined);
  const off = listed.filter((rule) => isRecord(rule) && rule.off === true).map(nameOf);
  const stranger = off.find((name) => !shipped.some((rule) => rule.name === name));
  if (stranger !== undefined)
    throw fault(
      'alerts',
      `a rule to turn off that there is (${shipped.map(({ name }) => name).join(', ')})`,
      stranger,
    );
  const own = parseRules(stringify(listed.filter((rule) => !(isRecord(rule) && rule.off === true))));
  const replaced = new Set([...off, ...own.map(({ name }) => name)]);
  return [...shipped.filter(({ name }) => !replaced.has(name)), ...own];
}
