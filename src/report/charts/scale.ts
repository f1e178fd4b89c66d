// From values to pixels and to ticks a person would have chosen.

/** Maps a value of the domain to a pixel; `ticks` are values worth a label. */
export interface Scale {
  (value: number): number;
  readonly domain: readonly [low: number, high: number];
  readonly range: readonly [from: number, to: number];
  readonly ticks: readonly number[];
}

interface ScaleShape {
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
  /** About how many ticks. */
  readonly ticks?: number;
}

/** A straight scale; an empty domain is widened so that nothing divides by zero. */
export function linearScale({ domain, range, ticks = 5 }: ScaleShape): Scale {
  const [low, high] = widen(domain);
  const place = (value: number) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]);
  return Object.assign(place, { domain: [low, high] as const, range, ticks: linearTicks(low, high, ticks) });
}

/** A straight scale whose domain is rounded outwards to its ticks. */
export function niceScale(shape: ScaleShape): Scale {
  const [low, high] = widen(shape.domain);
  const step = tickStep(low, high, shape.ticks ?? 5);
  // The guard keeps 0.30000000000000004 / 0.1 from costing a whole step.
  const domain = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step] as const;
  return linearScale({ ...shape, domain });
}

/**
 * A logarithmic scale that has a place for zero and for refunds: sign(v) · ln(1 + |v| / unit).
 *
 * @param unit below it the scale is straight (one major unit of money, say)
 */
export function signedLogScale({ domain, range, unit = 1 }: ScaleShape & { readonly unit?: number }): Scale {
  const squeeze = (value: number) => Math.sign(value) * Math.log1p(Math.abs(value) / unit);
  const [low, high] = widen(domain);
  const [from, to] = [squeeze(low), squeeze(high)];
  const place = (value: number) => range[0] + ((squeeze(value) - from) / (to - from)) * (range[1] - range[0]);
  const ticks: number[] = [0];
  for (let tick = unit; tick <= Math.max(high, -low); tick *= 10) {
    if (tick <= high) ticks.push(tick);
    if (-tick >= low) ticks.unshift(-tick);
  }
  return Object.assign(place, {
    domain: [low, high] as const,
    range,
    ticks: ticks.filter((tick) => tick >= low && tick <= high),
  });
}

/** Multiples of 1, 2 or 5 × 10^k inside `[low, high]`. */
export function linearTicks(low: number, high: number, count: number): number[] {
  const step = tickStep(low, high, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Dividing by the inverse keeps 0.3 from reading 0.30000000000000004.
  const inverse = Math.round(1 / step);
  const ticks: number[] = [];
  // Adding zero turns −0 into 0.
  for (let i = first; i <= last; i++) ticks.push((step < 1 ? i / inverse : i * step) + 0);
  return ticks;
}

function tickStep(low: number, high: number, count: number): number {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  // The thresholds are the geometric means between 1, 2, 5 and 10.
  const nice = lead >= Math.sqrt(50) ? 10 : lead >= Math.sqrt(10) ? 5 : lead >= Math.sqrt(2) ? 2 : 1;
  return nice * power;
}

function widen([low, high]: readonly [number, number]): [number, number] {
  if (high > low) return [low, high];
  const by = Math.abs(low) || 1;
  return [low - by / 2, low + by / 2];
}

/** Lowest and highest of the finite values; [0, 1] when there is none. */
export function extent(values: Iterable<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}
