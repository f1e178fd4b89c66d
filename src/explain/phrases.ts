// How a value reads as a clause. Columns with a phrase of their own stand in a table; all others say label, value, typical.
import { type Name, name } from '../core/name.ts';
import type { Typical } from './background.ts';
import { plainNumber } from './value-words.ts';

/** What a phrase may speak of. Numbers are NaN where missing, and for columns that hold none. */
export interface Fact {
  readonly column: string;
  readonly group: string;
  readonly label: Name;
  readonly value: number;
  readonly typical: number;
  readonly missing: boolean;
  /** Of what kind the typical value is; `missing` when most customers have none. */
  readonly typicalKind: Typical['kind'];
  /** `value` and `typical` in their unit. */
  readonly shown: Name;
  readonly typicalShown: Name;
}

export interface Clause {
  readonly words: Name;
  /** Whether "typically …" should follow. */
  readonly compared: boolean;
}

export type Phrase = (fact: Fact) => Clause | undefined;

const alone = (en: string, zh: string): Clause => ({ words: name(en, zh), compared: false });
const compared = (en: string, zh: string): Clause => ({ words: name(en, zh), compared: true });

const NEVER_BOUGHT = alone('never bought', '从未购买');

/** Days since something: today, yesterday, a number of days ago, or a silence when that is longer than typical. */
const since =
  (words: { did: Name; silent: Name; never: Name }): Phrase =>
  ({ value, typical }) => {
    if (Number.isNaN(value)) return { words: words.never, compared: false };
    const days = Math.round(value);
    const { did, silent } = words;
    if (days <= 0) return alone(`${did.en} today`, `今天刚${did.zh}`);
    if (days === 1) return alone(`${did.en} yesterday`, `昨天刚${did.zh}`);
    const count = plainNumber(days, 0);
    if (days > typical) return alone(`${silent.en} for ${count} days`, `已 ${count} 天${silent.zh}`);
    return alone(`${did.en} ${count} days ago`, `${count} 天前${days <= 30 ? '刚' : ''}${did.zh}`);
  };

/** Days since a beginning. */
const began =
  (en: string, zh: string): Phrase =>
  ({ value }) => {
    if (Number.isNaN(value)) return undefined;
    const days = plainNumber(Math.round(value), 0);
    return value < 1
      ? alone(`${en} today`, `今天${zh}`)
      : alone(`${en} ${counted(days, 'day')} ago`, `${days} 天前${zh}`);
  };

const counted = (count: string, thing: string): string => `${count} ${thing}${count === '1' ? '' : 's'}`;

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** 0 is Monday. */
const WEEKDAYS: readonly Name[] = [
  name('Monday', '周一'),
  name('Tuesday', '周二'),
  name('Wednesday', '周三'),
  name('Thursday', '周四'),
  name('Friday', '周五'),
  name('Saturday', '周六'),
  name('Sunday', '周日'),
];

/** Exact column names first. */
const BY_NAME: Readonly<Record<string, Phrase>> = {
  days_since_purchase: since({
    did: name('bought', '买过'),
    silent: name('has not bought', '未购买'),
    never: NEVER_BOUGHT.words,
  }),
  days_since_seen: since({
    did: name('visited', '来过'),
    silent: name('has not visited', '未访问'),
    never: name('never seen on a visit', '从未访问'),
  }),
  days_since_refund: ({ value }) => {
    if (Number.isNaN(value)) return alone('never returned anything', '从未退货');
    const days = plainNumber(Math.round(value), 0);
    return alone(`returned something ${counted(days, 'day')} ago`, `${days} 天前退过货`);
  },
  T: (fact) => (fact.missing ? NEVER_BOUGHT : began('first bought', '首次购买')(fact)),
  days_known: began('first seen', '首次出现'),
  frequency: ({ value }) => {
    if (Number.isNaN(value)) return NEVER_BOUGHT;
    if (value === 0) return alone('bought on one day only', '只在一天买过');
    const count = plainNumber(value, 0);
    return compared(`came back to buy on ${counted(count, 'day')}`, `首购后又有 ${count} 天买过`);
  },
  recency: ({ value }) => {
    if (Number.isNaN(value)) return NEVER_BOUGHT;
    if (value === 0) return alone('first and last purchase fall on one day', '首购与末购在同一天');
    const days = plainNumber(value, 0);
    return compared(`kept buying over ${counted(days, 'day')}`, `首购到末购历时 ${days} 天`);
  },
  monetary: ({ missing, shown }) =>
    missing
      ? alone('no second day of buying yet', '尚无第二个购买日')
      : compared(`spends ${shown.en} on a day of buying`, `每个购买日消费 ${shown.zh}`),
  first_value: ({ missing, shown }) =>
    missing
      ? NEVER_BOUGHT
      : compared(`spent ${shown.en} on the first day of buying`, `首购日消费 ${shown.zh}`),
  order_value: ({ missing, shown }) =>
    missing ? NEVER_BOUGHT : compared(`spends ${shown.en} an order`, `每单消费 ${shown.zh}`),
  mean_gap: ({ missing, shown }) =>
    missing
      ? alone('too few purchases to show a rhythm', '购买次数太少，看不出节奏')
      : compared(`buys every ${shown.en}`, `平均每 ${shown.zh}买一次`),
  overdue: ({ value, missing }) => {
    if (missing) return alone('too few purchases to show a rhythm', '购买次数太少，看不出节奏');
    const times = plainNumber(value, 1);
    return compared(`silent for ${times} × the usual gap`, `沉默时长为平时间隔的 ${times} 倍`);
  },
  month: ({ value }) => {
    const month = MONTHS[Math.round(value) - 1];
    return month ? alone(`it is ${month}`, `正值 ${Math.round(value)} 月`) : undefined;
  },
  weekday: ({ value }) => {
    const day = WEEKDAYS[Math.round(value)];
    return day ? alone(`it is a ${day.en}`, `当天是${day.zh}`) : undefined;
  },
  year_sin: () => alone('the time of year', '所处时节'),
  year_cos: () => alone('the time of year', '所处时节'),
};

/** Then families of names; the captured number is a span of days. */
const BY_PATTERN: readonly (readonly [RegExp, (fact: Fact, days: string) => Clause | undefined])[] = [
  [
    /^orders_(\d+)d$/,
    ({ value }, days) => {
      const count = plainNumber(value, 0);
      return value === 0
        ? compared(`no order in ${days} days`, `${days} 天内没有下单`)
        : compared(`${counted(count, 'order')} in ${days} days`, `${days} 天内下单 ${count} 次`);
    },
  ],
  [
    /^revenue_(\d+)d$/,
    ({ value, shown }, days) => {
      if (value < 0) return undefined;
      return value === 0
        ? compared(`spent nothing in ${days} days`, `${days} 天内没有消费`)
        : compared(`spent ${shown.en} in ${days} days`, `${days} 天内消费 ${shown.zh}`);
    },
  ],
  [
    /_trend_(\d+)d$/,
    ({ value, label, missing }) => {
      if (missing) return alone(`${label.en}: none in either`, `${label.zh}：两段时间都没有`);
      const way =
        value > 0.05 ? name('up', '上升') : value < -0.05 ? name('down', '下降') : name('level', '持平');
      return alone(`${label.en}: ${way.en}`, `${label.zh}：${way.zh}`);
    },
  ],
];

/** What "missing" means, by group; a missing recency is a thing that never happened. */
const MISSING_BY_GROUP: Readonly<Record<string, Name>> = {
  recency: name('never', '从未发生'),
  returns: name('none yet', '尚无'),
  basket: name('none yet', '尚无'),
  monetary: name('none yet', '尚无'),
  discount: name('none yet', '尚无'),
  engagement: name('none yet', '尚无'),
  rhythm: name('too few purchases to tell', '购买次数太少'),
  trend: name('too little history to tell', '历史太短'),
};

const UNKNOWN = name('not known', '未知');

/** A clause about a fact: the caller's own phrase, a phrase of the tables, or label, value and what is typical. */
export function clauseFor(fact: Fact, own: Readonly<Record<string, Phrase>> = {}): Name {
  const clause = phraseOf(fact, own) ?? plainClause(fact);
  if (!clause.compared || fact.typicalKind === 'unknown') return clause.words;
  const { shown, typicalShown } = fact;
  if (fact.typicalKind === 'missing' && !fact.missing)
    return name(`${clause.words.en}, where most have none`, `${clause.words.zh}，多数没有`);
  if (shown.en === typicalShown.en)
    return name(`${clause.words.en}, as is typical`, `${clause.words.zh}，与多数相同`);
  return name(
    `${clause.words.en}, typically ${typicalShown.en}`,
    `${clause.words.zh}，一般为 ${typicalShown.zh}`,
  );
}

function phraseOf(fact: Fact, own: Readonly<Record<string, Phrase>>): Clause | undefined {
  for (const table of [own, BY_NAME]) {
    const clause = Object.hasOwn(table, fact.column) ? table[fact.column](fact) : undefined;
    if (clause) return clause;
  }
  for (const [pattern, phrase] of BY_PATTERN) {
    const match = pattern.exec(fact.column);
    if (match) return phrase(fact, match[1]);
  }
  return undefined;
}

function plainClause({ group, label, missing, shown }: Fact): Clause {
  const value = missing ? (MISSING_BY_GROUP[group] ?? UNKNOWN) : shown;
  return compared(`${label.en}: ${value.en}`, `${label.zh}：${value.zh}`);
}
