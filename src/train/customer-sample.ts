// A shop with more customers than learning needs: a seeded share of them, drawn by id, with all their events.
import type { Engine } from '../data/engine.ts';
import type { EventSource } from '../data/source.ts';

/** Examples over all moments of a run; more make fits slow long before they make them better. */
export const MOST_EXAMPLES = 600_000;

export interface CustomerSample {
  readonly source: EventSource;
  /** One in this many customers; 1 = everyone. */
  readonly oneIn: number;
}

/**
 * The source with one in k customers, k the smallest that keeps `moments` × customers under the limit.
 *
 * A customer is in or out by a digest of the id and the seed, so that the same seed draws the same customers at every
 * moment, on every machine, whatever else the log holds.
 */
export async function sampleCustomers(
  engine: Engine,
  source: EventSource,
  {
    moments,
    seed,
    signal,
    most = MOST_EXAMPLES,
  }: { moments: number; seed: number; signal?: AbortSignal; most?: number },
): Promise<CustomerSample> {
  const [{ users }] = await engine.rows<{ users: number }>(
    `SELECT count(DISTINCT user_id) AS users FROM ${source.events}`,
    signal,
  );
  const oneIn = Math.max(1, Math.ceil((users * moments) / most));
  if (oneIn === 1) return { source, oneIn };
  const drawn = `md5_number_lower(user_id || ':${seed}') % ${oneIn} = 0`;
  return { source: { ...source, events: `(SELECT * FROM ${source.events} WHERE ${drawn})` }, oneIn };
}
