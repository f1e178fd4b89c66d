// What a run learns from and is tested on: sequences split by leaving the last out, by a moment, or by a test file.

import { type CaseView, viewOf } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import { random } from '../../core/random.ts';
import type { NextItemCases, Sequences } from '../../core/sequences.ts';
import { readCases } from '../../data/sequences/read-cases.ts';
import {
  countSequences,
  repeatedTargets,
  type SequenceCounts,
} from '../../eval/sequences/count-sequences.ts';
import { holdOutLast } from '../../eval/sequences/hold-out-last.ts';
import { leaveOneOut } from '../../eval/sequences/leave-one-out.ts';
import { splitByTime } from '../../eval/sequences/split-by-time.ts';
import { type ReadDataOptions, type ReadSource, readSource, type SequenceSource } from './sequence-source.ts';

export type SplitWay = 'leave-one-out' | 'time' | 'file';

/** How to test; the last item of every sequence is left out where nothing is said. */
export interface SplitChoice {
  /** Cases of their own. */
  readonly testFile?: string;
  /** Events from this moment on, UTC ms. */
  readonly testFromMs?: number;
}

interface Split {
  readonly split: SplitWay;
  readonly train: Sequences;
  /** To stop early and to choose by; absent where sequences are too few. */
  readonly valid?: NextItemCases;
  /** Everything known before the test: what is learned from, and the validation targets. */
  readonly known: Sequences;
  readonly test: CaseView;
  /** Sequences too short to be asked about, or events of somebody of whom nothing else is known. */
  readonly notAsked: number;
  /** Targets that the catalogue does not have. */
  readonly unknownTargets: number;
  readonly fingerprint: string;
}

export interface SequenceData extends Omit<ReadSource, 'sequences'>, Split {
  /** Everything that was read. */
  readonly counts: SequenceCounts;
  /** 1 where a test target is an item its entity has had, [cases]. */
  readonly repeated: Uint8Array;
}

/** @throws AppError as the readers and splits do */
export async function readSequenceData(
  source: SequenceSource & SplitChoice,
  options: ReadDataOptions,
): Promise<SequenceData> {
  const { sequences, ...read } = await readSource(source, options);
  const split = await splitSequences(sequences, source, { ...options, fingerprint: read.fingerprint });
  return { ...read, ...split, counts: countSequences(sequences), repeated: repeatedTargets(split.test) };
}

async function splitSequences(
  sequences: Sequences,
  { testFile, testFromMs }: SplitChoice,
  { fingerprint, ...options }: ReadDataOptions & { fingerprint: string },
): Promise<Split> {
  const drawn = { random: random(options.seed).fork('validation') };
  if (testFile !== undefined) {
    const tested = await readCases(testFile, sequences.itemIds, options);
    return {
      ...holdOutLast(sequences, drawn),
      split: 'file',
      test: viewOf(tested.cases),
      notAsked: 0,
      unknownTargets: tested.unknownTargets,
      fingerprint: `${fingerprint}+${tested.fingerprint}`,
    };
  }
  if (testFromMs !== undefined) {
    const { train, test, firsts } = splitByTime(sequences, testFromMs);
    return {
      ...holdOutLast(train, drawn),
      split: 'time',
      test,
      notAsked: firsts,
      unknownTargets: 0,
      fingerprint,
    };
  }
  const { tooShort, test, ...left } = leaveOneOut(sequences);
  return {
    ...left,
    test: viewOf(test),
    split: 'leave-one-out',
    notAsked: tooShort,
    unknownTargets: 0,
    fingerprint,
  };
}

/** Two ways to test at once. @throws AppError USAGE */
export function checkSplit({ testFile, testFromMs }: SplitChoice, isLeaveOneOut: boolean): void {
  const ways = [testFile !== undefined, testFromMs !== undefined, isLeaveOneOut].filter(Boolean).length;
  if (ways > 1)
    throw new AppError('USAGE', `expected one of --test, --test-from and --leave-one-out, got ${ways}`);
}
