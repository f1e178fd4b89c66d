// What the products share. Panels: four columns side by side, row after row, for a block of rows.

/** Bytes from one panel to the next: 256 rows of four doubles, and a cache line so that panels do not share a set. */
export const PANEL: usize = 256 * 32 + 64;

@inline
export function addTo(sums: usize, more: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), more));
}
