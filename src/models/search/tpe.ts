// Where to look next: tree-structured Parzen estimation, which models where good settings lie and where the others do.
import type { Random } from '../../core/random.ts';
import { normalCdf } from '../../core/special.ts';
import type { Dimension, SearchSpace, Settings } from '../estimator.ts';
import { cellOf, dimensionsOf, drawNear, drawPosition, positionOf, settingsAt } from './space.ts';

/** Settings that were tried, best first; no more of their scores is needed than their order. */
export type Tried = readonly Settings[];

/** Drawn from the good and ranked by how much likelier they are among the good than among the others. */
const CANDIDATES = 32;
/** A first look costs this many trials: fewer say nothing about where good settings lie. */
const FIRST_LOOK = 6;
/** Of the range: how far a first look strays from where the search begins. */
const NEAR = 0.2;
const MOST_GOOD = 25;

/**
 * The next settings to try: a first look around `start` and over the whole space by turns, then whatever is most likely
 * under the good tenth and least under the rest, as expected improvement has it.
 *
 * @param tried  best first
 * @param start  where the search began; the middle where it is silent
 * @param draw   a stream of its own for each proposal, so that a search may be taken up where it was left
 * @see Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization; Falkner et al. 2018 for the joint kernels
 */
export function propose(
  space: SearchSpace,
  { tried, start, draw }: { tried: Tried; start: Settings; draw: Random },
): Settings {
  if (tried.length < FIRST_LOOK) {
    const near = tried.length % 2 === 1;
    const at = near ? drawNear(space, positionOf(space, start), draw, NEAR) : drawPosition(space, draw);
    return settingsAt(space, at);
  }
  const places = tried.map((settings) => positionOf(space, settings));
  const good = Math.min(MOST_GOOD, Math.ceil(0.1 * places.length) + 1);
  const [above, below] = [density(space, places.slice(0, good)), density(space, places.slice(good))];
  let best: Float64Array | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < CANDIDATES; i++) {
    const place = above.sample(draw);
    const gain = above.logAt(place) - below.logAt(place);
    if (gain > most || !best) [best, most] = [place, gain];
  }
  return settingsAt(space, best as Float64Array);
}

interface Density {
  logAt(place: Float64Array): number;
  sample(draw: Random): Float64Array;
}

/** A mixture of one kernel a place and an even prior over the space, which counts as one more. */
function density(space: SearchSpace, places: readonly Float64Array[]): Density {
  const names = dimensionsOf(space);
  const dimensions = names.map((name) => space[name]);
  // Scott's rule in the unit cube, for a spread of a fifth of the range.
  const width = 0.2 * Math.max(1, places.length) ** (-1 / (dimensions.length + 4));
  const share = 1 / (places.length + 1);
  const kernels = places.map((centre) =>
    dimensions.map((dimension, d) => kernelOf(dimension, centre[d], width)),
  );
  return {
    logAt(place) {
      let sum =
        share * dimensions.reduce((product, dimension, d) => product * evenly(dimension, place[d]), 1);
      for (const own of kernels) sum += own.reduce((product, kernel, d) => product * kernel(place[d]), share);
      return Math.log(sum + 1e-300);
    },
    sample(draw) {
      const which = draw.integer(places.length + 1);
      if (which === places.length) return drawPosition(space, draw);
      const centre = places[which];
      return Float64Array.from(dimensions, (dimension, d) => strayFrom(dimension, centre[d], width, draw));
    },
  };
}

/** Of a choice, this much of a kernel's belief is spread evenly over all options. */
const OPEN_MIND = 0.3;

function evenly(dimension: Dimension, at: number): number {
  if (dimension.kind === 'choice') return 1 / dimension.options.length;
  if (!dimension.integer) return 1;
  const { from, to } = cellOf(dimension, at);
  return to - from;
}

/** Truncated normal for numbers (its mass over the cell of an integer), a share for choices. */
function kernelOf(dimension: Dimension, centre: number, width: number): (at: number) => number {
  if (dimension.kind === 'choice') {
    const open = OPEN_MIND / dimension.options.length;
    return (at) => open + (at === centre ? 1 - OPEN_MIND : 0);
  }
  const below = (x: number) => normalCdf((x - centre) / width);
  const inside = below(1) - below(0);
  if (dimension.integer) {
    return (at) => {
      const { from, to } = cellOf(dimension, at);
      return (below(to) - below(from)) / inside;
    };
  }
  const height = 1 / (width * Math.sqrt(2 * Math.PI) * inside);
  return (at) => height * Math.exp(-0.5 * ((at - centre) / width) ** 2);
}

function strayFrom(dimension: Dimension, centre: number, width: number, draw: Random): number {
  if (dimension.kind === 'choice')
    return draw.uniform() < OPEN_MIND ? draw.integer(dimension.options.length) : centre;
  for (;;) {
    const at = centre + width * draw.normal();
    if (at >= 0 && at <= 1) return at;
  }
}
