// Whole-array arithmetic: add, scale, fill, follow as an average, and add rows where their indices say.
import { put, take, wholeEnd } from './lanes.ts';

/** into += from */
export function accumulate(into: usize, from: usize, count: usize): void {
  const whole = wholeEnd(into, count);
  const end = into + (count << 2);
  for (; into < whole; into += 16, from += 16) put(into, f32x4.add(take(into, true), take(from, true)), true);
  for (; into < end; into += 4, from += 4) put(into, f32x4.add(take(into, false), take(from, false)), false);
}

/** values *= factor */
export function scale(values: usize, count: usize, factor: f32): void {
  const whole = wholeEnd(values, count);
  const end = values + (count << 2);
  const factors = f32x4.splat(factor);
  for (; values < whole; values += 16) put(values, f32x4.mul(take(values, true), factors), true);
  for (; values < end; values += 4) put(values, f32x4.mul(take(values, false), factors), false);
}

export function fill(values: usize, count: usize, value: f32): void {
  const whole = wholeEnd(values, count);
  const end = values + (count << 2);
  const lanes = f32x4.splat(value);
  for (; values < whole; values += 16) put(values, lanes, true);
  for (; values < end; values += 4) put(values, lanes, false);
}

/** average += rate · (value − average) */
export function follow(average: usize, value: usize, count: usize, rate: f32): void {
  const whole = wholeEnd(average, count);
  const end = average + (count << 2);
  for (; average < whole; average += 16, value += 16) nearer(average, value, rate, true);
  for (; average < end; average += 4, value += 4) nearer(average, value, rate, false);
}

@inline
function nearer(average: usize, value: usize, rate: f32, four: bool): void {
  const before = take(average, four);
  put(average, f32x4.add(before, f32x4.mul(f32x4.splat(rate), f32x4.sub(take(value, four), before))), four);
}

/** table[indices[i]] += rows[i], one after the other: an index that comes twice is added twice, always in this order. */
export function addRows(table: usize, indices: usize, rows: usize, count: usize, width: usize): void {
  const rowBytes = width << 2;
  for (let i: usize = 0; i < count; i++, rows += rowBytes) {
    accumulate(table + <usize>load<u32>(indices + (i << 2)) * rowBytes, rows, width);
  }
}
