// What a model is called on a hub: `owner/name`, with `@revision` behind where one is meant.
import { AppError } from '../../core/errors.ts';

export interface HubId {
  /** `owner/name` */
  readonly id: string;
  /** A branch, a tag or a commit; absent where none was said. */
  readonly revision?: string;
}

/** As hubs allow them, and nothing that could leave a folder or an address. */
const ID = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*))?$/;

/** Undefined for what does not look like one. */
export function parseHubId(text: string): HubId | undefined {
  const [, id, revision] = ID.exec(text) ?? [];
  if (id === undefined || text.includes('..')) return undefined;
  return { id, ...(revision === undefined ? {} : { revision }) };
}

/** @throws AppError USAGE */
export function requireHubId(text: string): HubId {
  const parsed = parseHubId(text);
  if (parsed === undefined)
    throw new AppError('USAGE', `expected a model as owner/name or owner/name@revision, got "${text}"`);
  return parsed;
}

/** The folder of a model's files, by its name and commit, inside the folder of all models. */
export const folderOf = (id: string, commit: string): string => `${id.replace('/', '--')}/${commit}`;
