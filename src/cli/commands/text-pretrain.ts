// foresell text pretrain: an encoder of a shop's own, learned from its texts without labels.
import { AppError } from '../../core/errors.ts';
import { checkWritable } from '../../data/output-place.ts';
import { OWN_DEFAULTS } from '../../encoders/own/own-settings.ts';
import { pretrainTexts } from '../../train/text/pretrain-texts.ts';
import type { CommandFile } from '../command.ts';
import { positiveNumber } from '../context.ts';
import { listOf } from './table-fit.ts';
import { ownOf } from './text-fit.ts';

export const textPretrainCommand: CommandFile = {
  usage: 'text pretrain <data>',
  summary: 'learn an encoder of your own from texts without labels, in any language, to use with --encoder',
  examples: [
    'foresell text pretrain reviews.csv --text review --out encoders/our-reviews',
    'foresell text pretrain products.parquet --text title,description --epochs 30 --own width=192,blocks=4 --out encoders/our-products',
    'foresell text fit labelled.csv --text review --target happy --kind binary --encoder encoders/our-reviews',
  ],
  declare(command) {
    command
      .option(
        '--text <columns>',
        'columns that hold texts, separated by commas; each cell is a text of its own',
      )
      .option(
        '--epochs <n>',
        'times each text is read (default: 3, and more of little text)',
        positiveNumber('--epochs'),
      )
      .option('--own <list>', `further settings: ${Object.keys(OWN_DEFAULTS).join(', ')}`)
      .option(
        '--out <dir>',
        'folder of the encoder; an interrupted run in it is taken up',
        './foresell-encoder',
      );
  },
  async run(context, [data], options) {
    const columns = listOf(options.text === undefined ? undefined : String(options.text));
    if (columns.length === 0)
      throw new AppError('USAGE', 'expected --text COLUMN, the column that holds the texts');
    const out = String(options.out);
    checkWritable(out, 'folder');
    const settings = {
      ...(options.epochs !== undefined && { epochs: Number(options.epochs) }),
      ...ownOf(options.own === undefined ? undefined : String(options.own)),
    };
    const { encoder, texts, firstLoss, lastLoss, steps, seconds } = await pretrainTexts({
      ...{ data, columns, out, settings, now: Date.now },
      ...{ seed: context.seed, threads: context.threads, progress: context.progress, signal: context.signal },
    });
    const numbers = Object.values(encoder.values).reduce((sum, { length }) => sum + length, 0);
    const { size } = encoder.tokenizer;
    context.document({
      ...{ out, texts, steps, seconds, pieces: size, parameters: numbers },
      ...{ first_loss: firstLoss, last_loss: lastLoss, hash: encoder.hash },
    });
    const [from, to] = [Math.exp(firstLoss).toFixed(0), Math.exp(lastLoss).toFixed(0)];
    context.say(
      context.language === 'zh'
        ? `已读 ${texts.toLocaleString('en-US')} 条文本：${size} 个片段，${numbers.toLocaleString('en-US')} 个参数；被遮住的片段起初要在约 ${from} 个中猜，最后约 ${to} 个\n已保存 ${out}`
        : `${texts.toLocaleString('en-US')} texts read: ${size} pieces, ${numbers.toLocaleString('en-US')} parameters; a hidden piece was one in about ${from} at first and is one in ${to} now\nsaved ${out}`,
    );
  },
};
