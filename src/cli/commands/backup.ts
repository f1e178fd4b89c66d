// foresell backup: one moment of a shop, also while a server runs, as a file, a folder or a stream.
import { AppError } from '../../core/errors.ts';
import { formatMoment } from '../../core/time.ts';
import { backUp } from '../../data/backup/back-up.ts';
import type { CommandFile } from '../command.ts';
import { workspaceOf } from '../options.ts';
import { writeTo } from '../standard-streams.ts';

export const backupCommand: CommandFile = {
  usage: 'backup',
  summary:
    'copy the workspace as it is at one moment, also while a server runs; every file with its checksum',
  examples: [
    'foresell backup --to backups/monday.tar',
    'foresell backup --to backups/tuesday --base backups/monday',
    'foresell backup --to - | gpg --encrypt --recipient backups > monday.tar.gpg',
  ],
  declare(command) {
    command
      .option('--to <place>', 'a new file ending in .tar, a new folder, or - for a tar on standard output')
      .option(
        '--base <folder>',
        'an earlier backup in a folder on the same disk: what did not change is linked',
      );
  },
  async run(context, _, options) {
    const { to, base } = options as { to?: string; base?: string };
    if (to === undefined) throw new AppError('USAGE', 'expected --to FILE.tar, --to FOLDER or --to -');
    const streams = to === '-';
    if (streams && context.json)
      throw new AppError(
        'USAGE',
        'expected --to FILE or FOLDER with --json: both would go to standard output',
      );
    if (base !== undefined && (streams || to.endsWith('.tar')))
      throw new AppError('USAGE', 'expected --to FOLDER with --base: only files in a folder can be linked');
    const { manifest, bytes, linkedBytes } = await backUp(workspaceOf(context), {
      to: streams ? { write: writeTo(process.stdout) } : to,
      ...(base !== undefined && { base }),
      progress: context.progress,
      signal: context.signal,
    });
    const { takenMs, files, lake } = manifest;
    context.document({
      to,
      taken: new Date(takenMs).toISOString(),
      files: files.length,
      bytes,
      linked_bytes: linkedBytes,
      lake_events: lake.events,
    });
    const zh = context.language === 'zh';
    const megabytes = (bytes / 1e6).toFixed(1);
    const linked = (linkedBytes / 1e6).toFixed(1);
    const text = zh
      ? `${to}：${formatMoment(takenMs)} 的工作区，${files.length} 个文件，${megabytes} MB${linkedBytes > 0 ? `（其中 ${linked} MB 为硬链接）` : ''}。其中含密钥的哈希与假名密钥：请像数据本身一样保管。检验：foresell restore ${to} --check`
      : `${to}: the workspace as of ${formatMoment(takenMs)}, ${files.length} files, ${megabytes} MB${linkedBytes > 0 ? ` (${linked} MB of it linked)` : ''}. It holds customers' data, hashes of keys and the key of pseudonyms: keep it as safe as the shop itself. To check it: foresell restore ${to} --check`;
    if (streams) context.progress.note(text);
    else context.say(text);
  },
};
