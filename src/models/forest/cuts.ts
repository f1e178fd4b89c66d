// Where a forest cuts its number columns: between two cuts all values are alike to it.
import type { Forest } from './forest.ts';

/** Thresholds of every number column, rising, none twice; empty for one that is never cut. */
export function cutsOf({ inputs, feature, threshold, setStart }: Forest): ReadonlyMap<string, Float64Array> {
  const found = inputs.map(() => new Set<number>());
  for (let node = 0; node < feature.length; node++) {
    if (feature[node] >= 0 && setStart[node] < 0) found[feature[node]].add(threshold[node]);
  }
  return new Map(
    inputs.flatMap(({ kind, name }, i) =>
      kind === 'number' ? [[name, Float64Array.from(found[i]).sort()] as const] : [],
    ),
  );
}
