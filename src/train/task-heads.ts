// Outcomes of several tasks at past moments, for a trunk to learn from before anything is compared.
import { AppError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { DAY_MS, formatLocalMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { buildExamples } from '../data/examples.ts';
import { readCapabilities, viewFor } from '../data/features/capabilities.ts';
import { eventFeatures } from '../data/features/default/events.ts';
import { everyoneKnown } from '../data/labels.ts';
import type { EventSource } from '../data/source.ts';
import { historiesOf } from '../models/behaviour/histories.ts';
import {
  type TaughtQuestion,
  type TaughtTrunk,
  teachTrunk,
} from '../models/behaviour/many-heads/teach-trunk.ts';
import type { LearnedTrunk } from '../models/behaviour/pretrain.ts';
import type { Task } from '../tasks/task.ts';
import { sampleCustomers } from './customer-sample.ts';

export interface WeighedTask {
  readonly task: Task;
  /** Of its loss among the others'. */
  readonly weight: number;
}

export interface TeachRequest {
  readonly tasks: readonly WeighedTask[];
  /** No outcome lies later, UTC ms. */
  readonly asOf: number;
  readonly horizonDays: number;
  readonly steps: number;
  readonly seed: number;
  readonly threads: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Newest ones win. */
const MOST_MOMENTS = 6;
const LONGEST_HISTORY_MS = 90 * DAY_MS;
/** Rows over all moments; each is a history to read. */
const MOST_ROWS = 60_000;
const EPOCHS = 6;

/** The trunk taught, and at which moments. @throws AppError USAGE, NOT_ENOUGH_DATA, INTERRUPTED */
export async function teachByTasks(
  engine: Engine,
  source: EventSource,
  trunk: LearnedTrunk,
  request: TeachRequest,
): Promise<TaughtTrunk & { readonly moments: readonly number[] }> {
  const { tasks, seed, threads, progress, signal, steps } = request;
  const moments = pastMoments(source, request);
  const drawn = await sampleCustomers(engine, source, {
    task: { entity: 'user', population: everyoneKnown },
    ...{ moments: moments.length, seed, signal, most: MOST_ROWS },
  });
  const capabilities = await readCapabilities(engine, source, signal);
  const read = async (most: number, options: Pick<Task, 'population'> & Partial<Pick<Task, 'target'>>) => {
    const features = eventFeatures(most);
    const { view } = viewFor({ name: 'task-heads', version: 1, features }, capabilities);
    return buildExamples(engine, drawn.source, {
      ...{ view, population: options.population, asOfs: moments, progress, signal },
      ...(options.target && { label: options.target, horizonMs: request.horizonDays * DAY_MS }),
    });
  };
  const all = await read(trunk.settings.length, { population: everyoneKnown });
  const rowAt = new Map(all.entities.map((entity, row) => [`${all.asOf[row]} ${entity}`, row]));
  const questions: TaughtQuestion[] = [];
  for (const { task, weight } of tasks) {
    const own = await read(1, task);
    const target = new Float64Array(all.entities.length);
    const asked = new Uint8Array(all.entities.length);
    own.entities.forEach((entity, i) => {
      const row = rowAt.get(`${own.asOf[i]} ${entity}`);
      if (row === undefined || !own.target) return;
      target[row] = own.target[i];
      asked[row] = 1;
    });
    questions.push({ ...{ name: task.name, kind: task.kind, weight, target, asked } });
  }
  const histories = historiesOf(all.frame, trunk.vocabulary, trunk.settings.length);
  const taught = await teachTrunk(trunk, histories, questions, {
    ...{ id: 'trunk', steps, epochs: EPOCHS },
    run: { seed, threads, progress, ...(signal && { signal }) },
  });
  return { ...taught, moments };
}

/** A horizon apart, the last outcome ending at `asOf`. @throws AppError NOT_ENOUGH_DATA */
function pastMoments({ firstMs, zone }: EventSource, { asOf, horizonDays }: TeachRequest): readonly number[] {
  const horizonMs = horizonDays * DAY_MS;
  const earliest = firstMs + Math.min(horizonMs, LONGEST_HISTORY_MS);
  const moments: number[] = [];
  for (
    let moment = asOf - horizonMs;
    moment >= earliest && moments.length < MOST_MOMENTS;
    moment -= horizonMs
  )
    moments.unshift(moment);
  if (moments.length > 0) return moments;
  throw new AppError(
    'NOT_ENOUGH_DATA',
    `expected history and a horizon of ${horizonDays} days before ${formatLocalMoment(asOf, zone)}, events begin at ${formatLocalMoment(firstMs, zone)}: use a shorter horizon`,
  );
}

/**
 * `purchase:1,churn:0.5,spend`: names with weights, 1 where none is said.
 *
 * @param byName finds a task
 * @throws AppError USAGE for a name twice, a weight that is none, or a task about anything but customers
 */
export function parseTasks(text: string, byName: (name: string) => Task): readonly WeighedTask[] {
  const tasks = text.split(',').map((part) => {
    const [name, said] = part.trim().split(':');
    const weight = said === undefined ? 1 : Number(said);
    if (said?.trim() === '' || !(weight >= 0 && Number.isFinite(weight)))
      throw new AppError('USAGE', `--tasks: expected a weight of at least 0 after "${name}:", got "${said}"`);
    const task = byName(name);
    if (task.entity !== 'user')
      throw new AppError('USAGE', `--tasks: expected tasks about customers, "${name}" is not one`);
    return { task, weight };
  });
  const names = new Set(tasks.map(({ task }) => task.name));
  if (names.size < tasks.length) throw new AppError('USAGE', '--tasks: expected each task once');
  if (tasks.every(({ weight }) => weight === 0))
    throw new AppError('USAGE', '--tasks: expected a weight above 0, all are 0');
  return tasks;
}
