// A view compiled: each aggregate it needs once, and where every feature finds its own.
import { AppError } from '../../core/errors.ts';
import { type Aggregate, aggregateKey } from './aggregate.ts';
import { sequenceReading } from './classes.ts';
import type { FeatureDefinition, FeatureView, SequenceRule } from './definition.ts';
import { columnKind, type Formula, formulaOf } from './formula.ts';

/** One column in the making. */
export type PlannedFeature =
  | {
      readonly kind: 'number' | 'category';
      readonly feature: FeatureDefinition;
      readonly formula: Formula;
      /** Positions of the formula's needs in the plan's aggregates. */
      readonly slots: readonly number[];
    }
  | { readonly kind: 'sequence'; readonly feature: FeatureDefinition; readonly rule: SequenceRule };

export interface ViewPlan {
  readonly aggregates: readonly Aggregate[];
  readonly features: readonly PlannedFeature[];
}

/** @throws AppError BAD_DEFINITION when two features share a name or a rule cannot be used */
export function planView(view: FeatureView): ViewPlan {
  const aggregates: Aggregate[] = [];
  const slotOf = new Map<string, number>();
  const names = new Set<string>();
  const features = view.features.map((feature): PlannedFeature => {
    if (names.has(feature.name))
      throw new AppError(
        'BAD_DEFINITION',
        `two features of view "${view.name}" are called "${feature.name}"`,
      );
    names.add(feature.name);
    if (feature.rule.kind === 'sequence') {
      sequenceReading(feature.name, feature.rule);
      return { kind: 'sequence', feature, rule: feature.rule };
    }
    const formula = formulaOf(feature);
    const slots = formula.needs.map((aggregate) => {
      const key = aggregateKey(aggregate);
      const known = slotOf.get(key);
      if (known !== undefined) return known;
      slotOf.set(key, aggregates.length);
      return aggregates.push(aggregate) - 1;
    });
    const kind = columnKind(feature.rule) === 'category' ? 'category' : 'number';
    return { kind, feature, formula, slots };
  });
  return { aggregates, features };
}
