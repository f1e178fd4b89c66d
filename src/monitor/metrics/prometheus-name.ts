// OpenTelemetry names as Prometheus writes them: one rule for names, units and attributes.
import { invariant } from '../../core/errors.ts';

export type MetricKind = 'counter' | 'up-down' | 'gauge' | 'histogram';

/** UCUM units, as the OpenTelemetry conventions use them, in Prometheus' words. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  min: 'minutes',
  h: 'hours',
  d: 'days',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  '%': 'percent',
  Cel: 'celsius',
};

/** `http.request.method` → `http_request_method`. */
export function prometheusLabel(attribute: string): string {
  const clean = attribute.replace(/[^a-zA-Z0-9_]+/g, '_');
  return /^\d/.test(clean) ? `key_${clean}` : clean;
}

/**
 * `http.server.request.duration` in `s` → `http_server_request_duration_seconds`; counters end in `_total`. Annotations
 * such as `{request}` say what is counted and leave no trace; a gauge of unit `1` is a ratio.
 *
 * @see OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", metric metadata
 */
export function prometheusName(name: string, kind: MetricKind, unit: string): string {
  invariant(name !== '', 'a metric has a name');
  let base = name.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_|_$/g, '');
  if (/^\d/.test(base)) base = `_${base}`;
  if (kind === 'counter') base = base.replace(/_total$/, '');
  const suffix = unitSuffix(unit, kind);
  if (suffix !== '' && !base.endsWith(`_${suffix}`)) base = `${base}_${suffix}`;
  return kind === 'counter' ? `${base}_total` : base;
}

function unitSuffix(unit: string, kind: MetricKind): string {
  if (unit === '1') return kind === 'gauge' ? 'ratio' : '';
  const bare = unit.replace(/\{[^}]*\}/g, '');
  if (bare === '') return '';
  const word = UNIT_WORDS[bare];
  invariant(
    word !== undefined,
    `a metric's unit is one of ${Object.keys(UNIT_WORDS).join(', ')}, got ${unit}`,
  );
  return word;
}
