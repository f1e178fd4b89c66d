// The one number a rule looks at, made of figures now and a while ago.
import type { Figure } from '../metrics/metrics.ts';
import type { AlertRule } from './alert-rule.ts';

/** All figures at one moment. */
export interface FigureSnapshot {
  readonly atMs: number;
  readonly figures: readonly Figure[];
}

const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/** @returns nothing where there is nothing to say: no series, or no values within the window */
export function figureOf(rule: AlertRule, before: FigureSnapshot, now: FigureSnapshot): number | undefined {
  const own = now.figures.filter(({ metric }) => metric === rule.metric);
  const matching = own.filter((figure) => matches(rule.where, figure.labels));
  if (rule.take === 'value') {
    if (matching.length === 0) return undefined;
    const values = matching.map(({ value }) => value).filter((value) => !Number.isNaN(value));
    if (values.length === 0) return undefined;
    return rule.above === undefined ? Math.min(...values) : Math.max(...values);
  }
  const earlier = new Map(
    before.figures.filter(({ metric }) => metric === rule.metric).map((figure) => [keyOf(figure), figure]),
  );
  const grown = (figures: readonly Figure[]) =>
    figures.reduce((sum, figure) => sum + growth(figure.value, earlier.get(keyOf(figure))?.value), 0);
  const seconds = (now.atMs - before.atMs) / 1000;
  if (rule.take === 'rate') return seconds > 0 ? grown(matching) / seconds : undefined;
  if (rule.take === 'share') {
    const all = grown(own);
    return all > 0 ? grown(matching) / all : undefined;
  }
  return percentile(matching, earlier, SHARES[rule.take]);
}

const keyOf = ({ labels }: Figure): string => JSON.stringify(labels);

/** A counter that is smaller than it was began anew. */
const growth = (value: number, was = 0): number => (value >= was ? value - was : value);

function percentile(
  figures: readonly Figure[],
  earlier: ReadonlyMap<string, Figure>,
  share: number,
): number | undefined {
  const ends = figures[0]?.buckets?.map(({ end }) => end) ?? [];
  const counts = ends.map((_, i) =>
    figures.reduce((sum, figure) => {
      const was = earlier.get(keyOf(figure))?.buckets?.[i]?.count;
      return sum + growth(figure.buckets?.[i]?.count ?? 0, was);
    }, 0),
  );
  const total = counts.at(-1) ?? 0;
  if (total === 0) return undefined;
  const rank = share * total;
  const at = counts.findIndex((count) => count >= rank);
  // Beyond the last finite bucket nothing finer is known than its end.
  if (ends[at] === Number.POSITIVE_INFINITY) return ends[at - 1];
  const below = at > 0 ? counts[at - 1] : 0;
  const start = at > 0 ? ends[at - 1] : 0;
  return start + ((rank - below) / Math.max(1, counts[at] - below)) * (ends[at] - start);
}

function matches(where: AlertRule['where'], labels: Figure['labels']): boolean {
  return Object.entries(where).every(([key, pattern]) => {
    const value = labels[key] ?? '';
    return pattern.split('|').some((one) => {
      const parts = one.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
      return new RegExp(`^${parts.join('.*')}$`).test(value);
    });
  });
}
