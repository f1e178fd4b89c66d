// Next item on public data: every model beside the baselines, published numbers, and what was to be reached.
import { type CaseView, layOut, viewOf } from '../src/core/case-view.ts';
import { random } from '../src/core/random.ts';
import { type NextItemCases, takeSequences } from '../src/core/sequences.ts';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { askedEntry, settingsOf } from './sequence/asked-entry.ts';
import { type Entry, measure, SharedFits } from './sequence/measure.ts';
import { hasSharedData, SEQUENCE_SETS } from './sequence/read-sets.ts';
import type { SequenceSet } from './sequence/sequence-set.ts';
import { textTable } from './sequence/text-table.ts';

/**
 * Words: names of data sets; all when none is given. `models=ID,…` instead of the set's own (`ID@180s` is stopped after so
 * long, `ID[width:96;epochs:20]` has settings of its own), `seeds=3`, `settings=width:32,epochs:2` for all networks,
 * `attributes=yes` for what is known of the items, `sample=2000` draws so many sequences and cases to try things out: no
 * target is then held.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  if (!hasSharedData()) throw new Error('expected the shared data beside the repository, found none');
  const said = (key: string) => args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1);
  const words = args.filter((arg) => !arg.includes('='));
  const sample = said('sample');
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const word of words.length > 0 ? words : Object.keys(SEQUENCE_SETS)) {
    const read = SEQUENCE_SETS[word];
    if (!read) throw new Error(`expected one of ${Object.keys(SEQUENCE_SETS).join(', ')}, got ${word}`);
    const whole = await read({ seed, threads });
    const set = sample === undefined ? whole : sampled(whole, Number(sample), seed);
    const entries: Entry[] = [];
    const shared = new SharedFits();
    for (const model of said('models')?.split(',') ?? set.models)
      entries.push(
        await measure(model, set, {
          seeds: Array.from({ length: Number(said('seeds') ?? 3) }, (_, i) => seed + i),
          threads,
          shared,
          settings: settingsOf(said('settings') ?? ''),
          attributes: said('attributes') === 'yes',
          log,
        }),
      );
    const chosen = entries.reduce((best, entry) => (entry.valid > best.valid ? entry : best));
    const { counts, protocol, published, test, history } = set;
    figures[set.name] = {
      ...{ protocol, counts, history, cases: test.targets.length, chosen: chosen.model, entries, published },
    };
    log(textTable(set, entries));
    if (sample === undefined) targets.push(...targetsOf(set, entries, chosen));
  }
  return {
    bench: 'sequence',
    protocol:
      "all items ranked, an item with the target's score before it; models chosen by validation alone; mean over seeds of what learns by chance, spread between seeds, 95 % interval by entity of the first seed; P@K of the field is recall@K",
    targets,
    figures,
  };
};

/** A run to its best validation is to take no longer, on two cores. */
const BEAUTY_SECONDS = 900;

function targetsOf(set: SequenceSet, entries: readonly Entry[], chosen: Entry): Target[] {
  const held = set.targets.flatMap(({ metric, least, model }) => {
    const entry = model === undefined ? chosen : entries.find((one) => one.model === model);
    const figure = entry?.by[set.history][metric];
    if (!entry || !figure) return [];
    const note = `${entry.model}, ${figure.spread === undefined ? 'one seed' : `± ${figure.spread.toFixed(4)} between ${entry.seeds} seeds`}, fitted in ${entry.fitSeconds.toFixed(0)} s`;
    const reached = atLeast(`${set.name}: ${metric}`, figure.mean, least, note);
    const seconds = model === undefined ? undefined : askedEntry(model).seconds;
    return seconds === undefined
      ? [reached]
      : [reached, atMost(`${set.name}: seconds of ${entry.model}`, entry.fitSeconds, seconds)];
  });
  return set.name === 'beauty' && chosen.seeds > 0
    ? [
        ...held,
        atMost(
          'beauty: seconds of a run to its best validation',
          chosen.fitSeconds,
          BEAUTY_SECONDS,
          chosen.model,
        ),
      ]
    : held;
}

function sampled(set: SequenceSet, most: number, seed: number): SequenceSet {
  const draws = random(seed).fork('sample');
  const rowsOf = (count: number): Int32Array =>
    draws
      .shuffle(Int32Array.from({ length: count }, (_, row) => row))
      .slice(0, most)
      .sort();
  const some = (cases: NextItemCases | CaseView): NextItemCases => {
    const view = viewOf(cases);
    return layOut(view, rowsOf(view.targets.length));
  };
  const train = takeSequences(set.train, rowsOf(set.train.entities.length));
  return { ...set, train, valid: some(set.valid), test: viewOf(some(set.test)) };
}
