// Options of `sequence fit` and `sequence evaluate` as they are typed, read into what the runs take.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { parseMoment, parseSpan } from '../core/time.ts';
import { EVENT_TYPES, type EventType } from '../data/event.ts';
import { nodeBackend } from '../tensor/session/session-node.ts';
import { EXCLUDE_SEEN, type ExcludeSeen, parseCutOffs } from '../train/sequence/assess-ranks.ts';
import type { ItemReaders } from '../train/sequence/read-vectors.ts';
import type { RunSequenceOptions } from '../train/sequence/run-sequence.ts';
import { checkSplit } from '../train/sequence/sequence-data.ts';
import {
  SEQUENCE_FORMATS,
  type SequenceFormat,
  type SequenceSource,
} from '../train/sequence/sequence-source.ts';
import { listOf } from './commands/table-fit.ts';
import type { Context } from './context.ts';
import { encoderOf } from './encoder-options.ts';
import { runOf } from './options.ts';

/** @throws AppError USAGE; NOT_FOUND, TAMPERED as `readersOf` */
export async function sequenceFitOptions(
  context: Context,
  path: string,
  options: Record<string, unknown>,
): Promise<RunSequenceOptions> {
  const text = (option: string): string | undefined =>
    options[option] === undefined ? undefined : String(options[option]);
  const from = text('testFrom');
  const split = { testFile: text('test'), ...(from === undefined ? {} : { testFromMs: parseMoment(from) }) };
  checkSplit(split, options.leaveOneOut === true);
  const limit = text('timeLimit');
  return {
    ...sequenceSourceOf(path, options),
    itemsFile: text('items'),
    readers: await readersOf(context, options),
    backend: nodeBackend,
    ...split,
    out: String(options.out),
    models: modelsOf(String(options.model)),
    excludeSeen: excludeSeenOf(String(options.excludeSeen)),
    at: parseCutOffs(String(options.at)),
    ...(limit === undefined ? {} : { timeLimitMs: parseSpan(limit) }),
    ...runOf(context),
  };
}

/** Names of those options as commander keeps them. */
export const READER_OPTIONS = ['encoder', 'imageEncoder', 'images'] as const;

/**
 * What reads the items, as typed; a pulled `owner/name` as the folder it lies in.
 *
 * @throws AppError NOT_FOUND, TAMPERED as `encoderFolder`
 */
export async function readersOf(context: Context, options: Record<string, unknown>): Promise<ItemReaders> {
  const named = READER_OPTIONS.filter((key) => options[key] !== undefined);
  const readers: ItemReaders = Object.fromEntries(named.map((key) => [key, String(options[key])]));
  const encoder = await encoderOf(context, options);
  return { ...readers, ...(encoder !== undefined && { encoder }) };
}

/** The options of `readersOf`. */
export const withReaderOptions = (command: Command): Command =>
  command
    .option(
      '--encoder <encoder>',
      'a text encoder, or owner/name pulled before: items are known by what is written of them, new ones too',
    )
    .option(
      '--images <place>',
      'pictures of the items, a folder or a .zip: named after ids, or as a column says',
    )
    .option(
      '--image-encoder <folder>',
      'with --images: an image encoder, ONNX with a preprocessor_config.json',
    );

/** Where sequences are read from. @throws AppError USAGE */
export function sequenceSourceOf(
  path: string,
  options: Record<string, unknown>,
): Omit<SequenceSource, 'itemsFile'> {
  const text = (option: string): string | undefined =>
    options[option] === undefined ? undefined : String(options[option]);
  const format = formatOf(text('format'), path);
  const columns = { user: text('user'), item: text('item'), time: text('time'), type: text('type') };
  needFormat('csv', format, columns);
  const lake = { by: text('by'), events: text('events') };
  needFormat('workspace', format, lake);
  return { path, format, ...columns, ...lakeOf(lake) };
}

function formatOf(text: string | undefined, path: string): SequenceFormat {
  if (text === undefined) {
    if (existsSync(join(path, 'foresell.yaml'))) return 'workspace';
    return /\.(csv|tsv|ndjson|jsonl|parquet|pq)(\.gz)?$/i.test(path) ? 'csv' : 'lines';
  }
  const format = SEQUENCE_FORMATS.find((own) => own === text);
  if (format) return format;
  throw new AppError('USAGE', `--format: expected ${SEQUENCE_FORMATS.join(', ')}, got "${text}"`);
}

/** Options that only one format has. */
function needFormat(
  wanted: SequenceFormat,
  format: SequenceFormat,
  own: Readonly<Record<string, string | undefined>>,
): void {
  const stray = Object.keys(own).find((option) => own[option] !== undefined);
  if (stray === undefined || format === wanted) return;
  throw new AppError('USAGE', `--${stray}: expected --format ${wanted}, got ${format}`);
}

function lakeOf({
  by,
  events,
}: Readonly<Record<'by' | 'events', string | undefined>>): Pick<RunSequenceOptions, 'by' | 'events'> {
  if (by !== undefined && by !== 'user' && by !== 'session')
    throw new AppError('USAGE', `--by: expected user or session, got "${by}"`);
  const types = listOf(events).map((type) => {
    const known = EVENT_TYPES.find((own) => own === type);
    if (known) return known;
    throw new AppError('USAGE', `--events: expected some of ${EVENT_TYPES.join(', ')}, got "${type}"`);
  });
  return { ...(by && { by }), ...(types.length > 0 && { events: types satisfies EventType[] }) };
}

/** @throws AppError USAGE */
export function excludeSeenOf(text: string): ExcludeSeen {
  const way = EXCLUDE_SEEN.find((own) => own === text);
  if (way) return way;
  throw new AppError('USAGE', `--exclude-seen: expected ${EXCLUDE_SEEN.join(', ')}, got "${text}"`);
}

function modelsOf(text: string): 'auto' | readonly string[] {
  const names = [...new Set(listOf(text))];
  if (names.length === 1 && names[0] === 'auto') return 'auto';
  if (names.length === 0 || names.includes('auto'))
    throw new AppError('USAGE', `--model: expected auto, or model names separated by commas, got "${text}"`);
  return names;
}
