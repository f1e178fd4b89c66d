// A saved model asked about the entities of its task, be they customers, visits, or customers with an item.
import { AppError } from '../../core/errors.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { PredictionEntity } from '../api.ts';
import { openPairAnswerer } from './answer-pairs.ts';
import { type AnswerOptions, type AskedUser, type OnlineAnswers, openUserAnswerer } from './answer-users.ts';
import { openVisitAnswerer } from './answer-visits.ts';
import type { ItemColumns } from './item-columns.ts';

/** An entity and what is known of whoever it is about. */
export interface AskedEntity {
  readonly entity: PredictionEntity;
  readonly history: Omit<AskedUser, 'userId'>;
}

export interface EntityAnswerer {
  /** @throws AppError BAD_DATA for an entity that lacks an id the task needs */
  answer(asked: readonly AskedEntity[], asOfMs: number, options?: AnswerOptions): Promise<OnlineAnswers>;
}

/** @param items what everybody did with items; awaited with every answer of models that are told it */
export function openEntityAnswerer(
  bundle: LoadedBundle,
  context: FieldContext,
  items: () => Promise<ItemColumns>,
): EntityAnswerer {
  switch (bundle.task.entity) {
    case 'user': {
      const users = openUserAnswerer(bundle, context);
      return {
        answer: (asked, asOfMs, options) =>
          users.answer(
            asked.map(({ entity, history }) => ({ ...history, userId: needPerson(entity) })),
            asOfMs,
            options,
          ),
      };
    }
    case 'session': {
      const visits = openVisitAnswerer(bundle, context, items);
      return {
        answer: (asked, asOfMs, options) =>
          visits.answer(
            asked.map(({ entity, history }) => ({
              ...history,
              userId: needVisitor(entity),
              ...(entity.session_id !== undefined && { sessionId: entity.session_id }),
            })),
            asOfMs,
            options,
          ),
      };
    }
    case 'user_item': {
      const pairs = openPairAnswerer(bundle, context, items);
      return {
        answer: (asked, asOfMs, options) =>
          pairs.answer(
            asked.map(({ entity, history }) => ({
              ...history,
              userId: keyOf(entity),
              itemId: needItem(entity),
            })),
            asOfMs,
            options,
          ),
      };
    }
  }
}

function needPerson({ user_id, anonymous_id }: PredictionEntity): string {
  const person = user_id ?? anonymous_id;
  if (person !== undefined) return person;
  throw new AppError(
    'BAD_DATA',
    'expected a user_id (or the anonymous_id of a visitor) for each entity: the task is asked about customers',
  );
}

function needVisitor({ user_id, anonymous_id, session_id }: PredictionEntity): string {
  const visitor = user_id ?? anonymous_id ?? session_id;
  if (visitor !== undefined) return visitor;
  throw new AppError(
    'BAD_DATA',
    'expected a session_id, or the user_id or anonymous_id of whoever is on the visit, for each entity: the task is asked about visits',
  );
}

function needItem({ item_id, ...person }: PredictionEntity): string {
  needPerson(person);
  if (item_id !== undefined) return item_id;
  throw new AppError(
    'BAD_DATA',
    'expected an item_id beside the user_id of each entity: the task is asked about customers and items',
  );
}

/** A customer and a visitor of one id are two people. */
const keyOf = ({ user_id, anonymous_id = '' }: PredictionEntity): string =>
  user_id !== undefined ? `user ${user_id}` : `visitor ${anonymous_id}`;
