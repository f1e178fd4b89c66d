// The predictor and the recommender of a shop with somebody listening: every answer about people as they stand is logged.
import type { Metrics } from '../../monitor/metrics/metrics.ts';
import type { ItemRecommender, Predictor } from '../ports.ts';
import type { AnswerLog } from './answer-log.ts';

export interface WatchedParts {
  readonly name: string;
  readonly answers: AnswerLog;
  readonly metrics: Metrics;
  /** The version that answers where nothing is on trial. */
  readonly activeVersion: (task: string) => string | undefined;
}

/**
 * What is answered from events sent along, or about an earlier moment, is nobody's future: it is not logged, as no outcome
 * could be held against it.
 */
export function watchPredictor(predictor: Predictor, parts: WatchedParts): Predictor {
  const { name, answers, metrics, activeVersion } = parts;
  const isActive = (version: string, task: string): boolean => activeVersion(task) === version;
  const durations = new Map<string, (seconds: number) => void>();
  const counts = new Map<string, (count: number) => void>();
  return {
    get ready() {
      return predictor.ready;
    },
    get tasks() {
      return predictor.tasks;
    },
    async predict(question) {
      const start = performance.now();
      const given = await predictor.predict(question);
      const { task } = question;
      const duration = remembered(durations, task, () =>
        metrics.recorder('foresell.prediction.duration', {
          'foresell.workspace': name,
          'foresell.task': task,
        }),
      );
      duration((performance.now() - start) / 1000);
      const version = given[0]?.model_version ?? '';
      const count = remembered(counts, `${task} ${version}`, () =>
        metrics.recorder('foresell.predictions', {
          'foresell.workspace': name,
          'foresell.task': task,
          'foresell.model.version': version,
          'foresell.arm': isActive(version, task) ? 'active' : 'canary',
          'foresell.outcome': 'answered',
        }),
      );
      count(given.length);
      if (question.events === undefined && question.asOf === undefined) answers.answered(given, isActive);
      return given;
    },
  };
}

export function watchRecommender(recommender: ItemRecommender, answers: AnswerLog): ItemRecommender {
  return {
    version: recommender.version,
    async recommend(question) {
      const lists = await recommender.recommend(question);
      if (question.events === undefined && question.asOf === undefined) answers.listed(lists);
      return lists;
    },
  };
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
