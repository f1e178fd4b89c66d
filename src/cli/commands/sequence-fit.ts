// foresell sequence fit: sequences of items, the best model for what comes next, tested against the whole catalogue.
import { AppError } from '../../core/errors.ts';
import { parseSpan } from '../../core/time.ts';
import { EXCLUDE_SEEN, type ExcludeSeen, parseCutOffs } from '../../train/sequence/assess-ranks.ts';
import { type RunSequenceOptions, runSequence } from '../../train/sequence/run-sequence.ts';
import { SEQUENCE_FORMATS, type SequenceFormat } from '../../train/sequence/sequence-data.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { typedCommand } from '../options.ts';
import { sequenceDocument } from '../sequence-document.ts';
import { saySequence } from '../sequence-text.ts';
import { listOf } from './table-fit.ts';

export const sequenceFitCommand: CommandFile = {
  usage: 'sequence fit <train>',
  summary: 'learn what comes next in sequences of items, and test it against the whole catalogue',
  examples: [
    'foresell sequence fit baskets.txt --format user-lines --out next-item',
    'foresell sequence fit events.csv.gz --format csv --user user_id --item item_id --time timestamp --out next-item',
    'foresell sequence fit sessions.txt --format lines --test prefixes.tsv --exclude-seen no --at 10,20 --out next-item',
    'foresell sequence fit pairs.txt --format pairs --model popularity,transformer --time-limit 5m --json',
  ],
  declare(command) {
    command
      .option(
        '--format <format>',
        `${SEQUENCE_FORMATS.join(', ')} (default: by the file’s name, csv or lines)`,
      )
      .option('--user <column>', 'csv: the column that names the user, or the session')
      .option('--item <column>', 'csv: the column that names the item')
      .option('--time <column>', 'csv: the column of the moment; without it rows are in time order')
      .option('--type <column>', 'csv: the column that says what was done, such as view or purchase')
      .option(
        '--items <file>',
        'what is known of the items: a table with their id, category, brand, price, …',
      )
      .option('--test <file>', 'test cases: the items before, a tab, the item that came then')
      .option('--leave-one-out', 'test on the last item of every sequence (the default)')
      .option('--exclude-seen <way>', 'whether what a user has had is no candidate: yes, no or both', 'both')
      .option('--model <names>', 'auto, or models separated by commas', 'auto')
      .option('--at <places>', 'places down to which rankings are read', '10,20')
      .option('--time-limit <span>', 'for the whole command, such as 5m: models stop early or stay out')
      .option('--out <dir>', 'folder to save to', './foresell-next-item');
  },
  async run(context, [train], options) {
    const run = await runSequence(fitOptions(context, train, options));
    saySequence(context, run);
    context.document(sequenceDocument(run));
  },
};

function fitOptions(context: Context, path: string, options: Record<string, unknown>): RunSequenceOptions {
  const text = (option: string): string | undefined =>
    options[option] === undefined ? undefined : String(options[option]);
  const testFile = text('test');
  if (testFile !== undefined && options.leaveOneOut === true)
    throw new AppError('USAGE', 'expected --test or --leave-one-out, got both');
  const format = formatOf(text('format'), path);
  const columns = { user: text('user'), item: text('item'), time: text('time'), type: text('type') };
  const [stray] =
    format === 'csv' ? [] : Object.entries(columns).filter(([, column]) => column !== undefined);
  if (stray)
    throw new AppError('USAGE', `--${stray[0]} names a column: expected --format csv, got ${format}`);
  const limit = text('timeLimit');
  return {
    path,
    format,
    ...columns,
    itemsFile: text('items'),
    testFile,
    out: String(options.out),
    models: modelsOf(String(options.model)),
    excludeSeen: excludeSeenOf(String(options.excludeSeen)),
    at: parseCutOffs(String(options.at)),
    ...(limit === undefined ? {} : { timeLimitMs: parseSpan(limit) }),
    seed: context.seed,
    threads: context.threads,
    language: context.language,
    command: typedCommand(),
    now: Date.now,
    progress: context.progress,
    signal: context.signal,
  };
}

/** @throws AppError USAGE */
function formatOf(text: string | undefined, path: string): SequenceFormat {
  if (text === undefined) return /\.(csv|tsv|ndjson|jsonl|parquet|pq)(\.gz)?$/i.test(path) ? 'csv' : 'lines';
  const format = SEQUENCE_FORMATS.find((own) => own === text);
  if (format) return format;
  throw new AppError('USAGE', `--format: expected ${SEQUENCE_FORMATS.join(', ')}, got "${text}"`);
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
