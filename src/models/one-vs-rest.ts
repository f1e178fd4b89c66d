// Any estimator of probabilities made to answer several classes: one model a class against the rest.
import type { Frame } from '../core/frame.ts';
import { pause } from '../core/pause.ts';
import { silent } from '../core/progress.ts';
import type { Estimator, FitRun, Json, Model, Question, Sample, SavedModel } from './estimator.ts';
import { clampProbability } from './link.ts';
import { asJson, readState, type SavedState } from './saved.ts';

const FORMAT = 1;

interface OneVsRestState extends SavedState {
  readonly members: readonly { readonly format: number; readonly state: Json }[];
}

/** The same estimator, id and all, which now answers classes too; other questions pass through untouched. */
export function oneVsRest(estimator: Estimator): Estimator {
  const { withSettings } = estimator;
  return {
    ...estimator,
    refuses: (question, frame) => estimator.refuses(asked(question), frame),
    fit: (train, valid, run) =>
      train.question.kind === 'classes'
        ? fitClasses(estimator, { train, valid }, run)
        : estimator.fit(train, valid, run),
    ...(withSettings && { withSettings: (settings) => oneVsRest(withSettings(settings)) }),
    load: (saved) => (answersClasses(saved) ? loadClasses(estimator, saved) : estimator.load(saved)),
  };
}

/** What one of the models is asked: is it this class? */
const asked = (question: Question): Question => {
  if (question.kind !== 'classes') return question;
  const { horizonDays, discountPerYear } = question;
  return { kind: 'binary', outcome: 'other', horizonDays, discountPerYear };
};

const against = (sample: Sample, own: number): Sample => ({
  ...sample,
  question: asked(sample.question),
  target: sample.target.map((y) => Number(y === own)),
});

async function fitClasses(
  estimator: Estimator,
  { train, valid }: { train: Sample; valid: Sample | undefined },
  run: FitRun,
): Promise<Model> {
  const classes = train.question.classes ?? 2;
  const members: Model[] = [];
  for (let own = 0; own < classes; own++) {
    await pause(run.signal);
    members.push(
      await estimator.fit(against(train, own), valid && against(valid, own), { ...run, progress: silent }),
    );
    run.progress.step({ task: estimator.id, done: own + 1, total: classes, unit: 'fits' });
  }
  return classesModel(estimator.id, train.question, members);
}

/** Each class's own probability over the sum of all; margins are their logarithms. */
function classesModel(estimator: string, question: Question, members: readonly Model[]): Model {
  const predict = async (frame: Frame) => {
    const shares = new Float64Array(frame.rows * members.length);
    for (const [own, member] of members.entries()) {
      const p = await member.predict(frame);
      for (let row = 0; row < frame.rows; row++)
        shares[row * members.length + own] = clampProbability(p[row]);
    }
    for (let from = 0; from < shares.length; from += members.length) {
      let sum = 0;
      for (let own = 0; own < members.length; own++) sum += shares[from + own];
      for (let own = 0; own < members.length; own++) shares[from + own] /= sum;
    }
    return shares;
  };
  return {
    estimator,
    question,
    link: 'softmax',
    inputs: [...new Set(members.flatMap((member) => member.inputs))],
    predict,
    margin: async (frame) => (await predict(frame)).map(Math.log),
    save: () => saveClasses(estimator, question, members),
  };
}

function saveClasses(estimator: string, question: Question, members: readonly Model[]): SavedModel {
  const saved = members.map((member) => member.save());
  const arrays = saved.flatMap((member, own) =>
    Object.entries(member.arrays ?? {}).map(([key, array]) => [`${own}.${key}`, array] as const),
  );
  return {
    estimator,
    format: FORMAT,
    state: asJson({ question, members: saved.map(({ format, state }) => ({ format, state })) }),
    arrays: Object.fromEntries(arrays),
  };
}

const answersClasses = ({ state }: SavedModel): boolean =>
  (state as unknown as Partial<SavedState> | null)?.question?.kind === 'classes';

function loadClasses(estimator: Estimator, saved: SavedModel): Model {
  const state = readState<OneVsRestState>(saved, estimator.id, FORMAT, ['members']);
  const members = state.members.map(({ format, state: own }, k) => {
    const entries = Object.entries(saved.arrays ?? {}).filter(([key]) => key.startsWith(`${k}.`));
    const arrays = Object.fromEntries(entries.map(([key, array]) => [key.slice(`${k}.`.length), array]));
    return estimator.load({ estimator: estimator.id, format, state: own, arrays });
  });
  return classesModel(estimator.id, state.question, members);
}
