// What every command is given: where the workspace is, how to speak, how to be stopped.
import { cpus } from 'node:os';
import type { Command } from 'commander';
import type { Language, Name } from '../core/name.ts';
import { type TerminalProgress, terminalProgress } from './terminal-progress.ts';

export interface Context {
  readonly workspaceDir: string;
  /** One JSON document on stdout instead of text. */
  readonly json: boolean;
  readonly seed: number;
  readonly threads: number;
  readonly language: Language;
  readonly progress: TerminalProgress;
  readonly signal: AbortSignal;
  /** Prints text for a person; silent under `--json`. */
  say(text: string): void;
  /** Prints the command's one JSON document; silent without `--json`. */
  document(value: unknown): void;
  /** Picks the person's language. */
  word(name: Name): string;
}

interface SharedOptions {
  workspace: string;
  json?: boolean;
  seed: number;
  threads: number;
  lang?: Language;
}

/** The options every command takes. */
export function withSharedOptions(command: Command): Command {
  return command
    .option('-w, --workspace <dir>', 'folder of the shop', './foresell-workspace')
    .option('--json', 'one JSON document on stdout; progress goes to stderr')
    .option('--seed <n>', 'seed of everything random', wholeNumber('--seed'), 1)
    .option(
      '--threads <n>',
      'threads to use',
      positiveNumber('--threads'),
      Math.max(1, Math.min(8, cpus().length)),
    )
    .option('--lang <en|zh>', 'language of the text (default: from the environment)', languageOption);
}

export function makeContext(command: Command, signal: AbortSignal): Context {
  const options = command.opts<SharedOptions>();
  const language = options.lang ?? environmentLanguage();
  const json = options.json === true;
  const progress = terminalProgress(process.stderr);
  return {
    workspaceDir: options.workspace,
    json,
    seed: options.seed,
    threads: options.threads,
    language,
    progress,
    signal,
    say(text) {
      if (json) return;
      progress.clear();
      process.stdout.write(`${text}\n`);
    },
    document(value) {
      if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    word: (name) => name[language],
  };
}

function environmentLanguage(): Language {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  return /^zh/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh' : 'en';
}

function languageOption(text: string): Language {
  if (text === 'en' || text === 'zh') return text;
  throw new UsageError(`--lang: expected en or zh, got "${text}"`);
}

/** A wrong option value; the command line turns it into exit code 1. */
export class UsageError extends Error {}

export function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new UsageError(`${option}: expected a whole number, got "${text}"`);
  };
}

export function positiveNumber(option: string): (text: string) => number {
  return (text) => {
    const value = wholeNumber(option)(text);
    if (value >= 1) return value;
    throw new UsageError(`${option}: expected at least 1, got "${text}"`);
  };
}
