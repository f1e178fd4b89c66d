// All that is known of one person at a moment: what they did, what models are told of it, and what each answers.
import { minorPerMajor } from '../../core/money.ts';
import { type Name, name } from '../../core/name.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { compileEventFold } from '../../data/features/fold.ts';
import type { Tier } from '../../eval/tiers.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { Prediction, PredictionEntity, ProfileFeature, ProfileSegment, UserProfile } from '../api.ts';
import type { Predictor, ProfileQuestion, UserProfiles } from '../ports.ts';
import type { KnownPerson } from '../state/online-state.ts';
import { type HistoryParts, openFindEntity } from './person-history.ts';
import { readTimeline } from './timeline.ts';

export interface ProfileParts extends HistoryParts {
  /** Those in service at the moment of asking. */
  readonly bundles: () => readonly LoadedBundle[];
  readonly predictor: Predictor;
  readonly context: FieldContext;
  readonly currency: string;
  /** Whether a visitor's events are a user's by now. */
  readonly isLinked: (anonymousId: string) => boolean;
  /** UTC ms. */
  readonly now: () => number;
}

type KnownAs = UserProfile['known_as'];

const ENTITIES: Readonly<Record<KnownAs, (id: string) => PredictionEntity>> = {
  user: (id) => ({ user_id: id }),
  visitor: (id) => ({ anonymous_id: id }),
  session: (id) => ({ session_id: id }),
};

const TIER_WORDS: Readonly<Record<Tier, Name>> = {
  high: name('high', '高'),
  mid: name('middle', '中'),
  low: name('low', '低'),
};

export function openUserProfiles(parts: ProfileParts): UserProfiles {
  const { bundles, predictor, context, currency, isLinked, personId = (id) => id, now } = parts;
  const find = openFindEntity(parts);

  const lookUp = ({ id, as }: ProfileQuestion) => {
    for (const knownAs of as ? [as] : (Object.keys(ENTITIES) as KnownAs[])) {
      const entity = ENTITIES[knownAs](id);
      const person = find(entity);
      if (person) return { knownAs, entity, person };
    }
    return undefined;
  };

  return {
    async read(question) {
      const found = lookUp(question);
      if (!found) return undefined;
      const { knownAs, entity, person } = found;
      const { id, asOf = now(), events: most, before, reasons = 0 } = question;
      const served = bundles();
      const predictions: Prediction[] = [];
      for (const { task } of served) {
        // Pairs of customer and item are a list of their own; a visit is one of a person's.
        if (task.entity === 'user_item' || (task.entity === 'user' && knownAs === 'session')) continue;
        predictions.push(
          ...(await predictor.predict({ task: task.name, entities: [entity], asOf, reasons })),
        );
      }
      return {
        id,
        known_as: knownAs,
        ...(knownAs === 'visitor' && isLinked(personId(id)) && { is_linked: true }),
        as_of: asOf,
        currency,
        events: {
          ...readTimeline(person.events, {
            ...{ asOfMs: asOf, most, currency },
            ...(before !== undefined && { before }),
          }),
          ...(person.past && { earlier_until: person.past.untilMs }),
        },
        features: featuresOf(served, person, { asOf, context, currency }),
        predictions: predictions.map(withoutIds),
        segments: segmentsOf(served, predictions),
      };
    },
  };
}

/** Whose profile it is has been said. */
function withoutIds({ user_id: _user, anonymous_id: _visitor, ...prediction }: Prediction): Prediction {
  return prediction;
}

/** What models of customers are told, each once; sequences of events are the timeline itself. */
function featuresOf(
  bundles: readonly LoadedBundle[],
  { events, past }: KnownPerson,
  {
    asOf,
    context,
    currency,
  }: { readonly asOf: number; readonly context: FieldContext; readonly currency: string },
): readonly ProfileFeature[] {
  const told = new Map<string, ProfileFeature>();
  for (const { task, view } of bundles) {
    if (task.entity !== 'user') continue;
    const { values, inexact } = compileEventFold(view, context)(events, asOf, past);
    view.features.forEach((feature, f) => {
      if (feature.rule.kind === 'sequence') return;
      const value = shownValue(values[f], feature.unit === 'money' ? minorPerMajor(currency) : 1);
      // One name may look back further for one model than for another, and says so.
      const key = JSON.stringify([feature.name, feature.label.en, value]);
      const known = told.get(key);
      told.set(key, {
        name: feature.name,
        ...feature.label,
        group: feature.group,
        unit: feature.unit === 'money' ? currency : feature.unit,
        value,
        ...(inexact.includes(f) && { inexact: true }),
        tasks: [...(known?.tasks ?? []), task.name],
      });
    });
  }
  return [...told.values()];
}

function shownValue(value: unknown, perUnit: number): number | string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value / perUnit : null;
  return typeof value === 'string' ? value : null;
}

function segmentsOf(
  bundles: readonly LoadedBundle[],
  predictions: readonly Prediction[],
): readonly ProfileSegment[] {
  const labels = new Map(bundles.map(({ task }) => [task.name, task.label]));
  return predictions.flatMap(({ task, tier }) => {
    const label = labels.get(task);
    if (!tier || !label) return [];
    const words = TIER_WORDS[tier];
    return [{ task, tier, en: `${label.en}: ${words.en}`, zh: `${label.zh}：${words.zh}` }];
  });
}
