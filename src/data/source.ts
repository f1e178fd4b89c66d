// What feature and label compilers read: relations of one consistent moment of the lake, whatever holds them.
import type { ZoneOffsets } from '../core/time.ts';

/**
 * One immutable look at a shop's data.
 *
 * The relations are SQL that may stand after FROM (a `read_parquet([...])` over the files of a lake snapshot, or a table
 * in a test); they have the columns of `event.ts`.
 */
export interface EventSource {
  readonly events: string;
  /** Absent when the shop has no catalogue. */
  readonly items?: string;
  readonly users?: string;
  /** The one currency of all money in the source; empty when no event has a price. */
  readonly currency: string;
  readonly zone: ZoneOffsets;
  /** First and last event, UTC ms; NaN when there is none. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rows: number;
  /** Digest of the files behind the relations: equal data, equal fingerprint. */
  readonly fingerprint: string;
  /** How many customers had been erased by then; absent outside a workspace. */
  readonly erasures?: number;
}
