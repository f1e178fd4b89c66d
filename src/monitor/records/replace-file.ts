// Writes a file of lines anew, so that a crash leaves the old one or the new one.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';

export async function replaceDurably(
  disk: JournalDisk,
  name: string,
  lines: readonly string[],
): Promise<void> {
  const fresh = `${name}.new`;
  await disk.remove(fresh);
  const file = await disk.create(fresh);
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  for (let at = 0; at < bytes.length; ) at += await file.write(bytes, at, bytes.length);
  await file.datasync();
  await file.close();
  await disk.rename(fresh, name);
  await disk.syncFolder();
}
