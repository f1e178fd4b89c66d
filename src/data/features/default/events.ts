// The newest events of a customer, side by side as sequences: what models of behaviour read, and nothing else does.
import { EVENT_SEQUENCES, type EventSequence } from '../../../core/event-sequences.ts';
import { type Name, name } from '../../../core/name.ts';
import { EVENT_TYPES, type EventType } from '../../event.ts';
import type { FeatureDefinition, SequenceRule } from '../definition.ts';

/** What the shop shows, writes or finds out is nothing the customer did. */
const NOT_DONE: ReadonlySet<EventType> = new Set(['impression', 'message', 'identify']);

/** More change the next month's answer little, and attention costs their square. */
const EVENTS_KEPT = 64;

/** From `least` to `most` by powers of `base`, rounded, each once. */
function powers(base: number, least: number, most: number): readonly number[] {
  const steps = Math.floor(Math.log(most / least) / Math.log(base) + 1e-9);
  return [...new Set(Array.from({ length: steps + 1 }, (_, k) => Math.round(least * base ** k)))];
}

const YEARS_MS = 30 * 365 * 86_400_000;
/** A second twice as long is another pause; money and age are told a little finer. */
const GAPS = powers(2, 1000, YEARS_MS);
const AGES = powers(Math.SQRT2, 60_000, YEARS_MS);
const AMOUNTS = powers(Math.SQRT2, 1, 1e9);

const READ: Readonly<
  Record<EventSequence, Pick<SequenceRule, 'field' | 'measure' | 'cuts'> & { readonly label: Name }>
> = {
  types: { label: name('Kinds of the newest events', '最近行为的类型'), field: 'type' },
  items: { label: name('Products of the newest events', '最近行为的商品'), field: 'item_id' },
  categories: { label: name('Categories of the newest events', '最近行为的品类'), field: 'category' },
  gaps: {
    label: name('Pauses between the newest events', '最近行为的间隔'),
    field: 'timestamp',
    measure: 'gap',
    cuts: GAPS,
  },
  ages: {
    label: name('How long ago the newest events were', '最近行为距今的时长'),
    field: 'timestamp',
    measure: 'age',
    cuts: AGES,
  },
  prices: { label: name('Prices in the newest events', '最近行为的单价'), field: 'price', cuts: AMOUNTS },
  amounts: { label: name('Amounts of the newest events', '最近行为的金额'), field: 'value', cuts: AMOUNTS },
};

/** The last things a customer did, each told by type, item, category, time, price and amount. */
export function eventFeatures(limit = EVENTS_KEPT): FeatureDefinition[] {
  const types = EVENT_TYPES.filter((type) => !NOT_DONE.has(type));
  return (Object.keys(EVENT_SEQUENCES) as EventSequence[]).map((key) => {
    const { label, ...read } = READ[key];
    return {
      name: EVENT_SEQUENCES[key],
      label,
      unit: 'none',
      group: 'events',
      rule: { kind: 'sequence', filter: { types }, limit, keepMissing: true, ...read },
    };
  });
}
