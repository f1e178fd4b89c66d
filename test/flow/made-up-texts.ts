// For tests: a made-up shop whose texts foretell some things and not others, by a truth that is written here.
import { random } from '../../src/core/random.ts';

export const TEXTS_FROM_MS = Date.UTC(2025, 0, 1);
export const TEXT_DAYS = 120;
const DAY = 86_400_000;

const GOOD = ['lovely', 'perfect', 'superb', 'soft'];
const BAD = ['shabby', 'torn', 'dreadful', 'scratchy'];
const PLAIN = ['coat', 'dress', 'sleeve', 'colour', 'button', 'box', 'parcel', 'tuesday', 'again', 'cousin'];
const MEANT = ['order', 'buy', 'delivery', 'today'];
const BROWSED = ['ideas', 'someday', 'trend', 'compare'];

/** Words that foretell, by what they foretell; all others say nothing. */
export const TELLING = { good: GOOD, bad: BAD, meant: MEANT, browsed: BROWSED } as const;

/** One line of the log: `event,type,when,user,item,rating,said,query`. */
export type Line = string;

/**
 * Reviews whose words decide their rating nine times out of ten; searches and messages whose words decide in eight of ten
 * whether their writer buys six hours later, and which never say so of purchases beyond a day.
 */
export function madeUpTexts({
  each = 300,
  seed = 5,
}: {
  each?: number;
  seed?: number;
} = {}): readonly Line[] {
  const draw = random(seed);
  const pick = (words: readonly string[]): string => words[draw.integer(words.length)];
  const plain = (count: number): string => Array.from({ length: count }, () => pick(PLAIN)).join(' ');
  const lines: Line[] = [];
  const at = (i: number): number => TEXTS_FROM_MS + Math.floor((i * TEXT_DAYS * DAY) / each);
  for (let i = 0; i < each; i++) {
    const isGood = draw.uniform() < 0.6;
    const said = `${plain(2)} ${pick(isGood ? GOOD : BAD)} ${plain(2)} number ${i}`;
    const rating = draw.uniform() < 0.9 === isGood ? 4 + draw.integer(2) : 1 + draw.integer(3);
    lines.push(`r${i},review,${at(i)},reviewer${i % 90},item${i % 25},${rating},${said},`);
  }
  for (const [type, mark] of [
    ['search', 'q'],
    ['message', 'm'],
  ] as const)
    for (let i = 0; i < each; i++) {
      const isMeant = draw.uniform() < 0.4;
      const words = `${pick(PLAIN)} ${pick(isMeant ? MEANT : BROWSED)}`;
      const text = type === 'search' ? `,${words}` : `${words} ${plain(2)},`;
      const who = `${mark}${i % 120}`;
      const ms = at(i) + 3600_000;
      lines.push(`${mark}${i},${type},${ms},${who},,,${text}`);
      if (draw.uniform() < 0.8 === isMeant)
        lines.push(`b${mark}${i},purchase,${ms + 6 * 3600_000},${who},item${i % 25},,,`);
      else if (draw.uniform() < 0.3)
        lines.push(`l${mark}${i},purchase,${ms + 2 * DAY},${who},item${i % 25},,,`);
    }
  return lines;
}

export const TEXTS_HEAD = 'event,type,when,user,item,rating,said,query';
export const TEXTS_MAPPING = `kind: events
time: { zone: UTC, format: unix_ms }
columns: { event_id: event, type: type, timestamp: when, user_id: user, item_id: item, rating: rating, text: said, query: query }
`;
