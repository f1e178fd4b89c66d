// The keys of every shop as they stand on the disk: one keyring for as long as the server runs.
import { createKeyring, type KeyRecord, type Keyring } from './http/api-key.ts';
import { keysChangedMs, readKeys } from './key-file.ts';

export interface FollowedKeys {
  readonly keyring: Keyring;
  /** Reads again the files that changed. @throws AppError BAD_FILE, VERSION; the keys are then those of before */
  follow(): void;
}

/** @param dirs folders of workspaces by the names that keys carry */
export function followKeys(dirs: ReadonlyMap<string, string>): FollowedKeys {
  const records = new Map<string, readonly KeyRecord[]>();
  const seenMs = new Map<string, number>();
  let current = createKeyring(records);
  const follow = (): void => {
    let isChanged = false;
    for (const [name, dir] of dirs) {
      const changedMs = keysChangedMs(dir);
      if (seenMs.get(name) === changedMs) continue;
      records.set(name, readKeys(dir));
      seenMs.set(name, changedMs);
      isChanged = true;
    }
    if (isChanged) current = createKeyring(records);
  };
  follow();
  return { follow, keyring: { recognise: (text, nowMs) => current.recognise(text, nowMs) } };
}
