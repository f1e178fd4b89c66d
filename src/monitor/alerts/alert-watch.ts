// Rules against figures over time: an alert begins once it has held long enough, is told once, and ends.
import type { Metrics } from '../metrics/metrics.ts';
import { type FigureSnapshot, figureOf } from './alert-figure.ts';
import type { AlertRule } from './alert-rule.ts';

/** What is told when an alert begins, still holds after hours, or ends. */
export interface AlertNotice {
  readonly rule: AlertRule;
  readonly state: 'firing' | 'resolved';
  /** The figure the rule looks at. */
  readonly value: number | undefined;
  /** When it began to hold, UTC ms. */
  readonly sinceMs: number;
  readonly atMs: number;
}

export interface AlertWatch {
  /** Looks at the figures now; call it a few times a minute. */
  look(nowMs: number): Promise<readonly AlertNotice[]>;
  /** Rules that fire now. */
  readonly firing: readonly string[];
}

/** Who missed the first notice gets another. */
const REPEAT_MS = 4 * 3_600_000;

interface State {
  sinceMs?: number;
  toldMs?: number;
}

export function watchAlerts(rules: readonly AlertRule[], metrics: Metrics): AlertWatch {
  const states = new Map<string, State>(rules.map(({ name }) => [name, {}]));
  const longestMs = Math.max(0, ...rules.map(({ overMs }) => overMs));
  let past: FigureSnapshot[] = [];

  const judge = (rule: AlertRule, now: FigureSnapshot): AlertNotice | undefined => {
    const state = states.get(rule.name) as State;
    // The youngest snapshot that is old enough; while there is none, the oldest.
    const before = past.findLast(({ atMs }) => atMs <= now.atMs - rule.overMs) ?? past[0] ?? now;
    const value = figureOf(rule, before, now);
    const holds =
      value !== undefined && (rule.above !== undefined ? value > rule.above : value < (rule.below as number));
    const sinceMs = state.sinceMs ?? now.atMs;
    if (!holds) {
      const wasTold = state.toldMs !== undefined;
      states.set(rule.name, {});
      return wasTold ? { rule, state: 'resolved', value, sinceMs, atMs: now.atMs } : undefined;
    }
    state.sinceMs = sinceMs;
    if (now.atMs - sinceMs < rule.forMs) return undefined;
    if (state.toldMs !== undefined && now.atMs - state.toldMs < REPEAT_MS) return undefined;
    state.toldMs = now.atMs;
    return { rule, state: 'firing', value, sinceMs, atMs: now.atMs };
  };
  return {
    get firing() {
      return [...states].filter(([, { toldMs }]) => toldMs !== undefined).map(([name]) => name);
    },
    async look(nowMs) {
      const now = { atMs: nowMs, figures: await metrics.figures() };
      const notices = rules.map((rule) => judge(rule, now)).filter((notice) => notice !== undefined);
      past = [...past, now];
      const keepFrom = past.findLastIndex(({ atMs }) => atMs <= nowMs - longestMs);
      past = past.slice(Math.max(0, keepFrom));
      for (const { name, severity } of rules) {
        const isFiring = (states.get(name) as State).toldMs !== undefined;
        metrics.record('foresell.alerts.firing', isFiring ? 1 : 0, {
          'foresell.alert': name,
          'foresell.severity': severity,
        });
      }
      return notices;
    },
  };
}
