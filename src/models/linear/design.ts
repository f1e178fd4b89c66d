// The design matrix: a Frame as standardised numbers, with every coefficient still knowing which feature it speaks for.
import { AppError } from '../../core/errors.ts';
import { type Frame, findColumn, type NumberColumn } from '../../core/frame.ts';
import type { Attribution } from '../estimator.ts';
import {
  type Encoding,
  encodeNumbers,
  encodingWidth,
  fitCategoryEncoding,
  fitNumberEncoding,
  indicatorOf,
} from './encoding.ts';

/** How each usable column is encoded, in frame order. JSON as it stands. */
export interface Design {
  readonly encodings: readonly Encoding[];
  /** Coefficients altogether, without the intercept. */
  readonly width: number;
}

/** Flags of one feature, coefficients `from` … `from + width − 1`: at most one is lit in a row. */
export interface Indicator {
  readonly from: number;
  readonly width: number;
  /** [rows]: the coefficient lit, −1 for none. */
  readonly codes: Int32Array;
}

/** Encoded rows: dense columns of numbers, and per feature at most one lit indicator a row. */
export interface DesignMatrix {
  readonly rows: number;
  readonly width: number;
  /** Each with the coefficient it multiplies; values [rows]. */
  readonly dense: readonly { readonly at: number; readonly values: Float64Array }[];
  readonly indicators: readonly Indicator[];
}

/** Levels of one category that keep a coefficient of their own, however many there are. */
const MAX_LEVELS = 48;
/** A level rarer than this would learn from noise alone. */
const MIN_LEVEL_ROWS = 8;

/**
 * Chooses the encoding of every number and category column. Text, vector and sequence columns are left out, and named
 * through `note`.
 *
 * @param weight [rows]
 * @throws AppError NOT_ENOUGH_DATA when no column can be used
 */
export function fitDesign(frame: Frame, weight: Float64Array, note: (message: string) => void): Design {
  const encodings: Encoding[] = [];
  const ignored: string[] = [];
  for (const column of frame.columns) {
    if (column.kind === 'number') encodings.push(fitNumberEncoding(column, weight));
    else if (column.kind === 'category')
      encodings.push(fitCategoryEncoding(column, MAX_LEVELS, MIN_LEVEL_ROWS));
    else ignored.push(column.name);
  }
  if (ignored.length > 0) note(`linear models read numbers and categories; left out: ${ignored.join(', ')}`);
  if (encodings.length === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected at least one number or category column, got none; declare features first',
    );
  }
  return { encodings, width: encodings.reduce((sum, encoding) => sum + encodingWidth(encoding), 0) };
}

/** @throws AppError SHAPE when the frame lacks a column, or has it as another kind */
function columnFor(frame: Frame, encoding: Encoding) {
  const column = findColumn(frame, encoding.name);
  if (column?.kind === encoding.kind) return column as NumberColumn;
  throw new AppError(
    'SHAPE',
    `expected a ${encoding.kind} column "${encoding.name}", got ${column ? `a ${column.kind} column` : 'none'}; ` +
      'use the features the model was trained on',
  );
}

export function encodeFrame(design: Design, frame: Frame): DesignMatrix {
  const dense: { at: number; values: Float64Array }[] = [];
  const indicators: Indicator[] = [];
  let at = 0;
  for (const encoding of design.encodings) {
    const column = columnFor(frame, encoding);
    const hasValue = encoding.kind === 'number' && encoding.stdDev > 0;
    if (hasValue) {
      dense.push({ at, values: encodeNumbers(encoding, column.values) });
    }
    const width = encodingWidth(encoding);
    const valueWidth = Number(hasValue);
    if (width > valueWidth) {
      const codes = indicatorOf(encoding, column);
      for (let i = 0; i < codes.length; i++) if (codes[i] >= 0) codes[i] += at;
      indicators.push({ from: at + valueWidth, width: width - valueWidth, codes });
    }
    at += width;
  }
  return { rows: frame.rows, width: design.width, dense, indicators };
}

/** The matrix rows at `rows`, in that order. */
export function takeMatrixRows(matrix: DesignMatrix, rows: ArrayLike<number>): DesignMatrix {
  return {
    rows: rows.length,
    width: matrix.width,
    dense: matrix.dense.map(({ at, values }) => {
      const taken = new Float64Array(rows.length);
      for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i]];
      return { at, values: taken };
    }),
    indicators: matrix.indicators.map(({ codes, ...place }) => {
      const taken = new Int32Array(rows.length);
      for (let i = 0; i < rows.length; i++) taken[i] = codes[rows[i]];
      return { ...place, codes: taken };
    }),
  };
}

/**
 * What each feature adds to the margin, one array [rows] a feature, without building the matrix: Σ coefficient × encoded.
 *
 * @param coefficients [width]
 */
export function featureTerms(
  design: Design,
  coefficients: Float64Array,
  frame: Frame,
  visit: (feature: number, terms: Float64Array) => void,
): void {
  let at = 0;
  design.encodings.forEach((encoding, feature) => {
    const column = columnFor(frame, encoding);
    const terms = new Float64Array(frame.rows);
    const own = coefficients.subarray(at, at + encodingWidth(encoding));
    if (own.some((coefficient) => coefficient !== 0)) addTerms(terms, encoding, column, own);
    visit(feature, terms);
    at += encodingWidth(encoding);
  });
}

/** @param own the coefficients of this encoding */
function addTerms(terms: Float64Array, encoding: Encoding, column: NumberColumn, own: Float64Array): void {
  const hasValue = encoding.kind === 'number' && encoding.stdDev > 0;
  if (own.length > Number(hasValue)) {
    const lit = indicatorOf(encoding, column);
    for (let i = 0; i < terms.length; i++) if (lit[i] >= 0) terms[i] = own[lit[i]];
  }
  if (!hasValue || own[0] === 0) return;
  const encoded = encodeNumbers(encoding, column.values);
  for (let i = 0; i < terms.length; i++) terms[i] += own[0] * encoded[i];
}

/** Margins of a linear model, [rows]. */
export function linearMargin(
  design: Design,
  coefficients: Float64Array,
  intercept: number,
  frame: Frame,
): Float64Array {
  const margin = new Float64Array(frame.rows).fill(intercept);
  featureTerms(design, coefficients, frame, (_feature, terms) => {
    for (let i = 0; i < margin.length; i++) margin[i] += terms[i];
  });
  return margin;
}

/**
 * Exact contributions of a linear model: per feature, coefficient × (encoded − training mean).
 *
 * @param means [width], as `columnMeans` gave them in training
 */
export function linearAttribution(
  design: Design,
  linear: { readonly coefficients: Float64Array; readonly intercept: number; readonly means: Float64Array },
  frame: Frame,
): Attribution {
  const { encodings } = design;
  const values = new Float64Array(frame.rows * encodings.length);
  let base = linear.intercept;
  let at = 0;
  const centres = encodings.map((encoding) => {
    let centre = 0;
    for (const end = at + encodingWidth(encoding); at < end; at++)
      centre += linear.coefficients[at] * linear.means[at];
    base += centre;
    return centre;
  });
  featureTerms(design, linear.coefficients, frame, (feature, terms) => {
    for (let i = 0; i < terms.length; i++) {
      values[i * encodings.length + feature] = terms[i] - centres[feature];
    }
  });
  return { features: encodings.map((encoding) => encoding.name), base, values };
}
