// What each of a row's newest events is worth to a model's answer: the form in which models say it and explanations read it.

/** `base + Σ events + asking + Σ features + unexplained = margin`, row by row. */
export interface EventAttribution {
  /** Events of row r are offsets[r] … offsets[r + 1] − 1, oldest first: the newest of its event columns, [rows + 1]. */
  readonly offsets: Uint32Array;
  /** What each event is worth on the margin, beside an event at the same moment of which nothing is known. */
  readonly events: Float64Array;
  /** Share of attention that reaches the answer from each event, by roll-out; what is missing to 1 is the asking's own. */
  readonly attention?: Float64Array;
  /** What it is worth when the question was asked: how long after the newest event, [rows]. */
  readonly asking: Float64Array;
  /** Columns of the table that have a part, beside an average row. */
  readonly features: readonly string[];
  /** [rows, features] */
  readonly values: Float64Array;
  /** The margin where nothing is known but when something was done, [rows]. */
  readonly base: Float64Array;
  /** [rows] */
  readonly margins: Float64Array;
  /** What the sum leaves open, being a sum in place of an integral: [rows]. */
  readonly unexplained: Float64Array;
}

/**
 * An attribution carried over to another scale, such as a calibrated margin or an amount: each row's differences are
 * stretched in one proportion, so that they add up there.
 *
 * @param carry margins in, [rows], numbers of the other scale out; never falling
 */
export function carryEventAttribution(
  attribution: EventAttribution,
  carry: (margins: Float64Array) => Float64Array,
): EventAttribution {
  const { offsets, features } = attribution;
  const [base, margins] = [carry(attribution.base.slice()), carry(attribution.margins.slice())];
  const stretch = margins.map((margin, row) => {
    const difference = attribution.margins[row] - attribution.base[row];
    return difference === 0 ? 0 : (margin - base[row]) / difference;
  });
  const rowOfEvent = new Uint32Array(attribution.events.length);
  stretch.forEach((_, row) => void rowOfEvent.fill(row, offsets[row], offsets[row + 1]));
  return {
    ...attribution,
    ...{ base, margins },
    events: attribution.events.map((worth, event) => worth * stretch[rowOfEvent[event]]),
    asking: attribution.asking.map((worth, row) => worth * stretch[row]),
    values: attribution.values.map((worth, i) => worth * stretch[Math.floor(i / features.length)]),
    unexplained: attribution.unexplained.map((rest, row) => rest * stretch[row]),
  };
}

/** One of several that are added up. */
export interface WeighedAttribution {
  readonly attribution: EventAttribution;
  readonly weight: number;
}

/**
 * Σ weight · attribution: of a sum of models, or their mean. Models may look back differently far: events are matched from
 * the newest. Shares of attention are averaged over those that have any.
 */
export function sumEventAttributions(parts: readonly WeighedAttribution[]): EventAttribution {
  const [{ attribution: first }] = parts;
  const rows = first.margins.length;
  const sizes = (row: number): number =>
    Math.max(...parts.map(({ attribution: { offsets } }) => offsets[row + 1] - offsets[row]));
  const offsets = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) offsets[row + 1] = offsets[row] + sizes(row);
  const features = [...new Set(parts.flatMap(({ attribution }) => attribution.features))];
  const values = new Float64Array(rows * features.length);
  for (const { attribution, weight } of parts)
    attribution.features.forEach((feature, f) => {
      const at = features.indexOf(feature);
      for (let row = 0; row < rows; row++)
        values[row * features.length + at] +=
          weight * attribution.values[row * attribution.features.length + f];
    });
  const perEvent = (
    summed: readonly { readonly attribution: EventAttribution; readonly share: number }[],
    of: (attribution: EventAttribution) => Float64Array,
  ): Float64Array => {
    const sum = new Float64Array(offsets[rows]);
    for (const { attribution, share } of summed)
      for (let row = 0; row < rows; row++) {
        const size = attribution.offsets[row + 1] - attribution.offsets[row];
        for (let k = 1; k <= size; k++)
          sum[offsets[row + 1] - k] += share * of(attribution)[attribution.offsets[row + 1] - k];
      }
    return sum;
  };
  const looking = parts.filter(({ attribution }) => attribution.attention);
  const total = looking.reduce((sum, { weight }) => sum + weight, 0);
  const attention =
    total > 0 &&
    perEvent(
      looking.map(({ attribution, weight }) => ({ attribution, share: weight / total })),
      (attribution) => attribution.attention as Float64Array,
    );
  const perRow = (of: (attribution: EventAttribution) => Float64Array): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) =>
      parts.reduce((sum, { attribution, weight }) => sum + weight * of(attribution)[row], 0),
    );
  return {
    ...{ offsets, features, values },
    events: perEvent(
      parts.map(({ attribution, weight }) => ({ attribution, share: weight })),
      ({ events }) => events,
    ),
    ...(attention && { attention }),
    asking: perRow((one) => one.asking),
    base: perRow((one) => one.base),
    margins: perRow((one) => one.margins),
    unexplained: perRow((one) => one.unexplained),
  };
}
