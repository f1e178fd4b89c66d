// From contributions to reasons: the strongest few, in words, in the unit shown, adding up with what is left out.
import { type Column, type Frame, findColumn } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { type Typical, typicalOf } from './background.ts';
import { type Explanation, type Part, rowValues } from './contribution.ts';
import { effectWords, isGood, type Shown } from './effect-words.ts';
import { shownEffects, shownValue } from './margin.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { clauseFor, type Fact, type Phrase } from './phrases.ts';
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
  /** The rest in words; absent where it is too small to show. */
  readonly restWords?: Name;
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

/** Parts told together, with their sums. */
interface Story {
  readonly parts: readonly Part[];
  /** The column whose value is told. */
  readonly column: string;
  readonly contribution: number;
  readonly effect: number;
}

function reasonsOfRow(explanation: Explanation, row: number, telling: Telling): RowReasons {
  const { link, base, margins, parts, leading } = explanation;
  const contributions = rowValues(explanation, row);
  const effects = shownEffects(contributions, { link, base, margin: margins[row] });
  const told = telling.stories.map((members): Story => {
    const effect = sum(members.map((at) => effects[at]));
    const strongest = members[strongestOf(members.map((at) => effects[at] * Math.sign(effect)))];
    return {
      parts: members.map((at) => parts[at]),
      column: leading?.[row][strongest] ?? mostUnusual(parts[strongest].columns, row, telling),
      contribution: sum(members.map((at) => contributions[at])),
      effect,
    };
  });
  const all = sum(told.map(({ effect }) => Math.abs(effect)));
  const reasons = told
    .filter(({ effect }) => effect !== 0 && Math.abs(effect) >= WORTH_TELLING * all)
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect) || (a.parts[0].id < b.parts[0].id ? -1 : 1))
    .slice(0, telling.most ?? 4)
    .map((story) => tell(story, row, telling));
  const value = shownValue(link, margins[row]);
  const start = shownValue(link, base);
  const rest = value - start - sum(reasons.map(({ effect }) => effect));
  const does = effectWords(rest, telling.shown);
  const heard = Math.abs(rest) >= WORTH_TELLING * all && all > 0;
  return {
    value,
    base: start,
    reasons,
    rest,
    ...(heard && { restWords: name(`everything else together (${does.en})`, `其余因素合计（${does.zh}）`) }),
  };
}

function tell({ parts, column, contribution, effect }: Story, row: number, telling: Telling): Reason {
  const columns = parts.flatMap((part) => part.columns);
  const grouped = parts.length === 1 && columns.length > 1;
  const fact = factOf(column, row, telling);
  const clause = clauseFor(fact, telling.phrases);
  const label = grouped ? groupName(parts[0].id, telling.groupNames) : fact.label;
  const head = grouped
    ? name(`${label.en}: ${clause.en}`, `${label.zh}：${clause.zh}`)
    : withSimilar(clause, columns.length - 1);
  const does = effectWords(effect, telling.shown);
  return {
    id: parts.map(({ id }) => id).join('+'),
    label,
    column,
    columns,
    shown: fact.shown,
    typical: fact.typicalShown,
    contribution,
    effect,
    good: isGood(effect, telling.shown),
    words: name(`${head.en} (${does.en})`, `${head.zh}（${does.zh}）`),
  };
}

/** What a row has in a column, beside what is typical; a feature that is no column of the frame is only named. */
function factOf(id: string, row: number, { frame, typicals }: Telling): Fact {
  const column = findColumn(frame, id);
  const typical = typicals.get(id) ?? { kind: 'unknown' };
  const unit = column?.unit ?? 'none';
  return {
    column: id,
    group: column?.group ?? '',
    label: column?.label ?? name(id, id),
    value: column?.kind === 'number' ? column.values[row] : Number.NaN,
    typical: typical.kind === 'number' ? typical.value : Number.NaN,
    missing: column ? isMissing(column, row) : true,
    typicalKind: typical.kind,
    shown: column ? valueWords(column, row, frame.currency) : typicalWords({ kind: 'missing' }, unit, ''),
    typicalShown: typicalWords(typical, unit, frame.currency),
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
    return column ? distance(column, row, typicals.get(id) ?? { kind: 'unknown' }) : -1;
  });
  return columns[strongestOf(distances)];
}

function distance(column: Column, row: number, typical: Typical): number {
  const missing = isMissing(column, row);
  if (typical.kind === 'unknown') return 0;
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
