// From the root down, several walks side by side: for one row through many trees, or rows through trees too large to sweep.
import { BASE, marginsAt, OUTPUTS, ROWS, SLOT_HEAD, STRIDE, startMargins, TREES, WALKS, word } from './plan.ts';

/** Margins of one row: four trees at a time. */
export function walkRow(plan: usize, slot: usize): void {
  const row = slot + SLOT_HEAD;
  const margins = marginsAt(plan, slot);
  memory.copy(margins, word(plan, BASE), word(plan, OUTPUTS) << 3);
  let tree = word(plan, WALKS);
  const end = tree + (word(plan, TREES) << 4);
  const fours = tree + ((word(plan, TREES) & ~3) << 4);
  for (; tree < fours; tree += 64) {
    let a: usize = load<u32>(tree), b: usize = load<u32>(tree, 16);
    let c: usize = load<u32>(tree, 32), d: usize = load<u32>(tree, 48);
    const depth = max(max(load<u32>(tree, 4), load<u32>(tree, 20)), max(load<u32>(tree, 36), load<u32>(tree, 52)));
    for (let level: u32 = 0; level < depth; level++) {
      a = step(a, row, 8);
      b = step(b, row, 8);
      c = step(c, row, 8);
      d = step(d, row, 8);
    }
    add(margins + (<usize>load<u32>(tree, 12) << 3), a);
    add(margins + (<usize>load<u32>(tree, 28) << 3), b);
    add(margins + (<usize>load<u32>(tree, 44) << 3), c);
    add(margins + (<usize>load<u32>(tree, 60) << 3), d);
  }
  for (; tree < end; tree += 16) {
    let a: usize = load<u32>(tree);
    for (let level = load<u32>(tree, 4); level > 0; level--) a = step(a, row, 8);
    add(margins + (<usize>load<u32>(tree, 12) << 3), a);
  }
}

/** Margins of a slot's rows, 64 at a time as in `sweep`. */
export function walk(plan: usize, slot: usize): void {
  const stride = word(plan, STRIDE);
  const columns = slot + SLOT_HEAD;
  const margins = marginsAt(plan, slot);
  const bytes = word(slot, ROWS) << 3;
  for (let from: usize = 0; from < bytes; from += 512) {
    startMargins(plan, margins + from);
    let tree = word(plan, WALKS);
    for (let left = word(plan, TREES); left > 0; left--, tree += 16) {
      const root: usize = load<u32>(tree);
      const depth = load<u32>(tree, 4);
      const into = margins + <usize>load<u32>(tree, 12) * stride;
      for (let at = from; at < from + 512; at += 32) {
        const row = columns + at;
        let a = root, b = root, c = root, d = root;
        for (let level: u32 = 0; level < depth; level++) {
          const e = step(a, row, stride), f = step(b, row + 8, stride);
          const g = step(c, row + 16, stride), h = step(d, row + 24, stride);
          // the deepest branch of a large tree is far below most leaves
          const moved = (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h);
          a = e;
          b = f;
          c = g;
          d = h;
          if (!moved) break;
        }
        add(into + at, a);
        add(into + at + 8, b);
        add(into + at + 16, c);
        add(into + at + 24, d);
      }
    }
  }
}

/**
 * The child a row goes to; a leaf leads to itself. A node is a threshold, the address of its right child (the left one
 * comes behind it) and a word: input · 4 + (2 for a cut) + (1 where missing goes left). A category's threshold is NaN
 * around the address of its flags; a number's cut reads address 0, which holds 0.
 */
@inline
function step(node: usize, row: usize, stride: usize): usize {
  const threshold = load<f64>(node);
  const bits = load<u32>(node, 12);
  const value = load<f64>(row + <usize>(bits >> 2) * stride);
  const category = threshold != threshold;
  const flag = load<u8>(category ? <usize>load<u32>(node) + <usize>(<i32>value + 1) : 0);
  const left = <u32>(value <= threshold) | (<u32>(value != value) & bits) | flag;
  return <usize>load<u32>(node, 8) + <usize>((left & (bits >> 1) & 1) << 4);
}

@inline
function add(margin: usize, leaf: usize): void {
  store<f64>(margin, load<f64>(margin) + load<f64>(leaf));
}
