// The kernels in plain TypeScript: slower than the WebAssembly ones, and the same bits.
import { CELL_BYTES, FOUND, type GrowKernels } from './kernels.ts';
import { readTerms, type Side, scoreOf } from './score.ts';

/** Doubles a cell. */
const CELL = CELL_BYTES / 8;
/** Cells a lane: one more than bins, so that lanes do not meet in the same lines of the cache. */
const LANE = 257;
/** Adding and taking it away rounds to a whole number, ties to even, below 2^51. */
const ROUNDER = 1.5 * 2 ** 52;

export function plainKernels(buffer: SharedArrayBuffer): GrowKernels {
  const f64 = new Float64Array(buffer);
  const f32 = new Float32Array(buffer);
  const i32 = new Int32Array(buffer);
  const u8 = new Uint8Array(buffer);
  return {
    kind: 'plain',
    largest(values, count) {
      const start = values >> 2;
      let most = 0;
      for (let i = start; i < start + count; i++) {
        const size = Math.abs(f32[i]);
        if (!(size <= most)) most = size;
        if (Number.isNaN(most)) return most;
      }
      return most;
    },
    quantise(gradient, curvature, count, gradientScale, curvatureScale, into) {
      const [slope, bend, to] = [gradient >> 2, curvature >> 2, into >> 2];
      for (let i = 0; i < count; i++) {
        i32[to + 2 * i] = f32[slope + i] * gradientScale + ROUNDER - ROUNDER;
        i32[to + 2 * i + 1] = f32[bend + i] * curvatureScale + ROUNDER - ROUNDER;
      }
    },
    sumPairs(pairs, rows, count, into) {
      const source = pairs >> 2;
      const index = rows >> 2;
      let gradient = 0;
      let curvature = 0;
      for (let i = 0; i < count; i++) {
        const at = source + 2 * (rows === 0 ? i : i32[index + i]);
        gradient += i32[at];
        curvature += i32[at + 1];
      }
      f64[into >> 3] = gradient;
      f64[(into >> 3) + 1] = curvature;
    },
    gatherPairs(pairs, rows, count, into) {
      const source = pairs >> 2;
      const index = rows >> 2;
      const target = into >> 2;
      for (let i = 0; i < count; i++) {
        const at = source + 2 * i32[index + i];
        i32[target + 2 * i] = i32[at];
        i32[target + 2 * i + 1] = i32[at + 1];
      }
    },
    accumulate(bins, width, rows, pairs, count, cells) {
      const source = pairs >> 2;
      const index = rows >> 2;
      const base = cells >> 3;
      for (let i = 0; i < count; i++) {
        const row = bins + width * (rows === 0 ? i : i32[index + i]);
        const gradient = i32[source + 2 * i];
        const curvature = i32[source + 2 * i + 1];
        for (let lane = 0; lane < width; lane++) {
          const cell = base + (lane * LANE + u8[row + lane]) * CELL;
          f64[cell] += gradient;
          f64[cell + 1] += curvature;
          f64[cell + 2]++;
        }
      }
    },
    flush(cells, lane, bins, histogram, adds) {
      const from = (cells >> 3) + lane * LANE * CELL;
      const to = histogram >> 3;
      for (let i = 0; i < bins * CELL; i++) {
        f64[to + i] = adds ? f64[to + i] + f64[from + i] : f64[from + i];
        f64[from + i] = 0;
      }
    },
    subtract(histogram, other, cells) {
      const to = histogram >> 3;
      const from = other >> 3;
      for (let i = 0; i < cells * CELL; i++) f64[to + i] -= f64[from + i];
    },
    scan: (histogram, bins, ...rest) => scan(f64, histogram >> 3, bins, rest),
    part(bins, stride, flags, rows, count, left, right) {
      const index = rows >> 2;
      let toLeft = left >> 2;
      let toRight = right >> 2;
      for (let i = 0; i < count; i++) {
        const row = rows === 0 ? i : i32[index + i];
        if (u8[flags + u8[bins + row * stride]] === 1) i32[toLeft++] = row;
        else i32[toRight++] = row;
      }
      return toLeft - (left >> 2);
    },
    scatter(rows, count, into, value) {
      const index = rows >> 2;
      const target = into >> 2;
      for (let i = 0; i < count; i++) i32[target + i32[index + i]] = value;
    },
    bin(values, count, edges, edgeCount, into, stride) {
      const from = values >> 3;
      const first = edges >> 3;
      for (let i = 0; i < count; i++) {
        const value = f64[from + i];
        let bin = edgeCount + 1;
        if (!Number.isNaN(value)) {
          bin = 0;
          for (let step = 128; step > 0; step >>= 1) {
            const probe = bin + step;
            if (probe <= edgeCount && f64[first + probe - 1] < value) bin = probe;
          }
        }
        u8[into + i * stride] = bin;
      }
    },
  };
}

function scan(
  f64: Float64Array,
  histogram: number,
  bins: number,
  [terms, direction, found]: [number, number, number],
): void {
  const node = readTerms(f64, terms, direction);
  const answer = found >> 3;
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
