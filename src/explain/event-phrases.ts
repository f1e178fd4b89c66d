// What a customer did and when, in words: the clauses of "because of these events".
import { type Name, name } from '../core/name.ts';
import { DAY_MS } from '../core/time.ts';
import { plainNumber } from './value-words.ts';

/** One thing done, as far as it is known. */
export interface Deed {
  readonly type?: string;
  readonly item?: string;
  readonly category?: string;
  /** How long before the answer, about. */
  readonly ageMs?: number;
  /** UTC ms of the day, where it is known to the day. */
  readonly dayMs?: number;
}

type Verb = (what: Name | undefined) => Name;

const verb =
  (en: string, zh: string, alone: Name = name(en, zh)): Verb =>
  (what) =>
    what ? name(`${en} ${what.en}`, `${zh}${what.zh}`) : alone;

/** By the type of event, as logs name it. */
const VERBS: Readonly<Record<string, Verb>> = {
  view: verb('viewed', '浏览', name('viewed a page', '浏览页面')),
  search: verb('searched for', '搜索', name('searched', '搜索')),
  click: verb('clicked on', '点击', name('clicked', '点击')),
  add_to_cart: (what) =>
    name(`put ${what?.en ?? 'something'} in the cart`, `把${what?.zh ?? '商品'}加入购物车`),
  remove_from_cart: (what) =>
    name(`took ${what?.en ?? 'something'} out of the cart`, `把${what?.zh ?? '商品'}移出购物车`),
  wishlist: (what) => name(`saved ${what?.en ?? 'something'} for later`, `收藏${what?.zh ?? '商品'}`),
  begin_checkout: (what) =>
    what
      ? name(`went to the checkout with ${what.en}`, `带着${what.zh}去结算`)
      : name('went to the checkout', '进入结算'),
  purchase: verb('bought', '购买', name('bought something', '下单购买')),
  refund: verb('returned', '退回', name('returned something', '退货')),
  review: verb('reviewed', '评价', name('wrote a review', '写评价')),
};

/** `viewed X on 3 May` / `5月3日浏览X`; the year where it is not that of `nowMs`. */
export function deedWords(deed: Deed, nowMs: number): Name {
  const what =
    deed.item !== undefined
      ? name(deed.item, ` ${deed.item} `)
      : deed.category !== undefined
        ? name(`something of ${deed.category}`, `${deed.category}类商品`)
        : undefined;
  const did = deedOf(deed.type, what);
  const when = whenWords(deed, nowMs);
  return when ? name(`${did.en} ${when.en}`, `${when.zh}${did.zh.trim()}`) : name(did.en, did.zh.trim());
}

function deedOf(type: string | undefined, what: Name | undefined): Name {
  if (type === undefined) return what ?? name('an event of a kind not known', '未知行为');
  const own = Object.hasOwn(VERBS, type) ? VERBS[type] : undefined;
  if (own) return own(what);
  return what ? name(`${type}: ${what.en}`, `${type}：${what.zh.trim()}`) : name(type, type);
}

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

function whenWords({ ageMs, dayMs }: Deed, nowMs: number): Name | undefined {
  if (dayMs !== undefined && (ageMs === undefined || ageMs >= DAY_MS)) {
    const [day, now] = [new Date(dayMs), new Date(nowMs)];
    const isOther = day.getUTCFullYear() !== now.getUTCFullYear();
    return name(
      `on ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]}${isOther ? ` ${day.getUTCFullYear()}` : ''}`,
      `${isOther ? `${day.getUTCFullYear()}年` : ''}${day.getUTCMonth() + 1}月${day.getUTCDate()}日`,
    );
  }
  return ageMs === undefined ? undefined : agoWords(ageMs);
}

const UNITS = [
  { ms: 365.25 * DAY_MS, en: 'year', zh: '年' },
  { ms: 30.4375 * DAY_MS, en: 'month', zh: '个月' },
  { ms: DAY_MS, en: 'day', zh: '天' },
  { ms: DAY_MS / 24, en: 'hour', zh: '小时' },
  { ms: DAY_MS / 1440, en: 'minute', zh: '分钟' },
] as const;

/** `about 3 hours before` / `约 3 小时前`. */
export function agoWords(ageMs: number): Name {
  const unit = UNITS.find(({ ms }) => ageMs >= 2 * ms) ?? UNITS[UNITS.length - 1];
  const count = Math.round(ageMs / unit.ms);
  if (count === 0) return name('just before', '刚刚');
  const number = plainNumber(count, 0);
  return name(`about ${number} ${count === 1 ? unit.en : `${unit.en}s`} before`, `约 ${number} ${unit.zh}前`);
}
