import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '../core/errors.ts';
import { COMMANDS } from './commands.ts';
import { UsageError } from './context.ts';
import { buildProgram, EXIT, report } from './main.ts';

let said = { stdout: '', stderr: '' };
const original = { stdout: process.stdout.write, stderr: process.stderr.write };
beforeEach(() => {
  said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = ((text: string) => {
      said[stream] += text;
      return true;
    }) as typeof process.stdout.write;
  }
});
afterEach(() => {
  process.stdout.write = original.stdout;
  process.stderr.write = original.stderr;
});

const plain = { aborted: false, json: false };
const systemError = (code: string) => Object.assign(new Error(`${code}: something`), { code });

test.each<[string, unknown, number, RegExp]>([
  ['the caller’s fault', new AppError('NOT_FOUND', 'no such thing'), EXIT.caller, /^error: no such thing\n$/],
  ['a wrong value', new UsageError('--seed: expected a whole number'), EXIT.caller, /^error: --seed/],
  ['a full disk', systemError('ENOSPC'), EXIT.caller, /^error: the disk refused a write/],
  ['an interruption', new AppError('INTERRUPTED', 'cancelled'), EXIT.interrupted, /^error: interrupted/],
  ['a bug', new TypeError('x is not a function'), EXIT.bug, /^error: this is a bug.*\nTypeError: x is not/s],
  ['a thrown text', 'odd', EXIT.bug, /odd/],
  ['help', new CommanderError(0, 'commander.helpDisplayed', ''), EXIT.done, /^$/],
  ['a word nobody knows', new CommanderError(1, 'commander.unknownCommand', ''), EXIT.caller, /^$/],
])('%s ends with its own code', (_, error, code, words) => {
  expect(report(error, plain)).toBe(code);
  expect(said.stderr).toMatch(words);
  expect(said.stdout).toBe('');
});

test('says which file could not be opened, in one line', () => {
  const refused = Object.assign(new Error('EACCES'), {
    code: 'EACCES',
    syscall: 'open',
    path: '/data/orders.csv',
  });
  expect(report(refused, { aborted: false, json: false })).toBe(EXIT.caller);
});

test('whatever fails after Ctrl-C is the interruption', () => {
  expect(report(new TypeError('torn apart'), { aborted: true, json: false })).toBe(EXIT.interrupted);
  expect(said.stderr).not.toContain('bug');
});

test('under --json the error is one document on stdout', () => {
  report(new AppError('BUSY', 'somebody writes'), { aborted: false, json: true });
  expect(JSON.parse(said.stdout)).toEqual({ error: { code: 'BUSY', message: 'somebody writes' } });
});

test('a word nobody knows is such a document too, help is none', () => {
  const unknown = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--bogus'");
  expect(report(unknown, { aborted: false, json: true })).toBe(EXIT.caller);
  expect(JSON.parse(said.stdout)).toEqual({ error: { code: 'USAGE', message: "unknown option '--bogus'" } });
  expect(said.stderr).toBe('');
  said.stdout = '';
  expect(report(new CommanderError(0, 'commander.helpDisplayed', ''), { aborted: false, json: true })).toBe(
    EXIT.done,
  );
  expect(said.stdout).toBe('');
});

test('every command takes the shared options', () => {
  const program = buildProgram(new AbortController().signal);
  // A group such as `table` only holds commands.
  const leaves = program.commands.flatMap((command) =>
    command.commands.length === 0
      ? [{ command, words: command.name() }]
      : command.commands.map((inner) => ({ command: inner, words: `${command.name()} ${inner.name()}` })),
  );
  expect(leaves.map(({ words }) => words)).toEqual(COMMANDS.map(({ usage }) => usage.replace(/ [<[].*/, '')));
  for (const { command, words } of leaves) {
    const flags = command.options.map(({ long }) => long);
    expect(flags, words).toEqual(
      expect.arrayContaining(['--workspace', '--json', '--seed', '--threads', '--lang']),
    );
  }
});
