// Titles of real goods, and as many more made of their words as are asked for.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { random } from '../../src/core/random.ts';
import { readRows } from '../tables/table-set.ts';

const shared = (path: string): string =>
  fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));

/** Titles without doubles, real ones first; undefined, with a line in the log, where the data are absent. */
export async function readTitles(
  count: number,
  seed: number,
  log: (line: string) => void,
): Promise<{ readonly titles: readonly string[]; readonly real: number } | undefined> {
  const beauty = 'amazon_text/beauty_asin_title.csv.gz';
  const office = 'amazon_text/minionerec_Office_Products.item.json.gz';
  if (!existsSync(shared(beauty)) || !existsSync(shared(office))) {
    log('skipped: ../shared/data/amazon_text is absent');
    return undefined;
  }
  const items = JSON.parse(gunzipSync(readFileSync(shared(office))).toString('utf8')) as Record<
    string,
    { title: string }
  >;
  const all = [
    ...(await readRows(beauty)).map(({ title }) => title ?? ''),
    ...Object.values(items).map(({ title }) => title),
  ];
  const titles = new Set(all.map((title) => title.trim()).filter((title) => title !== ''));
  const known = [...titles];
  const draws = random(seed).fork('titles');
  // the first words of one title with the last ones of another: as long as titles are, of words titles have
  while (titles.size < count) {
    const [a, b] = [
      known[draws.integer(known.length)].split(' '),
      known[draws.integer(known.length)].split(' '),
    ];
    titles.add([...a.slice(0, Math.ceil(a.length / 2)), ...b.slice(Math.floor(b.length / 2))].join(' '));
  }
  const drawn = [...titles].slice(0, count);
  return { titles: drawn, real: Math.min(count, known.length) };
}
