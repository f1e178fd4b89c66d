// A JSON file of a model's folder, and numbers out of it with words for what is missing.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';

/** A JSON object and the name of its file. */
export interface ConfigFile {
  readonly file: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** @throws AppError BAD_FILE for what is not JSON; undefined where there is no such file */
export async function readConfigJson(folder: string, file: string): Promise<unknown> {
  const path = join(folder, file);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new AppError('BAD_FILE', `${file}: expected JSON; fetch the file again`, {}, cause);
  }
}

/** @throws AppError BAD_FILE for what is not a JSON object; undefined where there is no such file */
export async function readConfigFile(folder: string, file: string): Promise<ConfigFile | undefined> {
  const parsed = await readConfigJson(folder, file);
  if (parsed === undefined) return undefined;
  if (!isRecord(parsed)) throw new AppError('BAD_FILE', `${file}: expected a JSON object`);
  return { file, members: parsed };
}

/** @throws AppError BAD_FILE where it is absent or not a whole number from `least` on */
export function countIn({ file, members }: ConfigFile, name: string, least = 1): number {
  const value = members[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw new AppError(
      'BAD_FILE',
      `${file}: expected ${name} to be a whole number from ${least} on, got ${String(value)}`,
    );
  return value;
}
