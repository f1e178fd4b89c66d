// Which items are on offer at a moment, by what the shop's catalogue says of each: most say nothing, and are.
import type { Engine } from '../../data/engine.ts';
import type { EventSource } from '../../data/source.ts';

/** 1 for what is on offer at the moment, [items]; not to be written to. */
export type Availability = (asOf: number) => Uint8Array;

interface Span {
  readonly item: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** An item of several rows is on offer while one of them says so. @throws AppError INTERRUPTED */
export async function readAvailability(
  engine: Engine,
  { items }: Pick<EventSource, 'items'>,
  itemIds: readonly string[],
  signal?: AbortSignal,
): Promise<Availability> {
  const always = new Uint8Array(itemIds.length).fill(1);
  if (items === undefined) return () => always;
  const rows = await engine.rows<{ id: string; fromMs: number; toMs: number }>(
    `SELECT item_id AS id, coalesce(CAST(available_from AS DOUBLE), '-infinity'::DOUBLE) AS "fromMs",
       coalesce(CAST(available_to AS DOUBLE), 'infinity'::DOUBLE) AS "toMs"
     FROM ${items} WHERE item_id IN
       (SELECT item_id FROM ${items} WHERE available_from IS NOT NULL OR available_to IS NOT NULL)`,
    signal,
  );
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const spans = rows.flatMap(({ id, fromMs, toMs }): Span[] => {
    const item = codes.get(id);
    return item === undefined ? [] : [{ item, fromMs, toMs }];
  });
  if (spans.length === 0) return () => always;
  return (asOf) => {
    const mask = always.slice();
    for (const { item } of spans) mask[item] = 0;
    for (const { item, fromMs, toMs } of spans) if (fromMs <= asOf && asOf <= toMs) mask[item] = 1;
    return mask;
  };
}
