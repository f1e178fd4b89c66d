// The indicators of a design matrix by how its normal matrix treats them.
import type { DesignMatrix, Indicator } from '../design.ts';

/** Flags of one or two coefficients: each coefficient is a column of zeros and ones. */
export const flagsOf = ({ indicators }: DesignMatrix): readonly Indicator[] =>
  indicators.filter(({ width }) => width <= 2);

/** Wider ones: a row adds to what belongs to its level. */
export const categoriesOf = ({ indicators }: DesignMatrix): readonly Indicator[] =>
  indicators.filter(({ width }) => width > 2);
