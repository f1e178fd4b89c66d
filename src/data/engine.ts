// The embedded engine: one in-memory DuckDB over files, with extension downloads off and memory bounded.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { AppError, throwIfAborted } from '../core/errors.ts';

export interface EngineOptions {
  readonly threads?: number;
  /** Such as `3GB`; what does not fit is spilled to `tempDir`. */
  readonly memoryLimit?: string;
  readonly tempDir?: string;
}

/** A value of one cell, as small results give it: BIGINT comes as a number when it is safe, else as a bigint. */
export type Cell = string | number | bigint | boolean | null;

/** Receives one chunk: `columns[c][r]`, garbage where NULL unless the SQL removed the NULLs; valid until it returns. */
export type ChunkReader = (columns: readonly ArrayLike<unknown>[], rows: number) => void;

export interface Engine {
  readonly connection: DuckDBConnection;
  /** Runs a statement for its effect. */
  run(sql: string, signal?: AbortSignal): Promise<void>;
  /** A small result as objects. Not for logs: objects cost six times the columns. */
  rows<T extends Record<string, Cell>>(sql: string, signal?: AbortSignal): Promise<T[]>;
  /**
   * Streams a result chunk by chunk without holding it. Numeric columns come as the engine's own typed arrays
   * (BIGINT as BigInt64Array), strings as arrays; cast in SQL to INTEGER, DOUBLE or ENUM where speed matters.
   */
  stream(sql: string, read: ChunkReader, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** Opens an engine of its own; close it when done. Two engines never share anything but files. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: options.memoryLimit ?? '3GB',
    ...(options.threads ? { threads: String(options.threads) } : {}),
    ...(options.tempDir ? { temp_directory: options.tempDir } : {}),
  });
  const connection = await instance.connect();

  /** Lets a signal interrupt the running statement, and turns that into INTERRUPTED. */
  const guarded = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    throwIfAborted(signal);
    const interrupt = () => connection.interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    try {
      return await work();
    } catch (cause) {
      throwIfAborted(signal);
      if (cause instanceof Error && /no space left|could not write|disk.*full/i.test(cause.message)) {
        throw new AppError(
          'DISK',
          'the disk refused a write: free some space, then run the same command again',
          {},
          cause,
        );
      }
      throw cause;
    } finally {
      signal?.removeEventListener('abort', interrupt);
    }
  };

  return {
    connection,
    run: (sql, signal) =>
      guarded(async () => {
        await connection.run(sql);
      }, signal),
    rows: <T extends Record<string, Cell>>(sql: string, signal?: AbortSignal) =>
      guarded(async () => {
        const reader = await connection.runAndReadAll(sql);
        return reader.getRowObjectsJS().map((row) => plain(row)) as T[];
      }, signal),
    stream: (sql, read, signal) =>
      guarded(async () => {
        const result = await connection.stream(sql);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (!chunk || chunk.rowCount === 0) break;
          throwIfAborted(signal);
          const columns: ArrayLike<unknown>[] = [];
          for (let index = 0; index < chunk.columnCount; index++) {
            const vector = chunk.getColumnVector(index) as unknown as {
              items?: ArrayLike<unknown>;
              toArray(): unknown[];
            };
            columns.push(vector.items ?? vector.toArray());
          }
          read(columns, chunk.rowCount);
        }
      }, signal),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function plain(row: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(row)) {
    const value = row[key];
    if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
      row[key] = Number(value);
    }
  }
  return row;
}

/** A string as an SQL literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as an SQL identifier. */
export const sqlName = (text: string): string => `"${text.replaceAll('"', '""')}"`;
