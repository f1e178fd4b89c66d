// Where encoders lie, and which hub they come from: options and environment of the `encoders` commands.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type LockedEncoder, lockedFolder } from '../encoders/hub/encoder-lock.ts';
import { folderOf, parseHubId } from '../encoders/hub/hub-id.ts';
import { type Hub, PUBLIC_HUB } from '../encoders/hub/hub-request.ts';
import type { Context } from './context.ts';

export const withEncoderDir = (command: Command): Command =>
  command.option(
    '--dir <folder>',
    'where encoders and encoders.lock.json lie (default: encoders/ of the workspace)',
  );

export const encoderDirOf = ({ workspaceDir }: Context, options: Record<string, unknown>): string =>
  typeof options.dir === 'string' ? options.dir : join(workspaceDir, 'encoders');

/**
 * The folder an encoder is named by: a folder itself, `own` as it is, or where a pulled `owner/name` lies among the workspace's.
 *
 * @throws AppError NOT_FOUND, TAMPERED for a name that was not pulled, and for files gone or changed
 */
export async function encoderFolder(context: Context, choice: string): Promise<string> {
  return existsSync(choice) || !parseHubId(choice) ? choice : lockedFolder(encoderDirOf(context, {}), choice);
}

/** `--encoder` as `encoderFolder` reads it; undefined where none is named. */
export const encoderOf = async (
  context: Context,
  { encoder }: Record<string, unknown>,
): Promise<string | undefined> =>
  encoder === undefined ? undefined : encoderFolder(context, String(encoder));

/** `--hub`, else `FORESELL_HUB`, else the public one; its token from the environment alone, so that no history keeps it. */
export function hubOf(options: Record<string, unknown>, environment: NodeJS.ProcessEnv = process.env): Hub {
  const base = typeof options.hub === 'string' ? options.hub : environment.FORESELL_HUB || PUBLIC_HUB;
  const token = environment.FORESELL_HUB_TOKEN || environment.HF_TOKEN;
  return { base, ...(token ? { token } : {}) };
}

/** An encoder of the lock as a document. */
export function encoderDocument(
  dir: string,
  id: string,
  { revision, commit, licence, files }: LockedEncoder,
) {
  return {
    id,
    revision,
    commit,
    licence,
    folder: join(dir, folderOf(id, commit)),
    bytes: bytesOf({ files }),
    files: Object.entries(files).map(([file, { sha256, bytes }]) => ({ file, bytes, sha256 })),
  };
}

export const bytesOf = ({ files }: Pick<LockedEncoder, 'files'>): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);

/** `90.9 MB` */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export const licenceWords = (licence: string | null, zh: boolean): string =>
  licence ?? (zh ? '模型未注明许可证，请先查看其页面' : 'none named: look at its page before you use it');
