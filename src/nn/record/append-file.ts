// A file that grows: opened at a kept length, appended to, forced to the disk when asked.
import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { guardDisk } from '../checkpoint/disk.ts';

/** An open file that only grows; close it. */
export interface AppendFile {
  /** @throws AppError DISK when the disk refuses */
  append(bytes: Uint8Array): void;
  /** Returns once all that was appended would survive a power cut. */
  flush(): void;
  close(): void;
}

/** Opens or makes the file at `path` and cuts it to its first `keptBytes`. */
export function openAppendFile(path: string, keptBytes: number): AppendFile {
  const file = guardDisk(() => openSync(path, 'a'));
  try {
    guardDisk(() => ftruncateSync(file, keptBytes));
  } catch (refusal) {
    closeSync(file);
    throw refusal;
  }
  return {
    append: (bytes) =>
      guardDisk(() => {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      }),
    flush: () => guardDisk(() => fsyncSync(file)),
    close: () => closeSync(file),
  };
}
