// How long work reports where it is: a value handed in, so that the same code runs under a terminal, a log or silence.

/** One step of long work: `done` of `total` units, with a word for the unit. */
export interface ProgressStep {
  readonly task: string;
  readonly done: number;
  /** Omitted when it is not known how much there is. */
  readonly total?: number;
  readonly unit?: string;
}

export interface Progress {
  /** Says where the work stands; cheap enough to be called thousands of times. */
  step(step: ProgressStep): void;
  /** A sentence for the person watching. */
  note(message: string): void;
}

export const silent: Progress = { step() {}, note() {} };
