// The filter part of a declared feature: `of` names event types, `where` maps fields to conditions.
import { AppError } from '../../../core/errors.ts';
import { EVENT_TYPES } from '../../event.ts';
import { COMPARISONS, type Condition, type EventFilter } from '../definition.ts';
import { filterPredicate } from '../filter.ts';
import { child, complain, isMapping, itemsOf, wordOf, type YamlNode } from './node.ts';

export const FILTER_KEYS: readonly string[] = ['of', 'where'];

/** Reads `of` and `where` of a mapping. @throws AppError BAD_DEFINITION naming the key */
export function readFilter(node: YamlNode): EventFilter {
  const of = child(node, 'of');
  const where = child(node, 'where');
  const types = of.value === undefined ? undefined : itemsOf(of).map((type) => wordOf(type, EVENT_TYPES));
  if (types?.length === 0) complain(of, 'at least one event type');
  if (where.value !== undefined && !isMapping(where.value))
    complain(where, 'a mapping from field to condition');
  const conditions = Object.keys((where.value ?? {}) as Record<string, unknown>).flatMap((field) =>
    readConditions(field, child(where, field)),
  );
  return { ...(types ? { types } : {}), ...(conditions.length > 0 ? { where: conditions } : {}) };
}

function readConditions(field: string, node: YamlNode): Condition[] {
  const conditions: Condition[] = [];
  if (isMapping(node.value)) {
    for (const key of Object.keys(node.value)) {
      const is = wordOf({ path: node.path, value: key }, COMPARISONS);
      const entry = child(node, key);
      if (is !== 'present' && is !== 'missing') conditions.push({ field, is, value: operandOf(entry) });
      else if (entry.value === true) conditions.push({ field, is });
      else complain(entry, 'true');
    }
  } else {
    conditions.push({ field, is: Array.isArray(node.value) ? 'one_of' : 'equal', value: operandOf(node) });
  }
  try {
    filterPredicate({ where: conditions });
  } catch (cause) {
    if (cause instanceof AppError)
      throw new AppError(cause.code, `${node.path}: ${cause.message}`, {}, cause);
    throw cause;
  }
  return conditions;
}

function operandOf(node: YamlNode): Condition['value'] {
  const { value } = node;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (Array.isArray(value) && value.length > 0) {
    if (value.every((item) => typeof item === 'string')) return value;
    if (value.every((item) => typeof item === 'number')) return value;
  }
  return complain(
    node,
    'a text, a number, or a list of texts or of numbers (quote texts that look like numbers)',
  );
}
