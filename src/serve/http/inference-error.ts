// Errors as the Open Inference Protocol wants them: `{ "error": … }` at its addresses, problem details everywhere else.
import Type from 'typebox';
import { type Problem, problemText } from './problem.ts';
import { JSON_TYPE, problemHeaders } from './raw-answer.ts';

export const InferenceErrorSchema = Type.Object(
  { error: Type.String() },
  { additionalProperties: false, title: 'InferenceError' },
);

export const isInferencePath = (url: string): boolean => /^\/v2(?:[/?]|$)/.test(url);

/** @param url as it was asked for */
export function errorAnswer(
  problem: Problem,
  url: string,
): { readonly headers: Record<string, string>; readonly text: string } {
  const headers = problemHeaders(problem);
  if (!isInferencePath(url)) return { headers, text: problemText(problem) };
  const parts = problem.errors?.map(({ pointer, reason }) => `${pointer}: ${reason}`) ?? [];
  const error = parts.length > 0 ? `${problem.message} (${parts.join('; ')})` : problem.message;
  return { headers: { ...headers, 'content-type': JSON_TYPE }, text: JSON.stringify({ error }) };
}
