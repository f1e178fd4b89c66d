// How an encoder wants its pictures: read from `preprocessor_config.json`, and pixels turned into the numbers it is fed.
import { AppError } from '../../core/errors.ts';

/** How a picture is brought to size: to a box as it is, or by its shorter side. */
export type Resizing =
  | { readonly to: 'box'; readonly width: number; readonly height: number }
  | { readonly to: 'shortest'; readonly edge: number };

/** Filters of PIL that sharp has too. */
export type ResizeFilter = 'nearest' | 'linear' | 'cubic' | 'lanczos3';

/** From a picture of any size to `[height, width, 3]` bytes, then to numbers: `(byte · scale + offset − mean) / stdDev`. */
export interface ImageProcessing {
  /** Absent: pictures keep their size before the crop. */
  readonly resize?: Resizing;
  readonly filter: ResizeFilter;
  /** What is cut out of the middle, and so the size the encoder sees. */
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly offset: number;
  readonly mean: readonly [number, number, number];
  readonly stdDev: readonly [number, number, number];
}

/** PIL's numbers of filters; box and Hamming have no twin. */
const FILTERS: Readonly<Record<number, ResizeFilter>> = {
  0: 'nearest',
  1: 'lanczos3',
  2: 'linear',
  3: 'cubic',
};
const LINEAR = 2;
/** Larger than any encoder reads; a wrong file must not ask for gigabytes. */
const LARGEST_SIDE = 2048;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads what the Hugging Face image processors of still pictures write: sizes as a number, `{height, width}` or
 * `{shortest_edge}`, a crop (or `crop_pct`), rescaling and normalising.
 *
 * @throws AppError BAD_FILE naming the field
 */
export function readImageProcessing(text: string, file = 'preprocessor_config.json'): ImageProcessing {
  const fields = parse(text, file);
  const size = sizeOf(fields.size ?? 224, `${file}: size`);
  const crops =
    fields.do_center_crop === true || (fields.crop_size !== undefined && fields.do_center_crop !== false);
  const crop =
    crops && fields.crop_size !== undefined
      ? boxOf(sizeOf(fields.crop_size, `${file}: crop_size`))
      : boxOf(size);
  const enlarged = typeof fields.crop_pct === 'number' && fields.crop_pct > 0 ? 1 / fields.crop_pct : 1;
  const resize: Resizing =
    size.to === 'box' ? size : { to: 'shortest', edge: Math.floor(size.edge * enlarged) };
  if (fields.do_resize === false && !crops)
    throw new AppError(
      'BAD_FILE',
      `${file}: expected do_resize or do_center_crop, both are off: pictures of any size do not make a batch`,
    );
  const code = fields.resample ?? LINEAR;
  const filter = FILTERS[Number(code)];
  if (!filter)
    throw new AppError('BAD_FILE', `${file}: expected resample 0, 1, 2 or 3, got ${JSON.stringify(code)}`);
  const flipped = ['do_flip_channel_order', 'do_flip_channels'].find((field) => fields[field] === true);
  if (flipped !== undefined)
    throw new AppError(
      'BAD_FILE',
      `${file}: expected colours as red, green, blue, ${flipped} turns them round`,
    );
  const rescales = fields.do_rescale !== false;
  const normalises = fields.do_normalize !== false;
  return {
    ...(fields.do_resize === false ? {} : { resize }),
    filter,
    ...crop,
    scale: rescales ? numberOf(fields.rescale_factor ?? 1 / 255, `${file}: rescale_factor`) : 1,
    offset: rescales && fields.rescale_offset === true ? -1 : 0,
    mean: normalises ? tripleOf(fields.image_mean ?? [0.5, 0.5, 0.5], `${file}: image_mean`) : [0, 0, 0],
    stdDev: normalises ? deviationsOf(fields.image_std ?? [0.5, 0.5, 0.5], `${file}: image_std`) : [1, 1, 1],
  };
}

function parse(text: string, file: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Fields;
  } catch (cause) {
    throw new AppError('BAD_FILE', `expected JSON in "${file}", it is none`, {}, cause);
  }
  throw new AppError('BAD_FILE', `expected an object in "${file}"`);
}

function sizeOf(value: unknown, where: string): Resizing {
  if (typeof value === 'number') return { to: 'shortest', edge: sideOf(value, where) };
  const { height, width, shortest_edge: edge } = (value ?? {}) as Fields;
  if (edge !== undefined) return { to: 'shortest', edge: sideOf(edge, where) };
  return { to: 'box', width: sideOf(width, where), height: sideOf(height, where) };
}

const boxOf = (size: Resizing): { width: number; height: number } =>
  size.to === 'box' ? { width: size.width, height: size.height } : { width: size.edge, height: size.edge };

function sideOf(value: unknown, where: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= LARGEST_SIDE)
    return Number(value);
  throw new AppError(
    'BAD_FILE',
    `${where}: expected a side of 1 to ${LARGEST_SIDE} pixels, got ${JSON.stringify(value)}`,
  );
}

function numberOf(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new AppError('BAD_FILE', `${where}: expected a number, got ${JSON.stringify(value)}`);
}

function tripleOf(value: unknown, where: string): [number, number, number] {
  if (Array.isArray(value) && value.length === 3) {
    const [red, green, blue] = value.map((own) => numberOf(own, where));
    return [red, green, blue];
  }
  throw new AppError('BAD_FILE', `${where}: expected three numbers, got ${JSON.stringify(value)}`);
}

function deviationsOf(value: unknown, where: string): [number, number, number] {
  const deviations = tripleOf(value, where);
  if (deviations.every((own) => own > 0)) return deviations;
  throw new AppError('BAD_FILE', `${where}: expected numbers above 0, got ${JSON.stringify(value)}`);
}

/** How the three colours lie in memory: as planes, or side by side. */
export type ChannelOrder = 'planes' | 'interleaved';

/**
 * A function that writes one picture's numbers, as the encoder wants them.
 *
 * @param order `planes`: [3, height, width]; `interleaved`: [height, width, 3]
 */
export function pixelWriter(
  { width, height, scale, offset, mean, stdDev }: ImageProcessing,
  order: ChannelOrder,
): (rgb: Uint8Array, into: Float32Array, at: number) => void {
  // A byte has 256 values: what becomes of each is worked out once.
  const tables = [0, 1, 2].map((channel) =>
    Float32Array.from(
      { length: 256 },
      (_, byte) => (byte * scale + offset - mean[channel]) / stdDev[channel],
    ),
  );
  const [red, green, blue] = tables;
  const pixels = width * height;
  if (order === 'interleaved')
    return (rgb, into, at) => {
      for (let i = 0; i < 3 * pixels; i += 3) {
        into[at + i] = red[rgb[i]];
        into[at + i + 1] = green[rgb[i + 1]];
        into[at + i + 2] = blue[rgb[i + 2]];
      }
    };
  return (rgb, into, at) => {
    for (let i = 0, from = 0; i < pixels; i++, from += 3) {
      into[at + i] = red[rgb[from]];
      into[at + pixels + i] = green[rgb[from + 1]];
      into[at + 2 * pixels + i] = blue[rgb[from + 2]];
    }
  };
}
