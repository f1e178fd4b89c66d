// Seeded randomness: the same seed gives the same stream on every machine.

/** A stream of pseudo-random draws; fork it by name so that one consumer never shifts another. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, limit). */
  integer(limit: number): number;
  normal(mean?: number, stdDev?: number): number;
  /** Gamma with the given shape and scale 1/rate. */
  gamma(shape: number, rate?: number): number;
  beta(a: number, b: number): number;
  exponential(rate: number): number;
  poisson(mean: number): number;
  /** Index drawn with probability proportional to `weights`. */
  choice(weights: ArrayLike<number>): number;
  /** Fisher–Yates, in place. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
  /** An independent stream; the same name gives the same stream. */
  fork(name: string): Random;
}

/** FNV-1a, 32 bits, with a final `mix32`. */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let hash = seed >>> 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix32(hash);
}

/** The final mix of murmur3 (fmix32): a bijection of 32 bits in which every bit moves every other. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * sfc32 (Doty-Humphrey, PractRand), seeded from an integer.
 *
 * @param seed any integer; only its low 53 bits count
 */
export function random(seed: number): Random {
  const low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return fromState(mix32(low ^ 0x9e3779b9), mix32(high ^ 0x243f6a88), mix32(low ^ 0xb7e15162), 1);
}

function fromState(s0: number, s1: number, s2: number, s3: number): Random {
  let a = s0 | 0;
  let b = s1 | 0;
  let c = s2 | 0;
  let counter = s3 | 0;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const identity = [next(), next(), next()] as const;

  const uniform = () => next() / 4294967296;
  /** Uniform in (0, 1): safe under a logarithm. */
  const open = () => (next() + 0.5) / 4294967296;

  let spare = Number.NaN;
  const standardNormal = (): number => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(open()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  /** Marsaglia and Tsang 2000; shapes under one are boosted. */
  const standardGamma = (shape: number): number => {
    if (shape < 1) return standardGamma(shape + 1) * open() ** (1 / shape);
    const d = shape - 1 / 3;
    const k = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = standardNormal();
      const v = (1 + k * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(open()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };

  /** Inversion below 30; above, a sum of halves keeps it exact. */
  const poisson = (mean: number): number => {
    if (mean > 30) {
      const left = Math.floor(mean / 2);
      return poisson(left) + poisson(mean - left);
    }
    const limit = Math.exp(-mean);
    let product = uniform();
    let count = 0;
    while (product > limit) {
      count++;
      product *= uniform();
    }
    return count;
  };

  return {
    uniform,
    integer: (limit) => Math.floor(uniform() * limit),
    normal: (mean = 0, stdDev = 1) => mean + stdDev * standardNormal(),
    gamma: (shape, rate = 1) => standardGamma(shape) / rate,
    beta(p, q) {
      const x = standardGamma(p);
      return x / (x + standardGamma(q));
    },
    exponential: (rate) => -Math.log(open()) / rate,
    poisson,
    choice(weights) {
      let total = 0;
      for (let i = 0; i < weights.length; i++) total += weights[i];
      let rest = uniform() * total;
      for (let i = 0; i < weights.length; i++) {
        rest -= weights[i];
        if (rest < 0) return i;
      }
      return weights.length - 1;
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        const held = items[i];
        (items as { [index: number]: unknown })[i] = items[j];
        (items as { [index: number]: unknown })[j] = held;
      }
      return items;
    },
    fork(name) {
      const h = hash32(name);
      return fromState(identity[0] ^ h, identity[1] ^ hash32(name, h), identity[2], 1);
    },
  };
}
