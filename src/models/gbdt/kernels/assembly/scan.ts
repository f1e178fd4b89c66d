// The best cut of a column: one pass over its bins, both sides of a cut in the two lanes of a vector.

// Positions of doubles in `TERMS` and `FOUND` of ../kernels.ts.
const GRADIENT: usize = 0;
const CURVATURE: usize = 8;
const ROWS: usize = 16;
const GRADIENT_UNIT: usize = 24;
const CURVATURE_UNIT: usize = 32;
const RIDGE: usize = 40;
const LASSO: usize = 48;
const MIN_ROWS: usize = 56;
const MIN_CURVATURE: usize = 64;
const LOWEST: usize = 72;
const HIGHEST: usize = 80;
const BOUNDED: usize = 88;
const FLOOR: usize = 96;

/** Σ slope² / (bend + ridge) of both sides; 0 where one may not stand. */
@inline
function freeScore(gradients: v128, curvatures: v128, terms: usize): f64 {
  const bend = f64x2.mul(curvatures, v128.load64_splat(terms, CURVATURE_UNIT));
  const under = f64x2.add(bend, v128.load64_splat(terms, RIDGE));
  const mayStand = v128.and(
    f64x2.ge(bend, v128.load64_splat(terms, MIN_CURVATURE)),
    f64x2.gt(under, f64x2.splat(0)),
  );
  const slope = f64x2.max(
    f64x2.sub(
      f64x2.abs(f64x2.mul(gradients, v128.load64_splat(terms, GRADIENT_UNIT))),
      v128.load64_splat(terms, LASSO),
    ),
    f64x2.splat(0),
  );
  const scores = f64x2.div(f64x2.mul(slope, slope), under);
  if (!i64x2.all_true(mayStand)) return 0;
  return f64x2.extract_lane(scores, 0) + f64x2.extract_lane(scores, 1);
}

@inline
function shrink(slope: f64, lasso: f64): f64 {
  return slope > lasso ? slope - lasso : slope < -lasso ? slope + lasso : 0;
}

@inline
function sideScore(slope: f64, under: f64, value: f64): f64 {
  return 0 - (2 * slope * value + under * value * value);
}

/** The same where leaf values have to stay in a range and in an order. */
function boundedScore(gradients: v128, curvatures: v128, terms: usize, direction: f64): f64 {
  const unit = load<f64>(terms, CURVATURE_UNIT);
  const bendLeft = f64x2.extract_lane(curvatures, 0) * unit;
  const bendRight = f64x2.extract_lane(curvatures, 1) * unit;
  const least = load<f64>(terms, MIN_CURVATURE);
  if (bendLeft < least || bendRight < least) return 0;
  const ridge = load<f64>(terms, RIDGE);
  const underLeft = bendLeft + ridge;
  const underRight = bendRight + ridge;
  if (!(underLeft > 0 && underRight > 0)) return 0;
  const lasso = load<f64>(terms, LASSO);
  const gradientUnit = load<f64>(terms, GRADIENT_UNIT);
  const slopeLeft = shrink(f64x2.extract_lane(gradients, 0) * gradientUnit, lasso);
  const slopeRight = shrink(f64x2.extract_lane(gradients, 1) * gradientUnit, lasso);
  const lowest = load<f64>(terms, LOWEST);
  const highest = load<f64>(terms, HIGHEST);
  const valueLeft = min(max(-slopeLeft / underLeft, lowest), highest);
  const valueRight = min(max(-slopeRight / underRight, lowest), highest);
  if (direction * (valueRight - valueLeft) < 0) return 0;
  return sideScore(slopeLeft, underLeft, valueLeft) + sideScore(slopeRight, underRight, valueRight);
}

@inline
function gradientOf(cell: v128): f64 {
  return <f64>i64x2.extract_lane(cell, 0);
}

export function scan(
  cells: usize,
  bins: i32,
  countBits: i32,
  terms: usize,
  direction: f64,
  found: usize,
): void {
  const countMask = (<i64>1 << countBits) - 1;
  const rows = <i64>load<f64>(terms, ROWS);
  const all = i64x2(<i64>load<f64>(terms, GRADIENT), (<i64>load<f64>(terms, CURVATURE) << countBits) + rows);
  const minRows = <i64>load<f64>(terms, MIN_ROWS);
  const isBounded = load<f64>(terms, BOUNDED) != 0;
  const missing = cells + (<usize>(bins - 1) << 4);
  const passes = (load<i64>(missing, 8) & countMask) > 0 ? 2 : 1;
  let best = load<f64>(terms, FLOOR);
  store<f64>(found, 0);
  for (let pass = 0; pass < passes; pass++) {
    let left = pass == 1 ? v128.load(missing) : i64x2(0, 0);
    for (let cell = cells; cell < missing; cell += 16) {
      const own = v128.load(cell);
      // An empty bin parts the rows as the one before it does.
      if ((i64x2.extract_lane(own, 1) & countMask) == 0) continue;
      left = i64x2.add(left, own);
      const second = i64x2.extract_lane(left, 1);
      const leftRows = second & countMask;
      if (leftRows < minRows) continue;
      if (rows - leftRows < minRows) break;
      const right = i64x2.sub(all, left);
      const gradients = f64x2(gradientOf(left), gradientOf(right));
      const bend = <f64>(second >> countBits);
      const curvatures = f64x2(bend, <f64>(i64x2.extract_lane(right, 1) >> countBits));
      const score = isBounded
        ? boundedScore(gradients, curvatures, terms, direction)
        : freeScore(gradients, curvatures, terms);
      if (!(score > best)) continue;
      best = score;
      store<f64>(found, score);
      store<f64>(found, <f64>((cell - cells) >> 4), 8);
      store<f64>(found, <f64>pass, 16);
      store<f64>(found, gradientOf(left), 24);
      store<f64>(found, bend, 32);
      store<f64>(found, <f64>leftRows, 40);
    }
  }
}
