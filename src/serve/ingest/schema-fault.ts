// A schema's first complaint about a value, in the words of the reject reasons.
import type { Rejection, RejectReason } from './outcome.ts';
import { pointerTo } from './pointer.ts';

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
}

/** What is wrong with a value that a compiled schema refused; costly, so only once it was refused. */
export function schemaFault(
  validator: { Errors(value: unknown): readonly SchemaError[] },
  value: unknown,
): Rejection {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { pointer: '', reason: 'not_an_object' };
  }
  const [first] = validator.Errors(value);
  if (first === undefined) return { pointer: '', reason: 'bad_value' };
  const { keyword, instancePath, params } = first;
  const at = (reason: RejectReason, pointer = instancePath): Rejection => ({ pointer, reason });
  if (keyword === 'required') {
    const [name = ''] = (params as { requiredProperties?: string[] }).requiredProperties ?? [];
    return at(name === 'type' ? 'missing_type' : 'missing_field', instancePath + pointerTo(name));
  }
  if (keyword === 'boolean') return at('unknown_field');
  if (instancePath === '/type') return at('unknown_type');
  if (keyword === 'maxLength') return at('text_too_long');
  return at(keyword === 'type' || keyword === 'anyOf' ? 'wrong_type' : 'bad_value');
}
