// The small expression language of mapping files: read into a tree here, turned into SQL in expression-sql.ts.
import { AppError } from '../../core/errors.ts';

/** A parsed expression. Names are columns of the file; nothing else can be named. */
export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'unary'; readonly op: '-' | 'not'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly op: BinaryOp;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'in'; readonly of: Expression; readonly among: readonly Expression[] };

export type BinaryOp = 'or' | 'and' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/';

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'column' | 'symbol' | 'end';
  readonly value: string;
  readonly at: number;
}

/** Spaces, then one of: 'text' (a quote inside is doubled), [any column name], number, word, symbol. */
const TOKEN =
  /\s*(?:'((?:[^']|'')*)'|\[([^\]]*)\]|(\d+(?:\.\d+)?)|([\p{L}_][\p{L}\p{N}_.$]*)|(<=|>=|!=|<>|==|[=<>+\-*/(),]))/uy;

const MAX_LENGTH = 4000;
const MAX_DEPTH = 60;

/**
 * Parses an expression such as `if(starts_with(InvoiceNo, 'C'), 'refund', 'purchase')`.
 *
 * Columns are bare words, or stand in square brackets when their name has spaces; texts stand in single quotes.
 * Loosest first: `or`, `and`, `not`, comparison and `in (…)`, `+ -`, `* /`, minus, call.
 *
 * @throws AppError BAD_MAPPING with the position of the fault
 */
export function parseExpression(source: string): Expression {
  if (source.length > MAX_LENGTH) {
    throw new AppError('BAD_MAPPING', `expected an expression of at most ${MAX_LENGTH} characters`);
  }
  const tokens = readTokens(source);
  let at = 0;
  let depth = 0;

  const peek = () => tokens[at];
  const isSymbol = (...symbols: string[]) => peek().kind === 'symbol' && symbols.includes(peek().value);
  const isWord = (word: string) => peek().kind === 'name' && peek().value.toLowerCase() === word;
  const expect = (symbol: string) => {
    if (!isSymbol(symbol)) throw fault(source, peek(), `expected "${symbol}"`);
    at++;
  };

  /** One level of operators that group to the left. */
  const leftward = (next: () => Expression, opHere: () => BinaryOp | undefined) => (): Expression => {
    let left = next();
    for (let op = opHere(); op; op = opHere()) {
      at++;
      left = { kind: 'binary', op, left, right: next() };
    }
    return left;
  };
  const symbolOp =
    (...symbols: string[]) =>
    (): BinaryOp | undefined =>
      isSymbol(...symbols) ? (peek().value as BinaryOp) : undefined;

  const primary = (): Expression => {
    const token = peek();
    at++;
    if (token.kind === 'text') return { kind: 'text', value: token.value };
    if (token.kind === 'number') return { kind: 'number', value: token.value };
    if (token.kind === 'column') return { kind: 'column', name: token.value };
    if (token.kind === 'symbol' && token.value === '(') {
      const inner = deeper(either);
      expect(')');
      return inner;
    }
    if (token.kind !== 'name') {
      at--;
      throw fault(source, token, 'expected a column, a text, a number or a function');
    }
    if (isSymbol('(')) return { kind: 'call', name: token.value.toLowerCase(), args: list() };
    const word = token.value.toLowerCase();
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' };
    if (word === 'missing') return { kind: 'missing' };
    return { kind: 'column', name: token.value };
  };
  const list = (): Expression[] => {
    expect('(');
    const args: Expression[] = [];
    while (!isSymbol(')')) {
      args.push(deeper(either));
      if (!isSymbol(')')) expect(',');
    }
    expect(')');
    return args;
  };
  const minus = (): Expression => {
    if (!isSymbol('-')) return primary();
    at++;
    return { kind: 'unary', op: '-', of: deeper(minus) };
  };
  const product = leftward(minus, symbolOp('*', '/'));
  const sum = leftward(product, symbolOp('+', '-'));
  const comparison = (): Expression => {
    const left = sum();
    if (isWord('in')) {
      at++;
      return { kind: 'in', of: left, among: list() };
    }
    if (!isSymbol('=', '==', '!=', '<>', '<', '<=', '>', '>=')) return left;
    const written = peek().value;
    at++;
    const op = (written === '==' ? '=' : written === '<>' ? '!=' : written) as BinaryOp;
    return { kind: 'binary', op, left, right: sum() };
  };
  const negation = (): Expression => {
    if (!isWord('not')) return comparison();
    at++;
    return { kind: 'unary', op: 'not', of: deeper(negation) };
  };
  const both = leftward(negation, () => (isWord('and') ? 'and' : undefined));
  const either = leftward(both, () => (isWord('or') ? 'or' : undefined));
  const deeper = (parse: () => Expression): Expression => {
    if (++depth > MAX_DEPTH) throw fault(source, peek(), 'expected less nesting');
    const inner = parse();
    depth--;
    return inner;
  };

  const whole = either();
  if (peek().kind !== 'end') throw fault(source, peek(), 'expected the end or an operator');
  return whole;
}

function readTokens(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(source); match; match = TOKEN.exec(source)) {
    const [whole, text, column, number, name, symbol] = match;
    const at = match.index + (whole.length - whole.trimStart().length);
    end = TOKEN.lastIndex;
    if (text !== undefined) tokens.push({ kind: 'text', value: text.replaceAll("''", "'"), at });
    else if (column !== undefined) tokens.push({ kind: 'column', value: column, at });
    else if (number !== undefined) tokens.push({ kind: 'number', value: number, at });
    else if (name !== undefined) tokens.push({ kind: 'name', value: name, at });
    else tokens.push({ kind: 'symbol', value: symbol, at });
  }
  const rest = source.slice(end);
  const last: Token = {
    kind: 'end',
    value: rest.trim().slice(0, 10),
    at: end + rest.length - rest.trimStart().length,
  };
  if (rest.trim() !== '') throw fault(source, last, 'this cannot be read');
  return [...tokens, last];
}

function fault(source: string, token: Token, message: string): AppError {
  const got = token.kind === 'end' && token.value === '' ? 'the end' : `"${token.value}"`;
  return new AppError('BAD_MAPPING', `${message}, got ${got} at position ${token.at + 1} of: ${source}`);
}

/** Every column an expression names, each once, in order. */
export function columnsOf(expression: Expression): string[] {
  const seen = new Set<string>();
  const visit = (node: Expression): void => {
    switch (node.kind) {
      case 'column':
        seen.add(node.name);
        return;
      case 'call':
        node.args.forEach(visit);
        return;
      case 'unary':
        visit(node.of);
        return;
      case 'binary':
        visit(node.left);
        visit(node.right);
        return;
      case 'in':
        [node.of, ...node.among].forEach(visit);
    }
  };
  visit(expression);
  return [...seen];
}
