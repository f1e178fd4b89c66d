// A test file: what came before, a tab, and the item that came then; one case a line.
import { AppError } from '../../core/errors.ts';
import type { NextItemCases } from '../../core/sequences.ts';
import { growingInts } from './growing.ts';
import type { ReadOptions } from './read-sequences.ts';
import { needFile, readTextLines } from './text-lines.ts';

export interface CaseFile {
  /** Its name without folders. */
  readonly file: string;
  /** A target of −1 is an item the catalogue does not have: nobody can be right about it. */
  readonly cases: NextItemCases;
  /** Items of the prefixes that the catalogue does not have: left out. */
  readonly unknownBefore: number;
  readonly unknownTargets: number;
  /** SHA-256 of the file's bytes. */
  readonly fingerprint: string;
}

/**
 * Lines that take one session apart, each a prefix of its neighbour, are cases of one entity: intervals draw them together.
 *
 * @param itemIds the catalogue: codes are positions in it
 * @throws AppError NOT_FOUND; BAD_FILE; BAD_DATA, naming the line, for one without a tab or without exactly one target
 */
export async function readCases(
  path: string,
  itemIds: readonly string[],
  { signal }: ReadOptions = {},
): Promise<CaseFile> {
  const file = needFile(path);
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const items = growingInts();
  const ends = growingInts();
  const targets = growingInts();
  const entities: string[] = [];
  let unknownBefore = 0;
  let unknownTargets = 0;
  let earlier: { readonly before: string; readonly whole: string } | undefined;
  let session = 0;
  const { fingerprint } = await readTextLines(path, {
    file,
    signal,
    onLine(line, number) {
      if (line.trim() === '') return;
      const parts = line.split('\t');
      const target = parts.length === 2 ? parts[1].trim() : '';
      if (target === '' || /\s/.test(target)) {
        throw new AppError(
          'BAD_DATA',
          `expected the items before, a tab and one target in every line of "${file}", line ${number} is another: write "item item<TAB>item"`,
        );
      }
      const tokens = parts[0].trim() === '' ? [] : parts[0].trim().split(/ +/);
      for (const token of tokens) {
        const code = codes.get(token);
        if (code === undefined) unknownBefore++;
        else items.push(code);
      }
      ends.push(items.length());
      const code = codes.get(target) ?? -1;
      if (code < 0) unknownTargets++;
      targets.push(code);
      const before = tokens.join(' ');
      const whole = `${before} ${target}`.trim();
      if (!earlier || (whole !== earlier.before && before !== earlier.whole)) session++;
      earlier = { before, whole };
      entities.push(String(session));
    },
  });
  if (entities.length === 0)
    throw new AppError('BAD_DATA', `expected cases in "${file}", its lines are empty`);
  const offsets = new Uint32Array(entities.length + 1);
  offsets.set(ends.taken(), 1);
  return {
    file,
    cases: { before: { entities, offsets, items: items.taken(), itemIds }, targets: targets.taken() },
    unknownBefore,
    unknownTargets,
    fingerprint,
  };
}
