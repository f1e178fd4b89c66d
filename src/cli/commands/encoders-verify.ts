// foresell encoders verify: every file of the pulled encoders against the lock.
import { AppError } from '../../core/errors.ts';
import { findFaults, readLock } from '../../encoders/hub/encoder-lock.ts';
import { requireHubId } from '../../encoders/hub/hub-id.ts';
import type { CommandFile } from '../command.ts';
import { encoderDirOf, withEncoderDir } from '../encoder-options.ts';

export const encodersVerifyCommand: CommandFile = {
  usage: 'encoders verify [id]',
  summary: 'compare every byte of the pulled encoders with encoders.lock.json; exit code 1 where one differs',
  examples: ['foresell encoders verify', 'foresell encoders verify BAAI/bge-small-zh-v1.5 --json'],
  declare: withEncoderDir,
  async run(context, [text], options) {
    const dir = encoderDirOf(context, options);
    const lock = await readLock(dir);
    const only = text === undefined ? undefined : requireHubId(text).id;
    if (only !== undefined && lock[only] === undefined)
      throw new AppError(
        'NOT_FOUND',
        `expected encoder "${only}" in encoders.lock.json, it is not; see: foresell encoders list`,
      );
    const found = [];
    for (const [id, entry] of Object.entries(lock)) {
      if (only !== undefined && id !== only) continue;
      found.push({ id, commit: entry.commit, faults: await findFaults(dir, id, entry) });
    }
    const zh = context.language === 'zh';
    const faulty = found.filter(({ faults }) => faults.length > 0);
    for (const { id, faults } of found) {
      context.say(`${id}  ${faults.length === 0 ? (zh ? '完好' : 'whole') : ''}`.trimEnd());
      for (const { file, fault } of faults)
        context.say(`  ${file}  ${zh ? (fault === 'missing' ? '缺失' : '已改变') : fault}`);
    }
    if (faulty.length > 0) {
      const names = faulty.map(({ id }) => id).join(', ');
      throw new AppError(
        'TAMPERED',
        `not as they were pulled: ${names}; delete what has changed and pull again`,
        { encoders: faulty },
      );
    }
    context.document({ encoders: found });
  },
};
