// From the bytes of a picture file to pixels of the size an encoder wants: a port, and sharp behind it.
import type { Sharp } from 'sharp';
import { AppError } from '../../core/errors.ts';
import type { ImageProcessing } from './image-processing.ts';

/** What a picture may cost before it is refused. */
export interface ImageLimits {
  /** Of the file. */
  readonly bytes: number;
  /** Width times height as the file states them: a small file can unpack to gigabytes. */
  readonly pixels: number;
}

/** A photograph of a 100-megapixel camera passes. */
export const IMAGE_LIMITS: ImageLimits = { bytes: 50_000_000, pixels: 120_000_000 };

/**
 * Decodes, turns upright, resizes and cuts one picture.
 *
 * @returns RGB bytes, [height, width, 3] of `processing`
 * @throws AppError BAD_FILE in words for a person: no picture, damaged, too large
 */
export type DecodeImage = (
  bytes: Uint8Array,
  processing: ImageProcessing,
  limits: ImageLimits,
) => Promise<Uint8Array>;

/** Kinds of files by their first bytes. Nothing else reaches the decoder: SVG and PDF can name other files. */
const KINDS: readonly (readonly [kind: string, at: number, mark: readonly number[]])[] = [
  ['JPEG', 0, [0xff, 0xd8, 0xff]],
  ['PNG', 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['GIF', 0, [0x47, 0x49, 0x46, 0x38]],
  ['WebP', 8, [0x57, 0x45, 0x42, 0x50]],
  ['TIFF', 0, [0x49, 0x49, 0x2a, 0x00]],
  ['TIFF', 0, [0x4d, 0x4d, 0x00, 0x2a]],
  ['AVIF', 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69]],
];

/** `JPEG`, `PNG`, …; undefined for what is no picture we read. */
export const imageKind = (bytes: Uint8Array): string | undefined =>
  KINDS.find(([, at, mark]) => mark.every((byte, i) => bytes[at + i] === byte))?.[0];

/** @throws AppError BAD_FILE */
export function checkImage(bytes: Uint8Array, limits: ImageLimits): void {
  if (bytes.length === 0) throw new AppError('BAD_FILE', 'expected a picture, the file is empty');
  if (bytes.length > limits.bytes)
    throw new AppError(
      'BAD_FILE',
      `expected a picture of at most ${limits.bytes} bytes, got ${bytes.length}`,
    );
  if (imageKind(bytes) === undefined)
    throw new AppError(
      'BAD_FILE',
      'expected JPEG, PNG, WebP, GIF, AVIF or TIFF, the file begins like none of them',
    );
}

/**
 * Decoding by the package sharp, an optional peer loaded here alone.
 *
 * Pictures are turned as their camera noted, see-through ones are laid on white, and of moving ones the first frame counts.
 *
 * @throws AppError NOT_FOUND where sharp is not installed
 */
export async function openSharpDecoder(): Promise<DecodeImage> {
  const sharp = await loadSharp();
  return async (bytes, processing, limits) => {
    checkImage(bytes, limits);
    const { resize, filter, width, height } = processing;
    const image = sharp(bytes, { limitInputPixels: limits.pixels, failOn: 'error', sequentialRead: true })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb');
    if (resize?.to === 'shortest') await checkEnlarged(image.clone(), resize.edge, limits);
    if (resize?.to === 'box')
      image.resize({ width: resize.width, height: resize.height, fit: 'fill', kernel: filter });
    else if (resize)
      image.resize({ width: resize.edge, height: resize.edge, fit: 'outside', kernel: filter });
    const decoded = await image
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch((cause: unknown) => {
        throw refusal(cause, limits);
      });
    const { data, info } = decoded;
    return centre(threeChannels(data, info.channels), info, { width, height });
  };
}

/** A picture four wide and a hundred thousand high is small, and made 224 wide it is not. @throws AppError BAD_FILE */
async function checkEnlarged(image: Sharp, edge: number, limits: ImageLimits): Promise<void> {
  const { width = 1, height = 1 } = await image.metadata().catch((cause: unknown) => {
    throw refusal(cause, limits);
  });
  const times = edge / Math.min(width, height);
  if (times * width * times * height <= limits.pixels) return;
  throw new AppError('BAD_FILE', `expected a picture less narrow, got ${width} × ${height} pixels`);
}

async function loadSharp(): Promise<typeof import('sharp')['default']> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new AppError(
      'NOT_FOUND',
      'pictures are decoded by the package sharp, which is not installed: npm install sharp',
      {},
      cause,
    );
  }
}

/** libvips' own words may hold parts of the file: what is said here is ours. */
function refusal(cause: unknown, limits: ImageLimits): AppError {
  const words = cause instanceof Error ? cause.message : '';
  const text = /exceeds pixel limit/i.test(words)
    ? `expected a picture of at most ${limits.pixels} pixels, it states more`
    : 'the picture is damaged or of a kind that cannot be decoded';
  return new AppError('BAD_FILE', text, {}, cause);
}

/** Grey pictures have one channel. */
function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = data[channels * i + (channels > 3 ? c : 0)];
  return rgb;
}

interface Box {
  readonly width: number;
  readonly height: number;
}

/** The middle of a picture; what lies outside of a smaller one is black, as the reference processors have it. */
export function centre(rgb: Uint8Array, from: Box, to: Box): Uint8Array {
  if (from.width === to.width && from.height === to.height) return rgb;
  const cut = new Uint8Array(3 * to.width * to.height);
  const left = Math.floor((from.width - to.width) / 2);
  const top = Math.floor((from.height - to.height) / 2);
  const first = Math.max(0, -left);
  const width = Math.min(to.width, from.width - left) - first;
  if (width <= 0) return cut;
  for (let y = 0; y < to.height; y++) {
    const row = y + top;
    if (row < 0 || row >= from.height) continue;
    const start = 3 * (row * from.width + left + first);
    cut.set(rgb.subarray(start, start + 3 * width), 3 * (y * to.width + first));
  }
  return cut;
}
