// A shop with more customers than learning needs: a seeded share of them, drawn by id, with all their events.
import { HOUR_MS } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { filterSql } from '../data/features/filter.ts';
import type { EventSource } from '../data/source.ts';
import { MOMENTS_A_VISIT } from '../data/visits/visits.ts';
import type { Task } from '../tasks/task.ts';

/** Examples over all moments of a run; more make fits slow long before they make them better. */
export const MOST_EXAMPLES = 600_000;

export interface CustomerSample {
  /** What examples are read from: of customers drawn their events alone, of items and visits everybody's. */
  readonly source: EventSource;
  /** One in this many customers; 1 = everyone. */
  readonly oneIn: number;
  /** Of items and visits: the customers asked about, as SQL over `user_id`; an item's popularity is everybody's. */
  readonly drawn?: string;
}

export interface SampleOptions {
  readonly task: Pick<Task, 'entity' | 'population'>;
  readonly moments: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly most?: number;
}

/**
 * The source with one in k customers, k the smallest that keeps the examples of all moments under the limit.
 *
 * A customer is in or out by a digest of the id and the seed, so that the same seed draws the same customers at every
 * moment, on every machine, whatever else the log holds.
 */
export async function sampleCustomers(
  engine: Engine,
  source: EventSource,
  options: SampleOptions,
): Promise<CustomerSample> {
  const { task, seed, signal, most = MOST_EXAMPLES } = options;
  const [{ examples }] = await engine.rows<{ examples: number }>(countSql(source, options), signal);
  const oneIn = Math.max(1, Math.ceil(examples / most));
  if (oneIn === 1) return { source, oneIn };
  const drawn = `md5_number_lower(user_id || ':${seed}') % ${oneIn} = 0`;
  if (task.entity !== 'user') return { source, oneIn, drawn };
  return { source: { ...source, events: `(SELECT * FROM ${source.events} WHERE ${drawn})` }, oneIn };
}

/** About how many examples there are, all moments together. */
function countSql(source: EventSource, { task, moments }: SampleOptions): string {
  const { entity, population } = task;
  switch (entity) {
    case 'user':
      return `SELECT count(DISTINCT user_id) * ${moments} AS examples FROM ${source.events}`;
    case 'user_item': {
      const after =
        population.lookbackMs === undefined ? source.firstMs : source.lastMs - population.lookbackMs;
      return (
        `SELECT count(*) * ${moments} AS examples FROM (SELECT DISTINCT e.user_id, e.item_id FROM ${source.events} AS e ` +
        `WHERE e.timestamp > ${after} AND e.user_id IS NOT NULL AND e.item_id IS NOT NULL AND (${filterSql(population.filter ?? {}, source.zone)}))`
      );
    }
    case 'session':
      return (
        `SELECT count(*) * ${MOMENTS_A_VISIT / 2} AS examples FROM (SELECT DISTINCT coalesce(user_id, anonymous_id) AS u, ` +
        `coalesce(session_id, CAST(timestamp // ${HOUR_MS} AS VARCHAR)) AS s FROM ${source.events})`
      );
  }
}
