// A trained network that answers: sessions opened when first asked, vectors of items made once.
import { AppError } from '../../../core/errors.ts';
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import type { EvaluationProgram } from '../../../nn/program/evaluation-program.ts';
import type { Backend, Session } from '../../../tensor/session/session.ts';
import type { BestItems, BestWanted } from '../recommender.ts';
import { type Ask, answerPrograms, askStates, itemVectors, scoreHistories } from './scoring.ts';
import { hasShortlists, openShortlist, type Shortlist } from './shortlist/shortlist.ts';
import type { Trained, Values } from './trained.ts';
import { wholeAsking } from './whole-numbers.ts';

export interface Scorer {
  /** [entities, items] */
  readonly score: (before: Sequences) => Promise<Float32Array>;
  /** Absent of a committee, and of weights that are whole numbers anyway. */
  readonly best?: (before: Sequences, wanted: BestWanted) => Promise<BestItems>;
  readonly close: () => Promise<void>;
}

/** So many histories at once keep the processor busy; so few are one visitor's, who waits. */
const MANY = 128;
const FEW = 4;

/** Sessions open at the first question and again after `close`. */
export function openScorer(
  { network, members, compressed }: Trained,
  backend: Backend,
  threads: number,
): Scorer {
  const items = network.plan.itemIds.length;
  const sizes = new Map<number, readonly Asking[]>();
  const membersOf = (batchSize: number): readonly Asking[] => {
    const running = { backend, threads };
    const isWhole = compressed !== undefined && compressed.bits !== 32;
    const open = (values: Values): Asking =>
      isWhole
        ? wholeAsking({ network, values, batchSize, bits: compressed.bits === 7 ? 7 : 8 }, running)
        : asking(answerPrograms(network, batchSize), values, running);
    const asked = sizes.get(batchSize) ?? members.map(open);
    sizes.set(batchSize, asked);
    return asked;
  };
  const vectors: Float32Array[] = [];
  let shortlist: Promise<Shortlist> | undefined;
  const openedShortlist = async ({ ask }: Asking): Promise<Shortlist> => {
    vectors[0] ??= await itemVectors(network, ask);
    return openShortlist(vectors[0], network.settings.width, network.plan.logShare);
  };
  const isPlain = members.length === 1 && (compressed === undefined || compressed.bits === 32);
  return {
    ...(isPlain &&
      hasShortlists() && {
        async best(before, wanted) {
          const [one] = membersOf(1);
          shortlist ??= openedShortlist(one);
          const list = await shortlist;
          for await (const { states, bonus } of askStates(before, { network, batchSize: 1 }, one.ask))
            return list.best(states, wanted, bonus(0));
          throw new AppError('BAD_DATA', 'expected a history with an event, got one without');
        },
      }),
    async score(before) {
      const count = sequenceCount(before);
      const batchSize = count <= FEW ? 1 : MANY;
      const all = new Float32Array(count * items);
      for (const [m, { ask }] of membersOf(batchSize).entries()) {
        vectors[m] ??= await itemVectors(network, ask);
        const asked = { network, batchSize, vectors: vectors[m] };
        for await (const { rows, scores } of scoreHistories(before, asked, ask))
          rows.forEach((row, r) => {
            addShare(all, row * items, scores.subarray(r * items, (r + 1) * items), members.length);
          });
      }
      return all;
    },
    async close() {
      const open = [...sizes.values()].flat();
      sizes.clear();
      for (const { close } of open) await close();
    },
  };
}

/** A committee's score is the mean of its members', as logarithms: what one of them holds impossible is unlikely for all. */
function addShare(all: Float32Array, at: number, scores: Float32Array, members: number): void {
  if (members === 1) all.set(scores, at);
  else for (let i = 0; i < scores.length; i++) all[at + i] += scores[i] / members;
}

/** Asks a network as long as it is open. */
export interface Asking {
  readonly ask: Ask;
  readonly close: () => Promise<void>;
}

function asking(
  programs: readonly EvaluationProgram[],
  values: Values,
  { backend, threads }: { readonly backend: Backend; readonly threads: number },
): Asking {
  const sessions = new Map<number, Promise<Session>>();
  const opened = (bucket: number): Promise<Session> => {
    const known = sessions.get(bucket) ?? backend.open(programs[bucket].model, { threads });
    sessions.set(bucket, known);
    return known;
  };
  return {
    async ask({ bucket, arrays }) {
      const fed = programs[bucket].parameters.map(({ name }) => [name, values[name]] as const);
      return (await opened(bucket)).run({ ...arrays, ...Object.fromEntries(fed) });
    },
    async close() {
      const open = [...sessions.values()];
      sessions.clear();
      for (const session of open) await (await session).release();
    },
  };
}
