// Examples of any kind of task: customers, customers and items, or moments within visits.
import type { Engine } from './engine.ts';
import type { ExampleEntity } from './entity.ts';
import { buildExamples, type ExampleOptions, type ExampleSet } from './examples.ts';
import { buildPairExamples } from './pairs/pair-examples.ts';
import type { EventSource } from './source.ts';
import { buildVisitExamples } from './visits/visit-examples.ts';

export interface ReadOptions extends ExampleOptions {
  readonly entity: ExampleEntity;
  /** Draws the moments of visits. */
  readonly seed?: number;
}

/** @throws AppError BAD_DEFINITION, USAGE, INTERRUPTED */
export function readExamples(
  engine: Engine,
  source: EventSource,
  { entity, ...options }: ReadOptions,
): Promise<ExampleSet> {
  switch (entity) {
    case 'user':
      return buildExamples(engine, source, options);
    case 'user_item':
      return buildPairExamples(engine, source, options);
    case 'session':
      return buildVisitExamples(engine, source, options);
  }
}
