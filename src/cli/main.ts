// The command line: one program, one file a command, one place where errors become exit codes.
import { Command, CommanderError } from 'commander';
import { AppError } from '../core/errors.ts';
import { PRODUCT_VERSION } from '../core/product.ts';
import type { CommandFile } from './command.ts';
import { COMMANDS } from './commands.ts';
import { makeContext, UsageError, withSharedOptions } from './context.ts';

/** 0 done · 1 the caller's fault or circumstance · 70 a bug of ours · 130 interrupted. */
export const EXIT = { done: 0, caller: 1, bug: 70, interrupted: 130 } as const;

/** How long work may take to put things away after Ctrl-C; what is on disk is whole at any moment anyway. */
const GRACE_MS = 4000;

/** Runs the program; sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  const interruption = new AbortController();
  const running: Running = {};
  const stop = () => {
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruption.abort();
    process.stderr.write('\nstopping …\n');
    setTimeout(() => process.exit(EXIT.interrupted), running.file?.graceMs ?? GRACE_MS).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // A reader that closes early (`| head`) is not an error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done);
    throw error;
  });
  try {
    await buildProgram(interruption.signal, running).parseAsync(argv as string[]);
    if (interruption.signal.aborted && running.file?.graceMs === undefined)
      process.exitCode = EXIT.interrupted;
  } catch (error) {
    process.exitCode = report(error, { aborted: interruption.signal.aborted, json: argv.includes('--json') });
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** Which command was asked for. */
interface Running {
  file?: CommandFile;
}

export function buildProgram(signal: AbortSignal, running: Running = {}): Command {
  const program = new Command('foresell')
    .description('Predict from a shop’s own events what each customer will do next.')
    .version(PRODUCT_VERSION)
    .exitOverride()
    .showHelpAfterError('(add --help for what this command takes)')
    .addHelpText(
      'after',
      '\nStart here:\n  foresell demo                 the whole job on real data, in two minutes\n  foresell import FILE --propose > map.yaml',
    );
  for (const file of COMMANDS) {
    const parts = file.usage.split(' ');
    const parameters = parts.filter((part) => /^[<[]/.test(part));
    const command = commandAt(program, parts.slice(0, parts.length - parameters.length), file.summary);
    for (const parameter of parameters) command.argument(parameter);
    withSharedOptions(command);
    file.declare?.(command);
    command.addHelpText('after', examplesText(file.examples));
    command.action(async (...received: unknown[]) => {
      const args = received
        .slice(0, parameters.length)
        .flat()
        .filter((arg) => arg !== undefined) as string[];
      running.file = file;
      const context = makeContext(command, signal);
      try {
        await file.run(context, args, command.opts());
      } finally {
        context.progress.clear();
      }
    });
  }
  return program;
}

/** Words that group commands of their own: `table fit`, `table predict`. */
const GROUPS: Readonly<Record<string, string>> = {
  table: 'learn any table and predict its rows',
  sequence: 'learn what comes next in sequences of items',
  text: 'learn labels from texts, and encoders of your own',
  catalogue: 'search a shop’s items by words, meaning and pictures, and clean them',
  trunk: 'take a pretrained trunk to another shop',
  keys: 'say who may call the server',
  audit: 'prove and read the record of who did what',
  encoders: 'fetch published text encoders, pinned and proved',
};

/** A command of one word, or of two under its group. */
function commandAt(program: Command, words: readonly string[], summary: string): Command {
  const [first, second] = words;
  if (second === undefined) return program.command(first).description(summary).exitOverride();
  const group = program.commands.find((command) => command.name() === first) ?? addGroup(program, first);
  return group.command(second).description(summary).exitOverride();
}

/** Its help shows the examples of all its commands. */
function addGroup(program: Command, word: string): Command {
  const examples = COMMANDS.filter(({ usage }) => usage.startsWith(`${word} `)).flatMap(
    (file) => file.examples,
  );
  return program
    .command(word)
    .description(GROUPS[word] ?? word)
    .exitOverride()
    .showHelpAfterError('(add --help for what this command takes)')
    .addHelpText('after', examplesText(examples));
}

const examplesText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`;

/** Says what went wrong, in one line where it is the caller's to mend, and gives the exit code. */
export function report(error: unknown, state: { aborted: boolean; json: boolean }): number {
  const document = (code: string, message: string) => {
    if (state.json) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  };
  const say = (code: string, message: string) => {
    process.stderr.write(`error: ${message}\n`);
    document(code, message);
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    // Commander has said it on stderr already.
    document('USAGE', error.message.replace(/^error: /, ''));
    return EXIT.caller;
  }
  if (state.aborted || (error instanceof AppError && error.code === 'INTERRUPTED')) {
    say('INTERRUPTED', 'interrupted; what was on disk before is as it was');
    return EXIT.interrupted;
  }
  if (error instanceof UsageError || error instanceof AppError) {
    say(error instanceof AppError ? error.code : 'USAGE', error.message);
    return EXIT.caller;
  }
  if (isDiskFull(error)) {
    say(
      'DISK',
      'the disk refused a write: free some space, then run the same command again; nothing was lost',
    );
    return EXIT.caller;
  }
  const refused = refusedPlace(error);
  if (refused !== undefined) {
    say('NOT_FOUND', `${refused}: check its rights, and what stands in its way`);
    return EXIT.caller;
  }
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say('BUG', `this is a bug in foresell, please report it with these lines:\n${bug}`);
  return EXIT.bug;
}

const REFUSALS = ['EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'EIO', 'EMFILE', 'ELOOP', 'ENAMETOOLONG'];

/** What the system would not open, and its word for why. */
function refusedPlace(error: unknown): string | undefined {
  const { code = '', syscall, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (syscall === undefined || !REFUSALS.includes(code)) return undefined;
  return `${path === undefined ? 'a file or folder' : `"${path}"`} could not be opened (${code})`;
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error &&
  ['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
