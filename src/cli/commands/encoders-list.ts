// foresell encoders list: which published encoders are here, by the lock.
import { readLock } from '../../encoders/hub/encoder-lock.ts';
import { textTable } from '../../report/text-table.ts';
import type { CommandFile } from '../command.ts';
import {
  bytesOf,
  encoderDirOf,
  encoderDocument,
  licenceWords,
  megabytes,
  withEncoderDir,
} from '../encoder-options.ts';

export const encodersListCommand: CommandFile = {
  usage: 'encoders list',
  summary: 'list the encoders that were pulled, with commit, size and licence',
  examples: ['foresell encoders list', 'foresell encoders list --dir ./encoders --json'],
  declare: withEncoderDir,
  async run(context, _, options) {
    const dir = encoderDirOf(context, options);
    const encoders = Object.entries(await readLock(dir));
    const zh = context.language === 'zh';
    context.document({ encoders: encoders.map(([id, entry]) => encoderDocument(dir, id, entry)) });
    if (encoders.length === 0) {
      const example = 'foresell encoders pull sentence-transformers/all-MiniLM-L6-v2';
      context.say(zh ? `还没有下载编码器，可以运行：${example}` : `no encoder is here yet: ${example}`);
      return;
    }
    const heads = zh
      ? ['编码器', '版本', '提交', '大小', '许可证']
      : ['encoder', 'revision', 'commit', 'size', 'licence'];
    const rows = encoders.map(([id, entry]) => [
      id,
      entry.revision,
      entry.commit.slice(0, 12),
      megabytes(bytesOf(entry)),
      licenceWords(entry.licence, zh),
    ]);
    context.say(textTable(heads, rows));
  },
};
