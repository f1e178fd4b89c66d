// A table as plain binary files, for a program in another language to read.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from '../../src/core/frame.ts';
import type { TableSet } from './table-set.ts';

/** `matrix.f32` [rows, columns] (categories as codes, NaN where missing), `target.f64`, `groups.i32`, `split-K.train.i32` … */
export function writeTable(set: TableSet, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const write = (file: string, values: Float32Array | Float64Array | Int32Array) =>
    writeFileSync(join(folder, file), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  write('matrix.f32', matrixOf(set.peers));
  write('target.f64', set.sample.target);
  write('groups.i32', numberedGroups(set.sample.entities));
  if (set.order) write('order.f64', set.order);
  set.splits.forEach(({ train, test }, at) => {
    write(`split-${at}.train.i32`, train);
    write(`split-${at}.test.i32`, test);
  });
  const columns = set.peers.columns.map((column) => ({
    name: column.name,
    kind: column.kind,
    levels: column.kind === 'category' ? column.levels.length : 0,
  }));
  writeFileSync(
    join(folder, 'table.json'),
    JSON.stringify({ name: set.name, rows: set.peers.rows, splits: set.splits.length, columns }),
  );
}

/** Row after row, as every library wants it: [rows, columns]. */
export function matrixOf(frame: Frame): Float32Array {
  const width = frame.columns.length;
  const matrix = new Float32Array(frame.rows * width);
  frame.columns.forEach((column, at) => {
    if (column.kind !== 'number' && column.kind !== 'category')
      throw new Error(
        `expected numbers and categories for the other libraries, got the ${column.kind} column ${column.name}`,
      );
    for (let row = 0; row < frame.rows; row++) {
      const value =
        column.kind === 'number'
          ? column.values[row]
          : column.codes[row] < 0
            ? Number.NaN
            : column.codes[row];
      matrix[row * width + at] = value;
    }
  });
  return matrix;
}

function numberedGroups(entities: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(entities, (entity) => {
    const number = numbers.get(entity) ?? numbers.size;
    numbers.set(entity, number);
    return number;
  });
}
