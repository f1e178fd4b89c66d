// Sequences from text: one sequence a line, with or without its user, or one `user item` pair a line.
import { AppError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { Sequences } from '../../core/sequences.ts';
import { growingInts, textCodes } from './growing.ts';
import { needFile, type ReadText, readTextLines } from './text-lines.ts';

/** `csv` is read by `readEventTable`. */
export type TextFormat = 'lines' | 'user-lines' | 'pairs';

export interface SequenceFile {
  /** Its name without folders. */
  readonly file: string;
  readonly sequences: Sequences;
  /** SHA-256 of the file's bytes. */
  readonly fingerprint: string;
  /** Lines or rows without a user, or without an item: passed over. */
  readonly passedOver: number;
}

export interface ReadOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Ids are parted by spaces or tabs and taken as texts; items have codes in the order in which they first come. Empty lines
 * are passed over.
 *
 * - `lines`: the items of one entity, oldest first; the entity is named after its line, earlier lines are earlier entities
 * - `user-lines`: a user, then the user's items
 * - `pairs`: a user and an item, lines in time order; the lines of a user need not stand together
 *
 * @throws AppError NOT_FOUND; BAD_FILE for a file that cannot be read; BAD_DATA, naming the line, for one of another shape
 */
export async function readSequences(
  path: string,
  format: TextFormat,
  options: ReadOptions = {},
): Promise<SequenceFile> {
  const file = needFile(path);
  const read =
    format === 'pairs'
      ? await readPairs(path, file, options)
      : await readLines(path, file, { ...options, format });
  if (read.sequences.items.length === 0)
    throw new AppError('BAD_DATA', `expected items in "${file}", its lines name none`);
  return { file, ...read };
}

type Read = Omit<SequenceFile, 'file'>;

const SPACES = /[ \t\u00a0]+/;
const tokensOf = (line: string): readonly string[] => {
  const bare = line.trim();
  return bare === '' ? [] : bare.split(SPACES);
};

async function readLines(
  path: string,
  file: string,
  { format, progress = silent, signal }: ReadOptions & { format: 'lines' | 'user-lines' },
): Promise<Read> {
  const named = format === 'user-lines';
  const codes = textCodes();
  const users = textCodes();
  const items = growingInts();
  const ends = growingInts();
  const lineNumbers = growingInts();
  let passedOver = 0;
  const text = await readTextLines(path, {
    file,
    signal,
    onLine(line, number) {
      const tokens = tokensOf(line);
      const from = named ? 1 : 0;
      if (tokens.length <= from) {
        passedOver += tokens.length;
        return;
      }
      if (named) needNewUser(users, tokens[0], { file, number, lineNumbers });
      for (let i = from; i < tokens.length; i++) items.push(codes.code(tokens[i]));
      ends.push(items.length());
      lineNumbers.push(number);
      stepEvery(progress, number);
    },
  });
  const offsets = new Uint32Array(ends.length() + 1);
  offsets.set(ends.taken(), 1);
  return done(text, passedOver, {
    entities: named ? users.texts() : Array.from(lineNumbers.taken(), String),
    offsets,
    items: items.taken(),
    // A line of sessions ends before the next begins, near enough; users live side by side.
    ...(!named && { order: Float64Array.from(lineNumbers.taken()) }),
    itemIds: codes.texts(),
  });
}

function needNewUser(
  users: ReturnType<typeof textCodes>,
  user: string,
  {
    file,
    number,
    lineNumbers,
  }: { file: string; number: number; lineNumbers: ReturnType<typeof growingInts> },
): void {
  if (!users.has(user)) {
    users.code(user);
    return;
  }
  const earlier = lineNumbers.taken()[users.code(user)];
  throw new AppError(
    'BAD_DATA',
    `expected every user once in "${file}", line ${number} begins with the user of line ${earlier}: put all items of a user on one line, or read the file as "lines" if no user is named`,
  );
}

async function readPairs(
  path: string,
  file: string,
  { progress = silent, signal }: ReadOptions,
): Promise<Read> {
  const itemCodes = textCodes();
  const userCodes = textCodes();
  const items = growingInts();
  const users = growingInts();
  const text = await readTextLines(path, {
    file,
    signal,
    onLine(line, number) {
      const tokens = tokensOf(line);
      if (tokens.length === 0) return;
      if (tokens.length !== 2) {
        throw new AppError(
          'BAD_DATA',
          `expected a user and an item in every line of "${file}", line ${number} has ${tokens.length} ${tokens.length === 1 ? 'word' : 'words'}: a file with more columns is read as "csv", one with a sequence a line as "lines" or "user-lines"`,
        );
      }
      users.push(userCodes.code(tokens[0]));
      items.push(itemCodes.code(tokens[1]));
      stepEvery(progress, number);
    },
  });
  return done(text, 0, {
    entities: userCodes.texts(),
    ...byEntity(users.taken(), items.taken(), userCodes.texts().length),
    itemIds: itemCodes.texts(),
  });
}

/** Puts events together by entity, each entity's in the order in which they came. */
export function byEntity(
  entityOf: Int32Array,
  items: Int32Array,
  entities: number,
): { readonly offsets: Uint32Array; readonly items: Int32Array } {
  const offsets = new Uint32Array(entities + 1);
  for (const entity of entityOf) offsets[entity + 1]++;
  for (let e = 0; e < entities; e++) offsets[e + 1] += offsets[e];
  const next = offsets.slice(0, entities);
  const sorted = new Int32Array(items.length);
  for (let i = 0; i < items.length; i++) sorted[next[entityOf[i]]++] = items[i];
  return { offsets, items: sorted };
}

const done = ({ fingerprint }: ReadText, passedOver: number, sequences: Sequences): Read => ({
  sequences,
  fingerprint,
  passedOver,
});

function stepEvery(progress: Progress, number: number): void {
  if (number % 4096 === 0) progress.step({ task: 'read', done: number, unit: 'lines' });
}
