// foresell sequence compress: a saved next-item network with smaller weights, and what that costs.
import { AppError } from '../../core/errors.ts';
import { checkEmpty, checkWritable } from '../../data/output-place.ts';
import { textTable } from '../../report/text-table.ts';
import { compressSequence } from '../../train/sequence/compress-sequence.ts';
import type { CommandFile } from '../command.ts';
import { typedCommand } from '../options.ts';

export const sequenceCompressCommand: CommandFile = {
  usage: 'sequence compress <dir>',
  summary: 'save a next-item network with smaller weights, measured beside the one it is made of',
  examples: [
    'foresell sequence compress next-item --out next-item-small',
    'foresell sequence compress next-item --bits 8 --prune 0.3 --out next-item-small',
    'foresell sequence compress next-item --bits 32 --prune 0.5 --out next-item-pruned --json',
  ],
  declare(command) {
    command
      .option(
        '--bits <n>',
        '8: whole numbers, a quarter of the size; 7: the same for x86 processors without VNNI (before 2019); 32: floats as they are',
        '8',
      )
      .option('--prune <share>', 'the smallest numbers of each matrix, this share of them, become zero', '0')
      .option('--out <dir>', 'folder to save to, new or empty')
      .option(
        '--force',
        'save among what the folder holds: to the versions of a saved model it adds the latest',
      );
  },
  async run(context, [folder], options) {
    const out = options.out as string | undefined;
    if (out === undefined) throw new AppError('USAGE', 'expected --out DIR to save the smaller model to');
    checkWritable(out, 'folder');
    const { bits, sparsity } = { bits: Number(options.bits), sparsity: shareOf(String(options.prune)) };
    if (bits !== 7 && bits !== 8 && bits !== 32)
      throw new AppError('USAGE', `--bits: expected 8, 7 or 32, got "${options.bits}"`);
    if (options.force !== true)
      checkEmpty(out, 'or say --force: to a saved model it adds the version that answers from then on');
    const found = await compressSequence({
      ...{ folder, out, how: { bits, sparsity } },
      ...{ command: typedCommand(), threads: context.threads, now: Date.now },
      ...{ progress: context.progress, signal: context.signal },
    });
    const { before, after, version } = found;
    context.document({
      model: found.model,
      model_version: version.version,
      ...{ bits, pruned: sparsity, out },
      bytes: { before: before.bytes, after: after.bytes, times_smaller: before.bytes / after.bytes },
      cases: found.cases,
      metrics: after.scores,
      metrics_before: before.scores,
      cases_per_second: { before: before.casesPerSecond, after: after.casesPerSecond },
    });
    const zh = context.language === 'zh';
    const share = (value: number): string => value.toFixed(4);
    const metrics = Object.keys(after.scores).map((metric) => {
      const [first, second] = [before, after].map(({ scores }) => scores[metric as 'ndcg@10']?.value ?? 0);
      const change = first === 0 ? 0 : second / first - 1;
      return [metric, share(first), share(second), `${(100 * change).toFixed(2)} %`];
    });
    const number = (value: number): string => Math.round(value).toLocaleString('en-US');
    context.say(
      textTable(zh ? ['', '之前', '之后', '变化'] : ['', 'Before', 'After', 'Change'], [
        [
          zh ? '模型字节数' : 'Bytes of the model',
          number(before.bytes),
          number(after.bytes),
          `${(before.bytes / after.bytes).toFixed(2)} ×`,
        ],
        ...(found.cases > 0
          ? [
              [
                zh ? '每秒评分例数' : 'Cases a second',
                number(before.casesPerSecond),
                number(after.casesPerSecond),
                `${(after.casesPerSecond / before.casesPerSecond).toFixed(2)} ×`,
              ],
              ...metrics,
            ]
          : []),
      ]),
    );
    context.say(zh ? `\n已保存 ${out}（${version.version}）` : `\nsaved ${out} (${version.version})`);
  },
};

function shareOf(text: string): number {
  const share = text.trim() === '' ? Number.NaN : Number(text);
  if (share >= 0 && share < 1) return share;
  throw new AppError('USAGE', `--prune: expected a share from 0 to below 1, got "${text}"`);
}
