// What a question about texts is learned from and tested on, read from the lake; and whether it is enough.
import type { Engine } from '../../data/engine.ts';
import type { EventSource } from '../../data/source.ts';
import { readTextEvents, type TextEvents } from '../../data/texts/text-events.ts';
import type { Eligibility } from '../../report/task-document.ts';
import type { PreparedTable } from '../table/prepare-table.ts';
import { textChecks } from './enough-texts.ts';
import { splitOpen, splitRated, type TextSplit } from './split-texts.ts';
import { type TextQuestion, textExamples } from './text-examples.ts';

export interface ReadTextsOptions extends TextQuestion {
  /** Up to when is learned from, UTC ms; leaves a fifth to test on when absent. */
  readonly asOf?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface TextsRead {
  readonly source: EventSource;
  readonly events: TextEvents;
  readonly split: TextSplit;
  readonly prepared: PreparedTable;
  readonly tested: PreparedTable;
}

/** @throws AppError INTERRUPTED */
export async function readTexts(
  engine: Engine,
  source: EventSource,
  { asOf, seed, signal, ...question }: ReadTextsOptions,
): Promise<TextsRead> {
  const { task, horizonMs } = question;
  const events = await readTextEvents(engine, source, {
    ...{ types: task.taughtBy, column: task.column, untilMs: source.lastMs || 0 },
    purchases: task.answer === 'purchase',
    ...(signal && { signal }),
  });
  const parting = { seed, ...(asOf !== undefined && { asOf }) };
  const split =
    task.answer === 'rating'
      ? splitRated(events, parting)
      : splitOpen(events, { ...parting, horizonMs, lastMs: source.lastMs });
  const side = (which: 'train' | 'test') => textExamples(source, events, { side: which, split, question });
  return { source, events, split, prepared: side('train'), tested: side('test') };
}

/** As `check` says it of every task. */
export function textEligibility({ task }: TextQuestion, { prepared, tested }: TextsRead): Eligibility {
  const checks = textChecks(task, {
    ...{ train: prepared.sample.target, test: tested.sample.target },
    isAmount: prepared.sample.question.kind === 'amount',
  });
  return { verdict: checks.every(({ passed }) => passed) ? 'ready' : 'not-ready', checks };
}
