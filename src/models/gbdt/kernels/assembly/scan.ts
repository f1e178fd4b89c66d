// The best cut of a column: one pass over its bins, both sides of a cut in the two lanes of a vector.

// Positions of doubles in `TERMS` and `FOUND` of ../kernels.ts.
const GRADIENT: usize = 0;
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

export function scan(histogram: usize, bins: i32, terms: usize, direction: f64, found: usize): void {
  const all = v128.load(terms, GRADIENT);
  const rows = load<f64>(terms, ROWS);
  const minRows = load<f64>(terms, MIN_ROWS);
  const isBounded = load<f64>(terms, BOUNDED) != 0;
  const missing = histogram + <usize>(bins - 1) * 24;
  const passes = load<f64>(missing, 16) > 0 ? 2 : 1;
  let best = load<f64>(terms, FLOOR);
  store<f64>(found, 0);
  for (let pass = 0; pass < passes; pass++) {
    let left = f64x2.splat(0);
    let leftRows: f64 = 0;
    if (pass == 1) {
      left = v128.load(missing);
      leftRows = load<f64>(missing, 16);
    }
    for (let cell = histogram; cell < missing; cell += 24) {
      const own = load<f64>(cell, 16);
      if (own == 0) continue;
      left = f64x2.add(left, v128.load(cell));
      leftRows += own;
      if (leftRows < minRows) continue;
      if (rows - leftRows < minRows) break;
      const right = f64x2.sub(all, left);
      const gradients = i64x2.shuffle(left, right, 0, 2);
      const curvatures = i64x2.shuffle(left, right, 1, 3);
      const score = isBounded
        ? boundedScore(gradients, curvatures, terms, direction)
        : freeScore(gradients, curvatures, terms);
      if (!(score > best)) continue;
      best = score;
      store<f64>(found, score);
      store<f64>(found, <f64>((cell - histogram) / 24), 8);
      store<f64>(found, <f64>pass, 16);
      v128.store(found, left, 24);
      store<f64>(found, leftRows, 40);
    }
  }
}
