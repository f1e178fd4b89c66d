// A shop's own tasks: YAML files of the workspace, each one question over events.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { EVENT_TYPES, type EventType } from '../data/event.ts';
import { boughtWithin, everyoneKnown, type LabelDefinition } from '../data/labels.ts';
import { AMOUNT_METRICS_ORDER, AMOUNT_RECIPE, PROBABILITY_METRICS, PROBABILITY_RECIPE } from './recipes.ts';
import type { Task } from './task.ts';

const LARGEST_FILE = 1 << 20;

const KEYS = ['name', 'label', 'question', 'outcome', 'about', 'horizon_days'] as const;

/**
 * Tasks of `tasks/*.yaml` in a workspace, by file name. A file:
 *
 * ```yaml
 * name: review            # as typed after `train`
 * label: { en: Review, zh: 评价 }
 * question: { en: "Will this customer write a review in {horizon} days?", zh: "…" }
 * outcome: { events: [review], is: happens }   # happens | does_not_happen | money
 * about: { bought_within_days: 180 }           # or: everyone
 * horizon_days: 30
 * ```
 *
 * @throws AppError BAD_DEFINITION naming the file and the key
 */
export function ownTasks(workspaceDir: string): readonly Task[] {
  const folder = join(workspaceDir, 'tasks');
  if (!existsSync(folder)) return [];
  const found = new Map<string, string>();
  return readdirSync(folder)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => {
      const where = `tasks/${file}`;
      const text = readFileSync(join(folder, file), 'utf8');
      if (text.length > LARGEST_FILE)
        throw new AppError('BAD_DEFINITION', `${where}: expected less than 1 MB`);
      const task = readTask(text, where);
      const other = found.get(task.name);
      if (other !== undefined) {
        throw new AppError('BAD_DEFINITION', `${where}: name: "${task.name}" stands in ${other} already`);
      }
      found.set(task.name, where);
      return task;
    });
}

/** @param where how the file is called in messages */
export function readTask(text: string, where: string): Task {
  const wrong = (message: string) => new AppError('BAD_DEFINITION', `${where}: ${message}`);
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    throw new AppError(
      'BAD_DEFINITION',
      `${where}: expected YAML: ${(cause as Error).message.split('\n')[0]}`,
      {},
      cause,
    );
  }
  if (!isRecord(raw)) throw wrong(`expected the keys ${KEYS.join(', ')}`);
  const unknown = Object.keys(raw).find((key) => !(KEYS as readonly string[]).includes(key));
  if (unknown) throw wrong(`expected the keys ${KEYS.join(', ')}, got "${unknown}"`);
  const taskName = raw.name;
  if (typeof taskName !== 'string' || !/^[a-z][a-z0-9-]{0,40}$/.test(taskName)) {
    throw wrong('name: expected small letters, digits and dashes, such as "review"');
  }
  const horizonDays = raw.horizon_days ?? 30;
  if (typeof horizonDays !== 'number' || !(horizonDays > 0 && Number.isFinite(horizonDays)))
    throw wrong('horizon_days: expected a number above 0');
  const label = nameOf(raw.label ?? taskName, 'label', wrong);
  const { target, kind, outcome } = targetOf(raw.outcome, taskName, wrong);
  const population = populationOf(raw.about, wrong);
  return {
    name: taskName,
    label,
    question: nameOf(raw.question ?? `${taskName} in the next {horizon} days?`, 'question', wrong),
    about: population.words,
    entity: 'user',
    kind,
    outcome,
    population: population.population,
    target,
    horizonDays,
    metrics: kind === 'binary' ? PROBABILITY_METRICS : AMOUNT_METRICS_ORDER,
    recipe: kind === 'binary' ? PROBABILITY_RECIPE : AMOUNT_RECIPE,
    extrapolates: false,
    advice: [],
    limits: [],
  };
}

type Wrong = (message: string) => AppError;

function nameOf(value: unknown, key: string, wrong: Wrong): Name {
  if (typeof value === 'string') return name(value, value);
  if (isRecord(value) && typeof value.en === 'string' && typeof value.zh === 'string')
    return name(value.en, value.zh);
  throw wrong(`${key}: expected a text, or { en: …, zh: … }`);
}

const OUTCOMES = ['happens', 'does_not_happen', 'money'] as const;

function targetOf(
  value: unknown,
  taskName: string,
  wrong: Wrong,
): { target: LabelDefinition; kind: Task['kind']; outcome: Task['outcome'] } {
  if (!isRecord(value)) throw wrong('outcome: expected { events: [review], is: happens }');
  const types = [value.events].flat();
  if (types.length === 0 || types.some((type) => !EVENT_TYPES.includes(type as EventType))) {
    throw wrong(`outcome.events: expected some of ${EVENT_TYPES.join(', ')}`);
  }
  const filter = { types: types as EventType[] };
  const onlyPurchases = types.length === 1 && types[0] === 'purchase';
  switch (value.is) {
    case 'happens':
      return {
        target: { name: taskName, kind: 'exists', filter },
        kind: 'binary',
        outcome: onlyPurchases ? 'buys' : 'other',
      };
    case 'does_not_happen':
      return {
        target: { name: taskName, kind: 'not_exists', filter },
        kind: 'binary',
        outcome: onlyPurchases ? 'leaves' : 'other',
      };
    case 'money':
      return {
        target: { name: taskName, kind: 'sum', field: 'net_value', filter },
        kind: 'amount',
        outcome: types.includes('purchase') ? 'revenue' : 'other',
      };
    default:
      throw wrong(`outcome.is: expected one of ${OUTCOMES.join(', ')}`);
  }
}

function populationOf(value: unknown, wrong: Wrong): { population: Task['population']; words: Name } {
  if (value === undefined || value === 'everyone') {
    return { population: everyoneKnown, words: name('everyone known to the shop', '店铺已知的所有客户') };
  }
  if (isRecord(value) && typeof value.bought_within_days === 'number' && value.bought_within_days > 0) {
    const days = value.bought_within_days;
    return {
      population: boughtWithin(days),
      words: name(`customers who bought in the last ${days} days`, `最近 ${days} 天内购买过的客户`),
    };
  }
  throw wrong('about: expected everyone, or { bought_within_days: 180 }');
}
