// The kernels in plain TypeScript: slower than the WebAssembly ones, and the same bits.
import { BLOCK_WIDTH, COLUMN_CELLS, FOUND, type GrowKernels, TILE_PITCH, UNPACKED } from './kernels.ts';
import { readTerms, type Side, scoreOf } from './score.ts';

/** Doubles a cell: Σ gradient, Σ curvature, rows; each holds an integer. */
const CELL = UNPACKED;
/** Adding and taking it away rounds to a whole number, ties to even, below 2^51. */
const ROUNDER = 1.5 * 2 ** 52;

/** Bytes of a cell. */
export const PLAIN_CELL_BYTES = CELL * 8;

export function plainKernels(buffer: SharedArrayBuffer): GrowKernels {
  const f64 = new Float64Array(buffer);
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);
  const u8 = new Uint8Array(buffer);
  return {
    kind: 'plain',
    cellBytes: PLAIN_CELL_BYTES,
    largest(values, count) {
      const start = values >>> 2;
      let most = 0;
      for (let i = start; i < start + count; i++) {
        const size = Math.abs(f32[i]);
        if (!(size <= most)) most = size;
        if (Number.isNaN(most)) return most;
      }
      return most;
    },
    total(values, count) {
      const sums = [0, 0, 0, 0];
      for (let i = 0; i < count; i++) sums[i & 3] += f32[(values >>> 2) + i];
      return sums[0] + sums[1] + (sums[2] + sums[3]);
    },
    quantise(gradient, curvature, count, gradientScale, curvatureScale, into) {
      const [slope, bend, to] = [gradient >>> 2, curvature >>> 2, into >>> 2];
      for (let i = 0; i < count; i++) {
        i32[to + 2 * i] = f32[slope + i] * gradientScale + ROUNDER - ROUNDER;
        i32[to + 2 * i + 1] = f32[bend + i] * curvatureScale + ROUNDER - ROUNDER;
      }
    },
    sumPairs(pairs, rows, count, into) {
      let gradient = 0;
      let curvature = 0;
      for (let i = 0; i < count; i++) {
        const at = (pairs >>> 2) + 2 * (rows === 0 ? i : i32[(rows >>> 2) + i]);
        gradient += i32[at];
        curvature += i32[at + 1];
      }
      f64[into >>> 3] = gradient;
      f64[(into >>> 3) + 1] = curvature;
    },
    clear: (address, bytes) => void u8.fill(0, address, address + bytes),
    gather(bins, stride, blocks, rows, count, tile, pairs, ordered) {
      for (let i = 0; i < count; i++) {
        const row = i32[(rows >>> 2) + i];
        for (let k = 0; k < blocks * BLOCK_WIDTH; k++) {
          const at = tile + (k >> 3) * TILE_PITCH + i * BLOCK_WIDTH + (k & 7);
          u8[at] = u8[bins + row * stride + k];
        }
        i32[(ordered >>> 2) + 2 * i] = i32[(pairs >>> 2) + 2 * row];
        i32[(ordered >>> 2) + 2 * i + 1] = i32[(pairs >>> 2) + 2 * row + 1];
      }
    },
    accumulate(bins, stride, width, pairs, count, cells) {
      const source = pairs >>> 2;
      const base = cells >>> 3;
      for (let i = 0; i < count; i++) {
        const gradient = i32[source + 2 * i];
        const curvature = i32[source + 2 * i + 1];
        for (let lane = 0; lane < width; lane++) {
          const cell = base + (lane * COLUMN_CELLS + u8[bins + i * stride + lane]) * CELL;
          f64[cell] += gradient;
          f64[cell + 1] += curvature;
          f64[cell + 2]++;
        }
      }
    },
    add(cells, other, count) {
      for (let i = 0; i < count * CELL; i++) f64[(cells >>> 3) + i] += f64[(other >>> 3) + i];
    },
    subtract(cells, other, count) {
      for (let i = 0; i < count * CELL; i++) f64[(cells >>> 3) + i] -= f64[(other >>> 3) + i];
    },
    unpack: (cells, count, _, into) =>
      void f64.copyWithin(into >>> 3, cells >>> 3, (cells >>> 3) + count * CELL),
    scan: (cells, bins, _, ...rest) => scan(f64, cells >>> 3, bins, rest),
    part(bins, stride, flags, rows, first, count, left, right) {
      let toLeft = left >>> 2;
      let toRight = right >>> 2;
      for (let i = 0; i < count; i++) {
        const row = rows === 0 ? first + i : i32[(rows >>> 2) + i];
        if (u8[flags + u8[bins + row * stride]] === 1) i32[toLeft++] = row;
        else i32[toRight++] = row;
      }
      return toLeft - (left >>> 2);
    },
    sigmoid: (values, count) => sigmoid(f64.subarray(values / 8, values / 8 + count)),
    copy: (from, count, into) => void i32.copyWithin(into >>> 2, from >>> 2, (from >>> 2) + count),
    scatter(rows, count, into, value) {
      for (let i = 0; i < count; i++) i32[(into >>> 2) + i32[(rows >>> 2) + i]] = value;
    },
    bin(values, count, edges, edgeCount, into, spread, stride) {
      const first = edges >>> 3;
      for (let i = 0; i < count; i++) {
        const value = f64[(values >>> 3) + i];
        let bin = 0;
        for (let step = 128; step > 0; step >>= 1) if (f64[first + bin + step - 1] < value) bin += step;
        if (Number.isNaN(value)) bin = edgeCount + 1;
        u8[into + i] = bin;
        u8[spread + i * stride] = bin;
      }
    },
  };
}

/** 1 / n!, n from 13 down to 0. */
const TAYLOR = [6227020800, 479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1].map(
  (n) => 1 / n,
);

/** The operations of the WebAssembly kernel, one by one. */
function sigmoid(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const x = Math.max(Math.min(-values[i], 700), -700);
    const k = x * Math.LOG2E + ROUNDER - ROUNDER;
    const r = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
    let sum = TAYLOR[0];
    for (let n = 1; n < TAYLOR.length; n++) sum = sum * r + TAYLOR[n];
    values[i] = 1 / (1 + sum * 2 ** k);
  }
}

function scan(
  f64: Float64Array,
  histogram: number,
  bins: number,
  [terms, direction, found]: [number, number, number],
): void {
  const node = readTerms(f64, terms, direction);
  const answer = found >>> 3;
  const missing = histogram + (bins - 1) * CELL;
  const right: Side = { gradient: 0, curvature: 0, rows: 0 };
  let best = node.floor;
  f64[answer + FOUND.score] = 0;
  for (let withMissing = 0; withMissing < (f64[missing + 2] > 0 ? 2 : 1); withMissing++) {
    const left: Side = { gradient: 0, curvature: 0, rows: 0 };
    if (withMissing === 1) {
      left.gradient = f64[missing];
      left.curvature = f64[missing + 1];
      left.rows = f64[missing + 2];
    }
    for (let bin = 0; bin < bins - 1; bin++) {
      const cell = histogram + bin * CELL;
      // An empty bin parts the rows as the one before it does.
      if (f64[cell + 2] === 0) continue;
      left.gradient += f64[cell];
      left.curvature += f64[cell + 1];
      left.rows += f64[cell + 2];
      if (left.rows < node.minRows) continue;
      right.rows = node.rows - left.rows;
      if (right.rows < node.minRows) break;
      right.gradient = node.gradient - left.gradient;
      right.curvature = node.curvature - left.curvature;
      const score = scoreOf(left, right, node);
      if (!(score > best)) continue;
      best = score;
      f64[answer + FOUND.score] = score;
      f64[answer + FOUND.lastBin] = bin;
      f64[answer + FOUND.missingLeft] = withMissing;
      f64[answer + FOUND.gradient] = left.gradient;
      f64[answer + FOUND.curvature] = left.curvature;
      f64[answer + FOUND.rows] = left.rows;
    }
  }
}
