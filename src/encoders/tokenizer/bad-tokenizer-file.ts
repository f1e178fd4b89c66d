// Reads the parts of a tokenizer's file, and refuses what is not what it should be, saying which part.
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';

/** A part of the file with where it stood, for messages. */
export interface FilePart {
  readonly at: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @throws AppError BAD_FILE */
export function refuseTokenizer(problem: string): never {
  throw new AppError('BAD_FILE', `this is no tokenizer.json Foresell can read: ${problem}`);
}

export function filePart(value: unknown, at: string): FilePart {
  if (!isRecord(value)) refuseTokenizer(`expected an object at ${at}, got ${kindOf(value)}`);
  return { at, fields: value };
}

/** A part that may be left out or null. */
export function optionalPart(parent: FilePart, name: string): FilePart | undefined {
  const value = ownField(parent, name);
  return value === undefined || value === null ? undefined : filePart(value, `${parent.at}.${name}`);
}

export function listOf(parent: FilePart, name: string): readonly unknown[] {
  const value = ownField(parent, name) ?? [];
  if (!Array.isArray(value)) refuseTokenizer(`expected a list at ${parent.at}.${name}, got ${kindOf(value)}`);
  return value;
}

export function textOf(parent: FilePart, name: string, otherwise?: string): string {
  const value = ownField(parent, name) ?? otherwise;
  if (typeof value !== 'string')
    refuseTokenizer(`expected a text at ${parent.at}.${name}, got ${kindOf(value)}`);
  return value;
}

export function flagOf(parent: FilePart, name: string, otherwise: boolean): boolean {
  const value = ownField(parent, name) ?? otherwise;
  if (typeof value !== 'boolean') {
    refuseTokenizer(`expected true or false at ${parent.at}.${name}, got ${kindOf(value)}`);
  }
  return value;
}

export function numberOf(parent: FilePart, name: string, otherwise?: number): number {
  const value = ownField(parent, name) ?? otherwise;
  if (typeof value !== 'number') {
    refuseTokenizer(`expected a number at ${parent.at}.${name}, got ${kindOf(value)}`);
  }
  return value;
}

/** A field of the file itself, never one every object inherits. */
export function ownField(parent: FilePart, name: string): unknown {
  return Object.hasOwn(parent.fields, name) ? parent.fields[name] : undefined;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
