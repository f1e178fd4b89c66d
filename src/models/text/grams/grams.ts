// Text columns told apart by the n-grams in them, or by what they are about: estimators that need no encoder.
import { throwIfAborted } from '../../../core/errors.ts';
import { type Name, name } from '../../../core/name.ts';
import { fitHashedText, type Vocabulary } from '../../encoding/hashed-text.ts';
import type { Estimator, Model, Sample } from '../../estimator.ts';
import { textColumns, textsOf } from '../texts.ts';
import { gramsModel, loadGrams, rowReader } from './grams-model.ts';
import { fitLines } from './text-ridge.ts';
import { fitTopics, type Topics } from './topics.ts';

export const GRAMS = 'text-grams';
export const TOPICS = 'text-topics';

/** Words and runs of characters of the very texts it is fitted on, weighed by TF-IDF. */
export const textGrams: Estimator = estimator(
  GRAMS,
  name('Words and runs of characters', '词与字符片段'),
  async ({ texts, sample, columns, run }) => {
    const { vocabulary, matrix } = await fitHashedText(texts, aborted(run.signal));
    const lines = await fitLines(matrix, sample, run);
    return gramsModel(GRAMS, { question: sample.question, columns, vocabulary, lines });
  },
);

/** What was learned of texts without looking at any label. */
export interface TopicReading {
  readonly vocabulary: Vocabulary;
  readonly topics: Topics;
}

/**
 * @param texts all there are, labelled or not
 * @returns undefined where they are too few
 * @throws AppError INTERRUPTED
 */
export async function readTopics(
  texts: readonly string[],
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<TopicReading | undefined> {
  const { vocabulary, matrix } = await fitHashedText(texts, aborted(signal));
  const topics = await fitTopics(matrix, { seed, signal });
  return topics && { vocabulary, topics };
}

/** @param reading learned beforehand of more texts than have labels; of the labelled ones alone where left out */
export function textTopics(reading?: TopicReading): Estimator {
  return estimator(TOPICS, name('What texts are about', '文本主题'), async (fit) => {
    const { texts, sample, columns, run } = fit;
    const { question } = sample;
    const own = reading ?? (await readTopics(texts, run));
    // too few for topics: the n-grams themselves, in a model that says so by having none
    const read = own ?? { vocabulary: (await fitHashedText(texts, aborted(run.signal))).vocabulary };
    const lines = await fitLines(await rowReader(read)(texts), sample, run);
    return gramsModel(TOPICS, { question, columns, ...read, lines });
  });
}

interface TextFit {
  readonly texts: readonly string[];
  readonly columns: readonly string[];
  readonly sample: Sample;
  readonly run: Parameters<Estimator['fit']>[2];
}

function estimator(id: string, label: Name, learn: (task: TextFit) => Promise<Model>): Estimator {
  return {
    ...{ id, label, role: 'baseline' },
    refuses({ kind }, frame) {
      if (kind === 'amount') return 'tells kinds apart, and amounts have none';
      return textColumns(frame).length === 0 ? 'needs a text column' : undefined;
    },
    fit(sample, _valid, run) {
      throwIfAborted(run.signal);
      const columns = textColumns(sample.frame);
      return learn({ texts: textsOf(sample.frame, columns), columns, sample, run });
    },
    load: (saved) => loadGrams(id, saved),
  };
}

const aborted = (signal: AbortSignal | undefined) => (signal ? { signal } : {});
