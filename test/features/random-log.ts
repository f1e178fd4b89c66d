// A small log of everything that can go wrong with events: ties, nulls, refunds, clock changes, odd texts.
import { type Random, random } from '../../src/core/random.ts';
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import { EVENT_TYPES, type EventRow } from '../../src/data/event.ts';
import type { OracleItem } from './oracle.ts';

export interface RandomLog {
  readonly events: EventRow[];
  readonly items: ReadonlyMap<string, OracleItem>;
}

export interface RandomLogOptions {
  readonly seed: number;
  readonly users: number;
  readonly startMs: number;
  readonly days: number;
}

const TEXTS = ['alpha', 'Beta', 'été', '中文', '😀', '\uffee', ''];

const maybe = <T>(draw: Random, chance: number, value: T): T | null =>
  draw.uniform() < chance ? value : null;
const oneOf = <T>(draw: Random, values: readonly T[]): T => values[draw.integer(values.length)];

/** Bursts of events around random moments, on a coarse grid so that many share a timestamp. */
export function randomLog({ seed, users, startMs, days }: RandomLogOptions): RandomLog {
  const draw = random(seed);
  const items = new Map<string, OracleItem>();
  for (let i = 0; i < 40; i++) {
    items.set(`item ${i}`, {
      category: maybe(draw, 0.8, `category ${i % 7}`),
      brand: maybe(draw, 0.6, oneOf(draw, TEXTS)),
      price_minor: maybe(draw, 0.8, draw.integer(10_000)),
    });
  }
  const events: EventRow[] = [];
  for (let user = 0; user < users; user++) {
    const bursts = 1 + draw.integer(12);
    for (let burst = 0; burst < bursts; burst++) {
      const centre = startMs + draw.integer(days) * DAY_MS + draw.integer(24) * HOUR_MS;
      const size = 1 + draw.integer(8);
      for (let i = 0; i < size; i++) {
        const timestamp =
          centre + draw.integer(6) * 600_000 + (draw.uniform() < 0.2 ? draw.integer(1000) : 0);
        events.push(
          randomEvent(draw, `user ${oneOf(draw, ['', 'é', '😀'])}${user}`, timestamp, events.length),
        );
      }
    }
  }
  return { events: draw.shuffle(events), items };
}

function randomEvent(draw: Random, user: string, timestamp: number, number: number): EventRow {
  const type = draw.uniform() < 0.3 ? 'purchase' : oneOf(draw, EVENT_TYPES);
  const money = type === 'purchase' || type === 'refund';
  return {
    event_id: `event ${(number * 7919) % 100_003} ${oneOf(draw, TEXTS)}`,
    type,
    timestamp,
    user_id: maybe(draw, 0.97, user),
    anonymous_id: null,
    session_id: maybe(draw, 0.7, `session ${draw.integer(5)}`),
    item_id: maybe(draw, 0.85, `item ${draw.integer(45)}`),
    quantity: maybe(
      draw,
      money ? 0.9 : 0.1,
      draw.uniform() < 0.3 ? draw.integer(3000) / 1000 : draw.integer(5),
    ),
    price_minor: maybe(draw, money ? 0.9 : 0.3, draw.integer(9_999)),
    currency: 'EUR',
    order_id: maybe(draw, money ? 0.7 : 0.1, `order ${draw.integer(30)}`),
    query: type === 'search' ? oneOf(draw, TEXTS) : null,
    rating: type === 'review' ? maybe(draw, 0.8, draw.integer(11) / 2) : null,
    text: null,
    device: maybe(draw, 0.5, oneOf(draw, TEXTS)),
    channel: maybe(draw, 0.5, oneOf(draw, TEXTS)),
    country: maybe(draw, 0.5, oneOf(draw, TEXTS)),
    position: maybe(draw, 0.3, draw.integer(20)),
    props: maybe(draw, 0.3, JSON.stringify({ campaign: oneOf(draw, ['spring', 'x"y', 7, null]) })),
  };
}
