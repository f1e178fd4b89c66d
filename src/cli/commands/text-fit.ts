// foresell text fit: from texts to a label, by words counted and by a language model fine-tuned, tested.
import type { Command } from 'commander';
import { AppError } from '../../core/errors.ts';
import { parseSpan } from '../../core/time.ts';
import { checkWritable } from '../../data/output-place.ts';
import { OWN_DEFAULTS, type OwnSettings, ownSettings } from '../../encoders/own/own-settings.ts';
import type { Settings } from '../../models/estimator.ts';
import { TEXT_METHODS } from '../../models/text/methods.ts';
import { SELF_TAUGHT_DEFAULTS } from '../../models/text/self-training/self-taught.ts';
import { TEXT_DEFAULTS } from '../../models/text/settings.ts';
import { OWN } from '../../train/text/encoder-choice.ts';
import { type RunTextOptions, runText } from '../../train/text/run-text.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { encoderFolder } from '../encoder-options.ts';
import { runOf } from '../options.ts';
import { tableDocument } from '../table-document.ts';
import { sayTable } from '../table-text.ts';
import { inLanguage, kindOf, listOf, pairsOf, shareOf } from './table-fit.ts';

const METHODS = TEXT_METHODS.map(({ id }) => id);
/** Light enough to help small data and hurt none. */
const AUGMENTED: Settings = { deletion: 0.1, swapping: 0.05, hiding: 0.1, replacement: 0.05 };

export const textFitCommand: CommandFile = {
  usage: 'text fit <data>',
  summary:
    'learn a label from texts (reviews, queries, chats), by words and by a language model, and test it',
  examples: [
    'foresell text fit reviews.csv --text review --target recommended --kind binary --group product_id --out reviews-model',
    'foresell text fit reviews-zh.csv --text review --target label --kind binary --encoder own',
    'foresell text fit reviews.csv --text title,review --target rating --kind regression --encoder sentence-transformers/all-MiniLM-L6-v2 --method lora',
    'foresell text fit chats.ndjson --text message --with pages,minutes --target bought --kind binary --encoder own --json',
    'foresell text fit few.csv --text review --target happy --kind binary --encoder BAAI/bge-small-zh-v1.5 --labels "1=很满意，推荐;0=失望，不推荐"',
  ],
  declare(command) {
    declareRoles(command)
      .option(
        '--encoder <encoder>',
        `"${OWN}", learned from the texts themselves without labels, the folder of one, or owner/name pulled before (see: foresell encoders)`,
        OWN,
      )
      .option(
        '--method <methods>',
        `how it is fine-tuned, separated by commas: ${METHODS.join(', ')}`,
        'full',
      )
      .option(
        '--pooling <pooling>',
        'from pieces to one vector: encoder (its own way), mean, max or first',
        'encoder',
      )
      .option('--length <pieces>', 'pieces read of a text at most', '256')
      .option('--epochs <n>', 'times the labelled texts are read (default: 3, and more of fewer texts)')
      .option(
        '--labels <list>',
        'what classes mean in words, for few labels, such as "1=recommended;0=disappointed"',
      )
      .option('--balance <share>', 'weigh classes as they come (0) or as if they came alike often (1)', '0')
      .option(
        '--augment',
        'read each text a little changed each time: pieces left out, swapped, hidden, replaced',
      )
      .option('--set <list>', 'further settings of the method, such as rank=16,encoderRate=.05,words=true')
      .option('--own <list>', 'settings of the own encoder, such as width=192,blocks=4,epochs=30')
      .option(
        '--self-training <list>',
        'settings of learning from rows without a target, such as rounds=2,labelWeight=3,encoder=true',
      )
      .option('--no-self-training', 'learn nothing from rows without a target but the language')
      .option('--no-blend', 'choose one model; do not mix what words and encoder say')
      .option('--out <dir>', 'folder to save to', './foresell-text');
  },
  async run(context, [data], options) {
    const encoder = await encoderFolder(context, String(options.encoder));
    const asked = { ...fitOptions(context, data, options), encoder };
    checkWritable(asked.out, 'folder');
    const run = await runText(asked).catch((error) => {
      throw inLanguage(error, context);
    });
    sayTable(context, run);
    context.document(tableDocument(run));
  },
};

function declareRoles(command: Command): Command {
  return command
    .option('--text <columns>', 'columns that hold the texts, separated by commas; read one under the other')
    .option('--with <columns>', 'columns learned from beside the texts, separated by commas')
    .option('--target <column>', 'the column to predict')
    .option('--kind <kind>', 'binary, regression or multiclass')
    .option('--positive <value>', 'the value of a binary target to predict')
    .option('--group <column>', 'rows of one group stay together, such as a product’s')
    .option('--time <column>', 'learn from earlier rows, test on later ones')
    .option('--weight <column>', 'how much each row counts')
    .option('--id <columns>', 'columns that name rows, separated by commas')
    .option('--missing <texts>', 'texts that mean missing besides the usual ones, separated by commas')
    .option('--test <file>', 'test on this file instead of a share of the rows')
    .option('--holdout <share>', 'test on this share of the rows', '.2')
    .option(
      '--time-limit <span>',
      'for learning, such as 30m: models there is no time for are left out and named',
    );
}

function fitOptions(context: Context, data: string, options: Record<string, unknown>): RunTextOptions {
  const text = (option: string): string | undefined =>
    options[option] === undefined ? undefined : String(options[option]);
  const list = (option: string): readonly string[] => listOf(text(option));
  const target = text('target');
  if (target === undefined) throw new AppError('USAGE', 'expected --target COLUMN, the column to predict');
  const testFile = text('test');
  const limit = text('timeLimit');
  return {
    data,
    out: String(options.out),
    target,
    kind: kindOf(text('kind')),
    texts: list('text'),
    beside: list('with'),
    encoder: String(options.encoder),
    methods: list('method'),
    blended: options.blend !== false,
    told: toldOf(options),
    own: ownOf(text('own')),
    ...(options.selfTraining !== false && { selfTraining: selfTrainingOf(options.selfTraining) }),
    positive: text('positive'),
    group: text('group'),
    time: text('time'),
    weight: text('weight'),
    ids: list('id'),
    missing: list('missing'),
    testFile,
    ...(testFile === undefined && { holdout: shareOf(String(options.holdout)) }),
    ...(limit === undefined ? {} : { timeLimitMs: parseSpan(limit) }),
    ...runOf(context),
  };
}

/** Options with names of their own, and those of `--set` over them. */
export function toldOf(options: Record<string, unknown>): Settings {
  const number = (option: string): number => numberOf(`--${option}`, String(options[option]));
  const told = Object.entries(pairsOf(textOf(options.set), '=', '--set')).map(([key, value]) => {
    const known = (TEXT_DEFAULTS as Settings)[key];
    if (typeof known === 'boolean') return [key, truthOf(`--set ${key}`, value)] as const;
    return [key, typeof known === 'number' ? numberOf(`--set ${key}`, value) : value] as const;
  });
  return {
    pooling: String(options.pooling),
    length: number('length'),
    ...(options.epochs !== undefined && { epochs: number('epochs') }),
    balance: number('balance'),
    ...(options.labels !== undefined && { labels: String(options.labels) }),
    ...(options.augment === true && AUGMENTED),
    ...Object.fromEntries(told),
  };
}

/** @throws AppError USAGE for a setting the own encoder does not have, or a value it cannot have */
export function ownOf(list: string | undefined): Partial<OwnSettings> {
  const told: Partial<OwnSettings> = Object.fromEntries(
    Object.entries(pairsOf(list, '=', '--own')).map(([key, value]) => {
      if (!Object.hasOwn(OWN_DEFAULTS, key))
        throw new AppError('USAGE', `--own: expected ${Object.keys(OWN_DEFAULTS).join(', ')}, got "${key}"`);
      return [key, numberOf(`--own ${key}`, value)];
    }),
  );
  ownSettings(told);
  return told;
}

/** @throws AppError USAGE for a setting self-training does not have */
function selfTrainingOf(list: unknown): Settings {
  return Object.fromEntries(
    Object.entries(pairsOf(typeof list === 'string' ? list : undefined, '=', '--self-training')).map(
      ([key, value]) => {
        if (!Object.hasOwn(SELF_TAUGHT_DEFAULTS, key))
          throw new AppError(
            'USAGE',
            `--self-training: expected ${Object.keys(SELF_TAUGHT_DEFAULTS).join(', ')}, got "${key}"`,
          );
        const option = `--self-training ${key}`;
        return [key, key === 'encoder' ? truthOf(option, value) : numberOf(option, value)];
      },
    ),
  );
}

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

function truthOf(option: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new AppError('USAGE', `${option}: expected true or false, got "${text}"`);
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new AppError('USAGE', `${option}: expected a number, got "${text}"`);
}
