// From contributions to reasons: the strongest few, in words, in the unit shown, adding up with what is left out.
import { type Column, type Frame, findColumn } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { type Typical, typicalOf } from './background.ts';
import { type Explanation, type Part, rowValues } from './contribution.ts';
import { effectWords, isGood, type Shown } from './effect-words.ts';
import { shownEffects, shownValue } from './margin.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { clauseFor, type Phrase } from './phrases.ts';
import { isMissing, typicalWords, valueWords } from './value-words.ts';

export interface Reason {
  /** Column or group the reason is about. */
  readonly id: string;
  readonly label: Name;
  /** The column whose value is told; with its near-duplicates, or its group, in `columns`. */
  readonly column: string;
  readonly columns: readonly string[];
  readonly shown: Name;
  readonly typical: Name;
  /** On the margin. */
  readonly contribution: number;
  /** In the shown unit: probability in [0, 1], money in minor units. */
  readonly effect: number;
  /** Good news for the shop: what raises a chance or an amount, or lowers a risk of leaving. */
  readonly good: boolean;
  readonly words: Name;
}

/** `base + Σ reasons.effect + rest = value`, in the shown unit. */
export interface RowReasons {
  readonly value: number;
  /** The prediction where nothing is known of the customer. */
  readonly base: number;
  /** Strongest first. */
  readonly reasons: readonly Reason[];
  /** Everything too small to tell, together. */
  readonly rest: number;
}

export interface ReasonOptions {
  /** The rows that were explained; may hold more columns than were used. */
  readonly frame: Frame;
  /** The background's rows: what is typical, and what goes together. */
  readonly background: Frame;
  readonly shown: Shown;
  readonly groupNames?: Readonly<Record<string, Name>>;
  /** Phrases of the caller's own columns, by column name. */
  readonly phrases?: Readonly<Record<string, Phrase>>;
  /** How many reasons at most. */
  readonly most?: number;
}

/** A reason under this share of all effects is noise to a reader; it goes into the rest. */
const WORTH_TELLING = 0.03;

/** Reasons for every explained row, in order. */
export function reasonsInWords(explanation: Explanation, options: ReasonOptions): readonly RowReasons[] {
  const stories = storiesOf(explanation, options.background);
  const typicals = new Map(options.background.columns.map((column) => [column.name, typicalOf(column)]));
  return Array.from({ length: options.frame.rows }, (_, row) =>
    reasonsOfRow(explanation, row, { ...options, stories, typicals }),
  );
}

/** Parts told in one sentence: near-duplicates where parts are features, each group by itself where they are groups. */
function storiesOf({ method, parts }: Explanation, background: Frame): readonly (readonly number[])[] {
  return method === 'groups'
    ? parts.map((_, at) => [at])
    : nearDuplicates(
        parts.map(({ id }) => id),
        background,
      );
}

interface Telling extends ReasonOptions {
  readonly stories: readonly (readonly number[])[];
  readonly typicals: ReadonlyMap<string, Typical>;
}

function reasonsOfRow(explanation: Explanation, row: number, telling: Telling): RowReasons {
  const { link, base, margins, parts } = explanation;
  const contributions = rowValues(explanation, row);
  const effects = shownEffects(contributions, { link, base, margin: margins[row] });
  const told = telling.stories.map((members) => ({
    members,
    contribution: sum(members.map((at) => contributions[at])),
    effect: sum(members.map((at) => effects[at])),
  }));
  const all = sum(told.map(({ effect }) => Math.abs(effect)));
  const strongest = told
    .filter(({ effect }) => effect !== 0 && Math.abs(effect) >= WORTH_TELLING * all)
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect) || a.members[0] - b.members[0])
    .slice(0, telling.most ?? 4);
  const reasons = strongest.map(({ members, contribution, effect }) =>
    tell(
      { parts: members.map((at) => parts[at]), strengths: members.map((at) => effects[at]) },
      row,
      telling,
      {
        contribution,
        effect,
      },
    ),
  );
  const value = shownValue(link, margins[row]);
  const start = shownValue(link, base);
  return { value, base: start, reasons, rest: value - start - sum(reasons.map(({ effect }) => effect)) };
}

function tell(
  story: { parts: readonly Part[]; strengths: readonly number[] },
  row: number,
  telling: Telling,
  { contribution, effect }: { contribution: number; effect: number },
): Reason {
  const columns = story.parts.flatMap((part) => part.columns);
  const grouped = story.parts.length === 1 && columns.length > 1;
  const column = grouped
    ? mostUnusual(columns, row, telling)
    : story.parts[strongestOf(story.strengths.map((strength) => strength * Math.sign(effect)))].columns[0];
  const { frame, background, typicals, shown } = telling;
  const found = findColumn(frame, column) ?? findColumn(background, column);
  const own = findColumn(frame, column);
  const label = grouped
    ? groupName(story.parts[0].id, telling.groupNames)
    : (found?.label ?? name(column, column));
  const typical = typicals.get(column) ?? { kind: 'missing' };
  const unit = found?.unit ?? 'none';
  const fact = {
    column,
    group: found?.group ?? '',
    label: found?.label ?? label,
    value: own?.kind === 'number' ? own.values[row] : Number.NaN,
    typical: typical.kind === 'number' ? typical.value : Number.NaN,
    missing: own ? isMissing(own, row) : true,
    shown: own ? valueWords(own, row, frame.currency) : name('none', '无'),
    typicalShown: typicalWords(typical, unit, frame.currency),
  };
  const clause = clauseFor(fact, telling.phrases);
  const does = effectWords(effect, shown);
  const similar = grouped ? 0 : columns.length - 1;
  const head = grouped
    ? name(`${label.en}: ${clause.en}`, `${label.zh}：${clause.zh}`)
    : withSimilar(clause, similar);
  return {
    id: story.parts.map(({ id }) => id).join('+'),
    label,
    column,
    columns,
    shown: fact.shown,
    typical: fact.typicalShown,
    contribution,
    effect,
    good: isGood(effect, shown),
    words: name(`${head.en} (${does.en})`, `${head.zh}（${does.zh}）`),
  };
}

function withSimilar(clause: Name, similar: number): Name {
  if (similar === 0) return clause;
  const measures = similar === 1 ? 'a similar measure' : `${similar} similar measures`;
  return name(`${clause.en}, with ${measures}`, `${clause.zh}，连同 ${similar} 项相近指标`);
}

/** The column of a group furthest from what is typical, in spreads of the background; the first among equals. */
function mostUnusual(columns: readonly string[], row: number, { frame, typicals }: Telling): string {
  const distances = columns.map((id) => {
    const column = findColumn(frame, id);
    return column ? distance(column, row, typicals.get(id) ?? { kind: 'missing' }) : -1;
  });
  return columns[strongestOf(distances)];
}

function distance(column: Column, row: number, typical: Typical): number {
  const missing = isMissing(column, row);
  if (missing || typical.kind === 'missing') return missing === (typical.kind === 'missing') ? 0 : 2;
  if (column.kind === 'number' && typical.kind === 'number') {
    const away = Math.abs(column.values[row] - typical.value);
    return away === 0 ? 0 : Math.min(10, away / Math.max(typical.spread / 2, 1e-9));
  }
  if (column.kind === 'category' && typical.kind === 'level')
    return column.levels[column.codes[row]] === typical.level ? 0 : 1;
  return 0;
}

/** Names of merged groups (`basket+trend`) are joined. */
function groupName(id: string, names: Readonly<Record<string, Name>> = {}): Name {
  const parts = id.split('+').map((part) => names[part] ?? name(part, part));
  return name(parts.map(({ en }) => en).join(' and '), parts.map(({ zh }) => zh).join('与'));
}

const strongestOf = (values: readonly number[]): number =>
  values.reduce((best, value, at) => (value > values[best] ? at : best), 0);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
