// A saved next-item model asked again: about its own left-out items, or about cases of a file.
import { type CaseView, caseEntities, viewOf } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { readCases } from '../../data/sequences/read-cases.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import type { Protocol } from '../../eval/score.ts';
import { countSequences, repeatedTargets } from '../../eval/sequences/count-sequences.ts';
import { type LoadedSequence, loadSequence } from '../../registry/sequence-bundle.ts';
import {
  type AssessedRanks,
  assessRanks,
  type ExcludeSeen,
  historiesOf,
  type OwnHistory,
} from './assess-ranks.ts';
import { rankCases } from './rank-cases.ts';
import { sequenceProtocol } from './sequence-protocol.ts';

export interface EvaluateSequenceOptions {
  /** As saved by `sequence fit`. */
  readonly folder: string;
  /** The left-out items the model was saved with where there is none. */
  readonly testFile?: string;
  /** As it was tested where absent. */
  readonly excludeSeen?: ExcludeSeen;
  readonly at: readonly number[];
  readonly seed: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface EvaluatedSequence {
  readonly saved: LoadedSequence;
  /** The first decides. */
  readonly histories: readonly OwnHistory[];
  readonly by: Readonly<Partial<Record<OwnHistory, AssessedRanks>>>;
  readonly cases: number;
  readonly repeatedTargets: number;
  readonly unknownTargets: number;
  readonly casesPerSecond: number;
  readonly protocol: Protocol;
}

/** @throws AppError NOT_FOUND without a model, a file, or stored cases; as `loadSequence` and `readCases` do */
export async function evaluateSequence(options: EvaluateSequenceOptions): Promise<EvaluatedSequence> {
  const { folder, testFile, excludeSeen, at, seed } = options;
  if (testFile !== undefined) needFile(testFile);
  const saved = loadSequence(folder);
  try {
    const tested = await casesOf(saved, options);
    const { cases } = tested;
    const repeated = repeatedTargets(cases);
    const histories = excludeSeen === undefined ? saved.histories : historiesOf(excludeSeen, cases);
    const { ranks, casesPerSecond } = await rankCases(saved.model, cases, options);
    const entities = caseEntities(cases);
    return {
      saved,
      histories,
      by: Object.fromEntries(
        histories.map((own) => [own, assessRanks(ranks, own, { at, seed, repeated, entities })]),
      ),
      cases: cases.targets.length,
      repeatedTargets: repeated.reduce((sum, one) => sum + one, 0),
      unknownTargets: tested.unknownTargets,
      casesPerSecond,
      protocol:
        testFile === undefined
          ? { ...saved.protocol, examples: cases.targets.length, seeds: [seed] }
          : sequenceProtocol({
              split: 'file',
              history: histories[0],
              at,
              counts: countSequences(cases.sequences),
              candidates: saved.model.itemIds.length,
              cases: cases.targets.length,
              entities: new Set(entities).size,
              notAsked: 0,
              unknownTargets: tested.unknownTargets,
              again: false,
              seed,
              fingerprint: tested.fingerprint,
            }),
    };
  } finally {
    await saved.model.close?.();
  }
}

async function casesOf(
  saved: LoadedSequence,
  { folder, testFile, signal }: EvaluateSequenceOptions,
): Promise<{ readonly cases: CaseView; readonly unknownTargets: number; readonly fingerprint: string }> {
  if (testFile !== undefined) {
    const read = await readCases(testFile, saved.model.itemIds, { signal });
    return { ...read, cases: viewOf(read.cases) };
  }
  if (saved.cases)
    return { cases: saved.cases, unknownTargets: 0, fingerprint: saved.protocol.data_fingerprint };
  throw new AppError(
    'NOT_FOUND',
    `"${folder}" was tested on a file of its own and holds no left-out items: name a test file`,
  );
}
