// The table of one data set as a person reads it on the way.
import type { RankMetricName } from '../../src/eval/score.ts';
import type { Entry } from './measure.ts';
import type { SequenceSet } from './sequence-set.ts';

export function textTable(set: SequenceSet, entries: readonly Entry[]): string {
  const { metrics, history, counts, published } = set;
  const other = history === 'excluded' ? 'included' : 'excluded';
  const shown = (own: Entry['by'][typeof history] | undefined, metric: RankMetricName): string => {
    const figure = own?.[metric];
    if (!figure) return '–';
    return `${figure.mean.toFixed(4)}${figure.spread === undefined ? '' : ` ±${figure.spread.toFixed(4)}`}`;
  };
  const head = [
    'model',
    ...metrics,
    `${metrics[1]} ${other}`,
    `${metrics[1]} repeat`,
    `${metrics[1]} new`,
    'fit s',
  ];
  const rows = [...entries]
    .sort((a, b) => b.valid - a.valid)
    .map((entry) => [
      entry.model,
      ...metrics.map((metric) => shown(entry.by[history], metric)),
      shown(entry.by[other], metrics[1]),
      shown(entry.repeat, metrics[1]),
      shown(entry.nonRepeat, metrics[1]),
      entry.fitSeconds.toFixed(1),
    ]);
  const others = published.map(({ model, metrics: own, note }) => [
    `${model} (published${note ? `, ${note}` : ''})`,
    ...metrics.map((metric) => own[metric]?.toFixed(4) ?? '–'),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows, ...others].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  const title = `${set.name}: ${counts.entities} sequences, ${counts.items} items, ${counts.interactions} events; own history ${history}`;
  return ['', title, ...[head, ...rows, ...others].map(line)].join('\n');
}
