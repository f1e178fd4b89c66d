// The values of a BERT-like network out of a file with its family's names.
import { AppError } from '../../core/errors.ts';
import { parametersOf } from '../text/encoder-values.ts';
import type { Weights } from '../weights/weights.ts';
import { type BertFamily, placeInFile } from './bert-names.ts';
import type { BertShape } from './bert-shape.ts';
import { bertStates } from './bert-states.ts';

/**
 * The values of a network out of a file with a family's own names; what stands in front of all of them (`bert.` where a
 * task head lies beside) is found.
 *
 * @throws AppError BAD_FILE for a weight that is absent or of another shape than config.json says
 */
export function bertValues(
  family: BertFamily,
  shape: BertShape,
  weights: Weights,
): Readonly<Record<string, Float32Array>> {
  const opening = openingOf(family, weights);
  return Object.fromEntries(
    [...parametersOf(bertStates(shape))].map(([name, sizes]) => {
      const { name: short, isTurned } = placeInFile(family, name);
      const inFile = found(weights, `${opening}${short}`);
      const wanted = isTurned ? [...sizes].reverse() : sizes;
      const got = weights.shapeOf(inFile);
      if (got?.join() !== wanted.join())
        throw new AppError(
          'BAD_FILE',
          `weight "${inFile}": config.json asks for [${wanted.join(', ')}], ${got === undefined ? 'the file has none' : `the file has [${got.join(', ')}]`}`,
        );
      const values = weights.read(inFile);
      return [name, isTurned ? turned(values, wanted) : values.slice()];
    }),
  );
}

function openingOf(family: BertFamily, weights: Weights): string {
  const { name } = placeInFile(family, 'pieces.weight');
  const whole = weights.names.find((candidate) => candidate === name || candidate.endsWith(`.${name}`));
  return whole?.slice(0, -name.length) ?? '';
}

/** Files written before 2019 call a norm's two parameters gamma and beta. */
function found(weights: Weights, name: string): string {
  if (weights.shapeOf(name) !== undefined) return name;
  const old = name
    .replace(/LayerNorm\.weight$/, 'LayerNorm.gamma')
    .replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
  return weights.shapeOf(old) === undefined ? name : old;
}

/** [rows, columns] to [columns, rows] */
function turned(values: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column];
  return out;
}
