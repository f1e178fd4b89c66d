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
