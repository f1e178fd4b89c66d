// Path-dependent contributions of a stripe of trees for one block of rows: the walk of walk.ts, two numbers at a time.
import {
  COLUMNS, COVER, FACTOR, FEATURE, FOLLOWS, GOES_LEFT, GROUP, GROUPS, LEFT, LEVEL_BYTES, LEVELS, MISSING_LEFT, PARENT,
  PATH_FEATURE, PATH_RISE, PATH_ZERO, PRODUCT, RIGHT, ROWS, SCALED, SET_START, SETS, SLOT, STRIDE, STRIPES, SUMS,
  SUMS_BYTES, TABLE, THRESHOLD, TREE_BYTES, TREE_COUNT, TREES, VALUE, word,
} from './plan.ts';

// Of the stripe at hand: every thread has an instance, and so these, of its own.
let features: usize = 0;
let thresholds: usize = 0;
let setStarts: usize = 0;
let missingLefts: usize = 0;
let lefts: usize = 0;
let rights: usize = 0;
let covers: usize = 0;
let leafValues: usize = 0;
let sets: usize = 0;
let columns: usize = 0;
let stride: usize = 0;
let rows: usize = 0;
let sums: usize = 0;
let pathFeature: usize = 0;
let pathZero: usize = 0;
let pathRise: usize = 0;
let factor: usize = 0;
let scaled: usize = 0;
let levels: usize = 0;
/** Bytes of one value at every node of the tree's rule, a multiple of 16. */
let span: usize = 0;
let at: usize = 0;
let weight: usize = 0;
let away: usize = 0;

/** Adds up the trees stripe, stripe + stripes, … into the stripe's sums. */
export function explain(plan: usize, desk: usize, stripe: u32): void {
  features = word(plan, FEATURE);
  thresholds = word(plan, THRESHOLD);
  setStarts = word(plan, SET_START);
  missingLefts = word(plan, MISSING_LEFT);
  lefts = word(plan, LEFT);
  rights = word(plan, RIGHT);
  covers = word(plan, COVER);
  leafValues = word(plan, VALUE);
  sets = word(plan, SETS);
  columns = word(plan, COLUMNS);
  stride = word(plan, STRIDE);
  rows = word(plan, ROWS);
  pathFeature = word(desk, PATH_FEATURE);
  pathZero = word(desk, PATH_ZERO);
  pathRise = word(desk, PATH_RISE);
  factor = word(desk, FACTOR);
  scaled = word(desk, SCALED);
  levels = word(desk, LEVELS);
  const bytes = word(plan, SUMS_BYTES);
  sums = word(plan, SUMS) + <usize>stripe * bytes;
  for (let column: usize = 0; column < bytes; column += stride) memory.fill(sums + column, 0, rows << 3);
  const trees = word(plan, TREES);
  const count = word(plan, TREE_COUNT);
  const stripes = word(plan, STRIPES);
  for (let tree: usize = stripe; tree < count; tree += stripes) {
    const record = trees + tree * TREE_BYTES;
    span = word(record, 4) << 3;
    at = word(record, 8);
    weight = at + span;
    away = weight + span;
    const root = word(record, 0);
    if (load<i32>(features + (root << 2)) < 0) continue;
    store<u32>(levels + GROUPS, 1);
    memory.fill(word(levels, GROUP), 0, rows << 2);
    const product = word(levels, PRODUCT);
    for (let i: usize = 0; i < span; i += 16) v128.store(product + i, f64x2.splat(1));
    visit(root, levels, 0, false);
  }
}

/** @param width steps of the path above the node. @param handed the table of the level above comes down with this node */
function visit(node: usize, above: usize, width: usize, handed: bool): void {
  const below = above + LEVEL_BYTES;
  const feature = load<u32>(features + (node << 2));
  let step: usize = 0;
  while (step < width && load<u32>(pathFeature + (step << 2)) != feature) step++;
  const again = step < width;
  const zero: f64 = again ? load<f64>(pathZero + (step << 3)) : 1;
  const wide = again ? width : width + 1;
  store<u32>(pathFeature + (step << 2), feature);
  split(node, feature, above, below, again ? word(above, FOLLOWS) + step * word(above, GROUPS) : 0);
  inherit(above, below, width);
  takeTable(above, below, handed ? width : 0, wide);
  const left: usize = load<u32>(lefts + (node << 2));
  const right: usize = load<u32>(rights + (node << 2));
  const cover = load<f64>(covers + (node << 3));
  const share: f64 = cover > 0 ? load<f64>(covers + (left << 3)) / cover : 0.5;
  const others: f64 = cover > 0 ? load<f64>(covers + (right << 3)) / cover : 0.5;
  const leftEnds = load<i32>(features + (left << 2)) < 0;
  const rightEnds = load<i32>(features + (right << 2)) < 0;
  let pending = handed;
  if (leftEnds) {
    enter(above, below, step, again, zero, share, 1);
    addLeaf(below, wide, load<f64>(leafValues + (left << 3)));
    pending = true;
  }
  if (rightEnds) {
    enter(above, below, step, again, zero, others, 0);
    addLeaf(below, wide, load<f64>(leafValues + (right << 3)));
    pending = true;
  }
  if (!leftEnds) {
    enter(above, below, step, again, zero, share, 1);
    visit(left, below, wide, pending);
    pending = false;
  }
  if (!rightEnds) {
    enter(above, below, step, again, zero, others, 0);
    visit(right, below, wide, pending);
  }
  if (leftEnds && rightEnds) settle(below, wide);
  if (again) setZero(step, zero);
}

/** Splits groups by a cut. @param followed of each group above, whether it still follows the feature; 0 when it is new */
function split(node: usize, feature: u32, above: usize, below: usize, followed: usize): void {
  const before = word(above, GROUP);
  const group = word(below, GROUP);
  const slot = word(below, SLOT);
  const parent = word(below, PARENT);
  const goesLeft = word(below, GOES_LEFT);
  memory.fill(slot, 0xff, word(above, GROUPS) << 3);
  const values = columns + <usize>feature * stride;
  const threshold = load<f64>(thresholds + (node << 3));
  const start = load<i32>(setStarts + (node << 2));
  const missing: u32 = load<u8>(missingLefts + node);
  let groups: u32 = 0;
  for (let row: usize = 0; row < rows; row++) {
    const value = load<f64>(values + (row << 3));
    let side: u32;
    if (start >= 0) side = value < 0 ? missing : <u32>load<u8>(sets + <usize>start + <usize>value);
    else side = value <= threshold ? 1 : value == value ? 0 : missing;
    const own: usize = load<u32>(before + (row << 2));
    if (followed != 0) side &= <u32>load<u8>(followed + own);
    const place = slot + (((own << 1) + <usize>side) << 2);
    let id = load<u32>(place);
    if (id == 0xffffffff) {
      id = groups++;
      store<u32>(place, id);
      store<u32>(parent + ((<usize>id) << 2), <u32>own);
      store<u8>(goesLeft + <usize>id, <u8>side);
    }
    store<u32>(group + (row << 2), id);
  }
  store<u32>(below + GROUPS, groups);
}

function inherit(above: usize, below: usize, width: usize): void {
  const groups = word(below, GROUPS);
  const parent = word(below, PARENT);
  let from = word(above, FOLLOWS);
  let to = word(below, FOLLOWS);
  for (let step: usize = 0; step < width; step++) {
    for (let g: usize = 0; g < groups; g++) {
      store<u8>(to + g, load<u8>(from + <usize>load<u32>(parent + (g << 2))));
    }
    from += word(above, GROUPS);
    to += groups;
  }
}

function takeTable(above: usize, below: usize, taken: usize, cells: usize): void {
  const groups = word(below, GROUPS);
  const parent = word(below, PARENT);
  let from = word(above, TABLE);
  let to = word(below, TABLE);
  for (let cell: usize = 0; cell < taken; cell++) {
    for (let g: usize = 0; g < groups; g++) {
      store<f64>(to + (g << 3), load<f64>(from + ((<usize>load<u32>(parent + (g << 2))) << 3)));
    }
    from += word(above, GROUPS) << 3;
    to += groups << 3;
  }
  memory.fill(to, 0, ((cells - taken) * groups) << 3);
}

/** Follows one child: the path's step, who follows it, and their products. */
function enter(above: usize, below: usize, step: usize, again: bool, zero: f64, share: f64, left: u32): void {
  const after = zero * share;
  const one = f64x2.splat(1);
  for (let i: usize = 0; i < span; i += 16) {
    const t = v128.load(at + i);
    const before = again ? f64x2.add(f64x2.splat(zero), f64x2.mul(f64x2.splat(1 - zero), t)) : one;
    const kept = f64x2.add(f64x2.splat(after), f64x2.mul(f64x2.splat(1 - after), t));
    v128.store(factor + i, f64x2.div(kept, before));
    v128.store(factor + span + i, f64x2.div(f64x2.mul(f64x2.splat(after), f64x2.sub(one, t)), before));
    v128.store(factor + span + span + i, f64x2.splat(share));
  }
  setZero(step, after);
  const groups = word(below, GROUPS);
  const parent = word(below, PARENT);
  const goesLeft = word(below, GOES_LEFT);
  const follows = word(below, FOLLOWS) + step * groups;
  const followed = word(above, FOLLOWS) + step * word(above, GROUPS);
  const from = word(above, PRODUCT);
  let to = word(below, PRODUCT);
  for (let g: usize = 0; g < groups; g++) {
    const own: usize = load<u32>(parent + (g << 2));
    const stays: bool = !again || load<u8>(followed + own) == 1;
    const goes: bool = stays && <u32>load<u8>(goesLeft + g) == left;
    store<u8>(follows + g, goes ? 1 : 0);
    const by = factor + (goes ? 0 : stays ? span : span + span);
    const source = from + own * span;
    for (let i: usize = 0; i < span; i += 16) {
      v128.store(to + i, f64x2.mul(v128.load(source + i), v128.load(by + i)));
    }
    to += span;
  }
}

function setZero(step: usize, zero: f64): void {
  store<f64>(pathZero + (step << 3), zero);
  const rise = pathRise + step * span;
  const rest = f64x2.splat(1 - zero);
  for (let i: usize = 0; i < span; i += 16) {
    v128.store(rise + i, f64x2.div(rest, f64x2.add(f64x2.splat(zero), f64x2.mul(rest, v128.load(at + i)))));
  }
}

function addLeaf(below: usize, width: usize, value: f64): void {
  const groups = word(below, GROUPS);
  const follows = word(below, FOLLOWS);
  const table = word(below, TABLE);
  let product = word(below, PRODUCT);
  const times = f64x2.splat(value);
  for (let g: usize = 0; g < groups; g++) {
    let lost = f64x2.splat(0);
    for (let i: usize = 0; i < span; i += 16) {
      const part = f64x2.mul(f64x2.mul(v128.load(product + i), v128.load(weight + i)), times);
      v128.store(scaled + i, part);
      lost = f64x2.add(lost, f64x2.mul(part, v128.load(away + i)));
    }
    const less = f64x2.extract_lane(lost, 0) + f64x2.extract_lane(lost, 1);
    let rise = pathRise;
    let flag = follows + g;
    let cell = table + (g << 3);
    for (let step: usize = 0; step < width; step++) {
      if (load<u8>(flag) == 0) store<f64>(cell, load<f64>(cell) - less);
      else {
        let sum = f64x2.splat(0);
        for (let i: usize = 0; i < span; i += 16) {
          sum = f64x2.add(sum, f64x2.mul(v128.load(scaled + i), v128.load(rise + i)));
        }
        store<f64>(cell, load<f64>(cell) + f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
      }
      rise += span;
      flag += groups;
      cell += groups << 3;
    }
    product += span;
  }
}

/** Gives the table to the rows. */
function settle(below: usize, width: usize): void {
  const groups = word(below, GROUPS);
  const group = word(below, GROUP);
  let cells = word(below, TABLE);
  for (let step: usize = 0; step < width; step++) {
    const into = sums + <usize>load<u32>(pathFeature + (step << 2)) * stride;
    for (let row: usize = 0; row < rows; row++) {
      const cell = cells + ((<usize>load<u32>(group + (row << 2))) << 3);
      store<f64>(into + (row << 3), load<f64>(into + (row << 3)) + load<f64>(cell));
    }
    cells += groups << 3;
  }
}
