// The slow oracle: every rule computed from its own words, one event at a time, sharing no code with the compilers.

import type { EventRow } from '../../src/data/event.ts';
import type {
  Amount,
  Condition,
  EventFilter,
  FeatureDefinition,
  FeatureRule,
} from '../../src/data/features/definition.ts';

const DAY = 24 * 60 * 60 * 1000;

export interface OracleItem {
  readonly category: string | null;
  readonly brand: string | null;
  readonly price_minor: number | null;
}

export interface OracleShop {
  /** IANA name; dates come from the runtime's own calendar. */
  readonly zone: string;
  readonly items: ReadonlyMap<string, OracleItem>;
}

export type Oracle = (
  feature: FeatureDefinition,
  events: readonly EventRow[],
  asOf: number,
) => number | string | null | (string | null)[];

export function openOracle(shop: OracleShop): Oracle {
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: shop.zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  const clocks = new Map<number, { day: number; hour: number }>();
  const clock = (ms: number) => {
    let found = clocks.get(ms);
    if (!found) {
      const parts = Object.fromEntries(
        formatter.formatToParts(ms).map(({ type, value }) => [type, Number(value)]),
      );
      found = { day: Date.UTC(parts.year, parts.month - 1, parts.day) / DAY, hour: parts.hour };
      clocks.set(ms, found);
    }
    return found;
  };
  const dayOf = (ms: number) => clock(ms).day;
  const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

  /** A field as people write it: pieces, stars, minor units. */
  const field = (event: EventRow, name: string): number | string | null => {
    const item = event.item_id == null ? undefined : shop.items.get(event.item_id);
    const pieces = event.quantity ?? 1;
    const value = event.price_minor == null ? null : round(event.price_minor * pieces);
    const list = item?.price_minor == null ? null : round(item.price_minor * pieces);
    switch (name) {
      case 'value':
        return value;
      case 'net_value':
        if (value === null) return null;
        return event.type === 'purchase' ? value : event.type === 'refund' ? -value : null;
      case 'quantity':
        return round(pieces * 1000) / 1000;
      case 'rating':
        return event.rating == null ? null : round(event.rating * 100) / 100;
      case 'price':
        return event.price_minor ?? null;
      case 'list_value':
        return list;
      case 'discount':
        return list === null || value === null ? null : list - value;
      case 'paid_value':
        return list === null ? null : value;
      case 'day':
        return dayOf(event.timestamp);
      case 'weekday':
        return (new Date(dayOf(event.timestamp) * DAY).getUTCDay() + 6) % 7;
      case 'hour':
        return clock(event.timestamp).hour;
      case 'timestamp':
        return event.timestamp;
      case 'order':
        return event.order_id == null ? `no order, day ${dayOf(event.timestamp)}` : `order ${event.order_id}`;
      case 'category':
        return item?.category ?? null;
      case 'brand':
        return item?.brand ?? null;
      case 'props.campaign': {
        const campaign = event.props == null ? undefined : JSON.parse(event.props).campaign;
        return typeof campaign === 'string' ? campaign : null;
      }
      default:
        return (event as unknown as Record<string, string | number | null>)[name] ?? null;
    }
  };

  const holds = (event: EventRow, { field: name, is, value }: Condition): boolean => {
    const got = field(event, name);
    if (is === 'missing') return got === null;
    if (got === null) return false;
    if (is === 'present') return true;
    if (is === 'one_of') return (value as (string | number)[]).includes(got);
    const wanted = value as string | number;
    if (is === 'equal') return got === wanted;
    if (is === 'not_equal') return got !== wanted;
    if (is === 'less') return got < wanted;
    if (is === 'at_most') return got <= wanted;
    if (is === 'more') return got > wanted;
    return got >= wanted;
  };
  const passes = (event: EventRow, filter: EventFilter): boolean =>
    (filter.types === undefined || filter.types.includes(event.type)) &&
    (filter.where ?? []).every((condition) => holds(event, condition));

  /** Matching events in (from, until], in time order. */
  const pick = (events: readonly EventRow[], filter: EventFilter, from: number, until: number): EventRow[] =>
    events
      .filter((event) => event.timestamp > from && event.timestamp <= until && passes(event, filter))
      .sort(
        (a, b) =>
          a.timestamp - b.timestamp || Buffer.compare(Buffer.from(a.event_id), Buffer.from(b.event_id)),
      );
  const values = (events: readonly EventRow[], name: string) =>
    events.map((event) => field(event, name)).filter((value) => value !== null);
  /** Adds thousandths so that decimals do not drift. */
  const sum = (numbers: readonly number[]) =>
    numbers.reduce((so_far, number) => so_far + Math.round(number * 1000), 0) / 1000;

  const amount = (of: Amount, events: readonly EventRow[], from: number, until: number): number => {
    const picked = pick(events, of.filter, from, until);
    if (of.op === 'count') return picked.length;
    const got = values(picked, of.field ?? '');
    return of.op === 'sum' ? sum(got as number[]) : new Set(got).size;
  };

  const sales = (day: number, rule: Extract<FeatureRule, { kind: 'calendar' }>): boolean => {
    const listed = rule.salesDays ?? [
      { month: 2, day: 14 },
      { month: 6, day: 18 },
      { month: 11, day: 11 },
      { month: 12, day: 12 },
      { month: 12, day: 25 },
    ];
    const date = new Date(day * DAY);
    if (
      listed.some(
        (one) => 'day' in one && one.month === date.getUTCMonth() + 1 && one.day === date.getUTCDate(),
      )
    )
      return true;
    // The day after the fourth Thursday of November.
    return (
      rule.salesDays === undefined &&
      date.getUTCMonth() === 10 &&
      date.getUTCDay() === 5 &&
      date.getUTCDate() >= 23 &&
      date.getUTCDate() <= 29
    );
  };

  return ({ rule }, history, asOf) => {
    const always = Number.NEGATIVE_INFINITY;
    const from = 'lookbackMs' in rule && rule.lookbackMs !== undefined ? asOf - rule.lookbackMs : always;
    const today = dayOf(asOf);
    switch (rule.kind) {
      case 'count':
        return pick(history, rule.filter, from, asOf).length;
      case 'sum':
      case 'mean':
      case 'min':
      case 'max':
      case 'distinct': {
        const got = values(pick(history, rule.filter, from, asOf), rule.field);
        if (rule.kind === 'distinct') return new Set(got).size;
        if (rule.kind === 'sum') return sum(got as number[]);
        if (got.length === 0) return Number.NaN;
        if (rule.kind === 'mean') return sum(got as number[]) / got.length;
        return rule.kind === 'min' ? Math.min(...(got as number[])) : Math.max(...(got as number[]));
      }
      case 'last':
      case 'first': {
        const picked = pick(history, rule.filter, from, asOf).filter(
          (event) => field(event, rule.field) !== null,
        );
        if (picked.length === 0) return rule.field === 'value' || rule.field === 'rating' ? Number.NaN : null;
        const times = picked.map((event) => event.timestamp);
        const edge = rule.kind === 'last' ? Math.max(...times) : Math.min(...times);
        const tied = values(
          picked.filter((event) => event.timestamp === edge),
          rule.field,
        );
        if (typeof tied[0] === 'number')
          return rule.kind === 'last' ? Math.max(...(tied as number[])) : Math.min(...(tied as number[]));
        const sorted = (tied as string[]).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        return rule.kind === 'last' ? sorted[sorted.length - 1] : sorted[0];
      }
      case 'recency':
      case 'tenure': {
        const picked = pick(history, rule.filter, from, asOf);
        if (picked.length === 0) return Number.NaN;
        const ages = picked.map(({ timestamp }) =>
          rule.clock === 'elapsed' ? (asOf - timestamp) / DAY : today - dayOf(timestamp),
        );
        return rule.kind === 'recency' ? Math.min(...ages) : Math.max(...ages);
      }
      case 'ratio': {
        const [above, below] = [rule.above, rule.below].map((of) =>
          amount(of, history, of.lookbackMs === undefined ? always : asOf - of.lookbackMs, asOf),
        );
        return below === 0 ? Number.NaN : above / below;
      }
      case 'trend': {
        const recent = amount(rule.of, history, asOf - rule.spanMs, asOf);
        const earlier = amount(rule.of, history, asOf - 2 * rule.spanMs, asOf - rule.spanMs);
        return recent === 0 && earlier === 0
          ? Number.NaN
          : (recent - earlier) / (Math.abs(recent) + Math.abs(earlier));
      }
      case 'rhythm': {
        const met = [
          ...new Set(pick(history, rule.filter, always, asOf).map((event) => dayOf(event.timestamp))),
        ];
        if (met.length < 2) return Number.NaN;
        const gaps = met.slice(1).map((day, i) => day - met[i]);
        const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
        if (rule.measure === 'mean_gap') return mean;
        if (rule.measure === 'overdue') return (today - Math.max(...met)) / mean;
        return Math.sqrt(gaps.reduce((so_far, gap) => so_far + (gap - mean) ** 2, 0) / gaps.length);
      }
      case 'session': {
        const all = pick(history, rule.filter, always, asOf);
        const moments = [...new Set(all.map((event) => event.timestamp))];
        let count = 0;
        let inside = 0;
        moments.forEach((moment, i) => {
          if (moment <= from) return;
          const silence = i === 0 ? Number.POSITIVE_INFINITY : moment - moments[i - 1];
          if (silence > rule.gapMs) count++;
          else inside += silence;
        });
        if (rule.measure === 'count') return count;
        return count === 0 ? Number.NaN : inside / count / 60_000;
      }
      case 'unanswered': {
        const answers = pick(history, rule.answer, always, asOf).map((event) => event.timestamp);
        return pick(history, rule.filter, from, asOf).filter(
          (ask) => !answers.some((answer) => answer >= ask.timestamp),
        ).length;
      }
      case 'history': {
        const bought = pick(history, rule.filter, always, asOf);
        if (bought.length === 0) return Number.NaN;
        const days = bought.map((event) => dayOf(event.timestamp));
        const different = new Set(days).size;
        const firstDay = days[0];
        const money = (events: readonly EventRow[]) => sum(values(events, 'value') as number[]);
        const firstMoney = money(bought.filter((event) => dayOf(event.timestamp) === firstDay));
        switch (rule.measure) {
          case 'frequency':
            return different - 1;
          case 'recency':
            return Math.max(...days) - Math.min(...days);
          case 'T':
            return today - Math.min(...days);
          case 'first_value':
            return firstMoney;
          case 'monetary':
            return different === 1 ? Number.NaN : (money(bought) - firstMoney) / (different - 1);
        }
        break;
      }
      case 'calendar': {
        const date = new Date(today * DAY);
        const year = date.getUTCFullYear();
        const lengthOfYear = (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / DAY;
        const part = (date.getTime() - Date.UTC(year, 0, 1)) / DAY / lengthOfYear;
        switch (rule.measure) {
          case 'month':
            return date.getUTCMonth() + 1;
          case 'weekday':
            return (date.getUTCDay() + 6) % 7;
          case 'year_sin':
            return Math.sin(2 * Math.PI * part);
          case 'year_cos':
            return Math.cos(2 * Math.PI * part);
          case 'to_sales_day': {
            let wait = 0;
            while (!sales(today + wait, rule)) wait++;
            return wait;
          }
          case 'since_sales_day': {
            let passed = 0;
            while (!sales(today - passed, rule)) passed++;
            return passed;
          }
        }
        break;
      }
      case 'sequence': {
        const all = pick(history, rule.filter, always, asOf);
        const number = (event: EventRow): number | null => {
          if (rule.measure === 'age') return asOf - event.timestamp;
          if (rule.measure !== 'gap') return field(event, rule.field) as number | null;
          const at = all.indexOf(event);
          return at === 0 ? null : event.timestamp - all[at - 1].timestamp;
        };
        const inWords = (event: EventRow): string | null => {
          if (rule.cuts === undefined) return field(event, rule.field) as string | null;
          const value = number(event);
          const reached = rule.cuts.filter((cut) => value !== null && value >= cut);
          return value === null ? null : String(reached.at(-1) ?? 'below');
        };
        return all
          .filter((event) => event.timestamp > from && (rule.keepMissing || inWords(event) !== null))
          .slice(-rule.limit)
          .map(inWords);
      }
    }
    throw new Error('a rule the oracle does not know');
  };
}
