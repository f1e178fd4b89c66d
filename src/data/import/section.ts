// Reads a part of a mapping file with checks whose messages name the place.
import { AppError } from '../../core/errors.ts';
import { type Expression, parseExpression } from './expression.ts';

/** One YAML table: typed access to its keys, every fault a BAD_MAPPING that says where. */
export class Section {
  private readonly file: string;
  private readonly path: string;
  private readonly entries: Readonly<Record<string, unknown>>;

  constructor(file: string, path: string, value: unknown) {
    this.file = file;
    this.path = path;
    if (value === undefined || value === null) this.entries = {};
    else if (typeof value === 'object' && !Array.isArray(value))
      this.entries = value as Record<string, unknown>;
    else throw this.fault(`expected a table of names, got ${Array.isArray(value) ? 'a list' : 'one value'}`);
  }

  fault(message: string): AppError {
    return new AppError(
      'BAD_MAPPING',
      `${this.file}${this.path === '' ? '' : `, under ${this.path}`}: ${message}`,
    );
  }

  keys(): string[] {
    return Object.keys(this.entries);
  }

  has(key: string): boolean {
    return this.entries[key] !== undefined && this.entries[key] !== null;
  }

  isScalar(key: string): boolean {
    return typeof this.entries[key] !== 'object' || this.entries[key] === null;
  }

  /** Refuses a key that is not among `known`: a misspelt setting must not be silently without effect. */
  allow(known: readonly string[]): void {
    const unknown = this.keys().find((key) => !known.includes(key));
    if (unknown !== undefined) throw this.fault(`expected one of ${known.join(', ')}; got "${unknown}"`);
  }

  text(key: string, absent: string): string {
    const value = this.entries[key];
    if (value === undefined || value === null) return absent;
    if (typeof value === 'object') throw this.fault(`expected one value for "${key}"`);
    return String(value);
  }

  boolean(key: string, absent: boolean): boolean {
    const value = this.entries[key] ?? absent;
    if (typeof value !== 'boolean') throw this.fault(`expected true or false for "${key}"`);
    return value;
  }

  count(key: string): number {
    const value = this.entries[key] ?? 0;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      throw this.fault(`expected a whole number of 0 or more for "${key}"`);
    }
    return value;
  }

  choice<T extends string>(key: string, allowed: readonly T[], absent: T): T {
    const value = this.text(key, absent);
    const found = allowed.find((one) => one === value);
    if (found === undefined)
      throw this.fault(`expected "${key}" to be one of ${allowed.join(', ')}; got "${value}"`);
    return found;
  }

  /** A list of texts; one text alone is a list of one. */
  list(key: string): string[] {
    const value = this.entries[key];
    if (value === undefined || value === null) return [];
    const items = Array.isArray(value) ? value : [value];
    if (items.some((item) => typeof item === 'object'))
      throw this.fault(`expected a list of texts for "${key}"`);
    return items.map(String);
  }

  section(key: string): Section {
    return new Section(this.file, this.path === '' ? key : `${this.path}.${key}`, this.entries[key]);
  }

  sections(key: string): Section[] {
    const value = this.entries[key];
    if (value === undefined || value === null) return [];
    const items = Array.isArray(value) ? value : [value];
    return items.map((item, index) => new Section(this.file, `${key}[${index}]`, item));
  }

  expression(key: string): Expression {
    if (!this.has(key)) throw this.fault(`expected "${key}" with an expression`);
    try {
      return parseExpression(this.text(key, ''));
    } catch (cause) {
      if (cause instanceof AppError) throw this.fault(`"${key}": ${cause.message}`);
      throw cause;
    }
  }
}
