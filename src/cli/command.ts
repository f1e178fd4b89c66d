// What one command is: how it is written, what it says of itself, what it does.
import type { Command } from 'commander';
import type { Context } from './context.ts';

export interface CommandFile {
  /** As it is typed: `train <task>`, or under a group `table fit <data>`. */
  readonly usage: string;
  readonly summary: string;
  /** Whole lines that can be typed as they stand. */
  readonly examples: readonly string[];
  /** For commands that run until they are told to stop: being told is no failure, and they may take so long to end. */
  readonly graceMs?: number;
  /** Adds options of its own. */
  declare?(command: Command): void;
  run(context: Context, args: readonly string[], options: Record<string, unknown>): Promise<void>;
}
