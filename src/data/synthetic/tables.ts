// The simulated shop's catalogue and its accounts, as rows of the items and users files.
import { formatDay } from '../../core/time.ts';
import type { ITEM_COLUMNS, USER_COLUMNS } from '../event.ts';
import type { Customer } from './customer.ts';
import { itemId, userId } from './ids.ts';
import type { World } from './life.ts';
import { BRANDS, CATEGORIES, COLOURS, COUNTRIES, speaksChinese, TIER_WORDS } from './words.ts';

export type ItemRow = Readonly<Record<keyof typeof ITEM_COLUMNS, string | number | null>>;
export type UserRow = Readonly<Record<keyof typeof USER_COLUMNS, string | null>>;

export function itemRow({ catalogue, startMs }: World, item: number, currency: string): ItemRow {
  const category = CATEGORIES[catalogue.category[item]];
  const brand = BRANDS[catalogue.brand[item]];
  const tier = TIER_WORDS[catalogue.tier[item]];
  const colour = COLOURS[catalogue.colour[item]];
  return {
    item_id: itemId(item),
    title: `${brand} ${tier.en} ${category.en}, ${colour.en}`,
    description: `${brand} ${colour.zh}${tier.zh}${category.zh}`,
    category: category.en,
    brand,
    price_minor: catalogue.priceMinor[item],
    currency,
    image: null,
    attributes: JSON.stringify({ colour: colour.en, tier: catalogue.tier[item] + 1 }),
    available_from: startMs,
    available_to: null,
  };
}

/** What the shop knows of an account: nothing of its tastes, and not whether it is a bot. */
export function userRow({ startMs }: World, customer: Customer): UserRow {
  const joined = customer.isNew ? formatDay(customer.joinMs) : `before ${formatDay(startMs)}`;
  return {
    user_id: userId(customer.index),
    attributes: JSON.stringify({
      country: COUNTRIES[customer.country],
      language: speaksChinese(customer.country) ? 'zh' : 'en',
      joined,
    }),
    consent: 'analytics',
  };
}
