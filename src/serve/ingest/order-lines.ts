// An event with several articles becomes a row each; without any it is one row with the amount of the whole.
import type { EventRow } from '../../data/event.ts';
import { minorUnits } from './amount.ts';
import type { FieldReader } from './field-reader.ts';
import { isGiven } from './json-value.ts';

/** What one article of an event says; pointers relative to the message, without their leading slash. */
export interface Line {
  readonly itemId: string | null;
  readonly quantity: { readonly value: unknown; readonly at: string };
  /** In major units of the event's currency, or in minor units of the lake's. */
  readonly price: { readonly value: unknown; readonly at: string; readonly isMinor?: boolean };
  readonly position?: number | null;
  readonly props?: string | null;
}

/**
 * @param common   what all lines share; its `event_id` may be empty
 * @param currency where the event says which
 */
export function rowsOf(
  reader: FieldReader,
  common: EventRow,
  lines: readonly Line[],
  currency: { readonly value: unknown; readonly at: string },
): readonly EventRow[] {
  return lines.map((line, index): EventRow => {
    const money = reader.money(line.price, currency, common.type);
    const quantity = reader.quantity(line.quantity.value, line.quantity.at, common.type);
    return {
      ...common,
      event_id: common.event_id === '' || index === 0 ? common.event_id : `${common.event_id}/${index}`,
      item_id: line.itemId,
      quantity: quantity ?? (money.price_minor === null ? null : 1),
      price_minor: money.price_minor,
      currency: money.currency,
      position: line.position ?? common.position ?? null,
      props: line.props ?? common.props ?? null,
    };
  });
}

/**
 * The price of one piece in minor units, where an amount of the lake's currency divides among the pieces without losing a
 * cent; undefined otherwise: then the whole counts as one piece, as in an import.
 */
export function splitEvenly(
  amount: unknown,
  pieces: unknown,
  { currency, lakeCurrency }: { readonly currency: unknown; readonly lakeCurrency: string },
): number | undefined {
  if (isGiven(currency) && currency !== lakeCurrency) return undefined;
  if (typeof amount !== 'number' && typeof amount !== 'string') return undefined;
  const minor = minorUnits(amount, lakeCurrency);
  const count = Math.abs(Number(pieces));
  const divides = minor !== undefined && Number.isInteger(count) && count > 0 && minor % count === 0;
  return divides ? minor / count : undefined;
}
