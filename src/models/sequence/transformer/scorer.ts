// A trained transformer that answers: sessions opened when first asked, vectors of items made once.
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import type { EvaluationProgram } from '../../../nn/program/evaluation-program.ts';
import type { Backend, Session } from '../../../tensor/session/session.ts';
import type { Trained } from './fit.ts';
import { type Ask, answerPrograms, itemVectors, scoreHistories } from './scoring.ts';

export interface Scorer {
  /** [entities, items] */
  readonly score: (before: Sequences) => Promise<Float32Array>;
  readonly close: () => Promise<void>;
}

/** So many histories at once keep the processor busy; so few are one visitor's, who waits. */
const MANY = 128;
const FEW = 4;

/** Sessions open at the first question and again after `close`. */
export function openScorer({ plan, settings, values }: Trained, backend: Backend, threads: number): Scorer {
  const items = plan.itemIds.length;
  const sizes = new Map<number, Asking>();
  const askingOf = (batchSize: number): Asking => {
    const known = sizes.get(batchSize);
    if (known !== undefined) return known;
    const made = asking(answerPrograms(plan, settings, batchSize), values, { backend, threads });
    sizes.set(batchSize, made);
    return made;
  };
  let vectors: Promise<Float32Array> | undefined;
  return {
    async score(before) {
      const count = sequenceCount(before);
      const batchSize = count <= FEW ? 1 : MANY;
      const { ask } = askingOf(batchSize);
      vectors ??= itemVectors(plan, settings, ask);
      const asked = { plan, settings, batchSize, vectors: await vectors };
      const all = new Float32Array(count * items);
      for await (const { rows, scores } of scoreHistories(before, asked, ask))
        rows.forEach((row, r) => void all.set(scores.subarray(r * items, (r + 1) * items), row * items));
      return all;
    },
    async close() {
      const open = [...sizes.values()];
      sizes.clear();
      for (const { close } of open) await close();
    },
  };
}

interface Asking {
  readonly ask: Ask;
  readonly close: () => Promise<void>;
}

function asking(
  programs: readonly EvaluationProgram[],
  values: Readonly<Record<string, Float32Array>>,
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
