// `--out` of a command that says its answer and may write it as a table, too.
import { openEngine } from '../data/engine.ts';
import { checkWritable } from '../data/output-place.ts';
import { checkTablePath, type WrittenColumn, writeTable } from '../data/table/write-table.ts';

/**
 * Asked before long work.
 *
 * @throws AppError USAGE for a file of another kind or a place where none can stand, DISK
 */
export function tableOutOf({ out }: Record<string, unknown>): string | undefined {
  if (out === undefined) return undefined;
  const path = String(out);
  checkTablePath(path);
  checkWritable(path, 'file');
  return path;
}

/** By an engine of its own. @throws AppError DISK */
export async function writeTableTo(
  path: string,
  columns: readonly WrittenColumn[],
  { threads }: { readonly threads: number },
): Promise<void> {
  const engine = await openEngine({ threads });
  try {
    await writeTable(engine, path, columns);
  } finally {
    engine.close();
  }
}
