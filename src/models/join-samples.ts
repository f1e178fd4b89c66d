// Examples of two samples as one.
import { invariant } from '../core/errors.ts';
import { joinFrames, joinNumbers } from '../core/join-frames.ts';
import type { Sample } from './estimator.ts';

/** Both answer the same question from the same columns; examples of the second after those of the first. */
export function joinSamples(first: Sample, second: Sample): Sample {
  invariant(first.question.kind === second.question.kind, 'both samples ask the same');
  for (const { frame, entities, target } of [first, second])
    invariant(entities.length === frame.rows && target.length === frame.rows, 'a target a row');
  return {
    question: first.question,
    frame: joinFrames(first.frame, second.frame),
    entities: [...first.entities, ...second.entities],
    asOf: joinNumbers(Float64Array, first.asOf, second.asOf),
    target: joinNumbers(Float64Array, first.target, second.target),
    ...((first.weight || second.weight) && {
      weight: joinNumbers(Float64Array, weightsOf(first), weightsOf(second)),
    }),
  };
}

const weightsOf = ({ weight, frame }: Sample): Float64Array => weight ?? new Float64Array(frame.rows).fill(1);
