// Pictures made by sharp and decoded again; what is none, damaged or too large is told apart.
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { centre, IMAGE_LIMITS, openSharpDecoder } from './image-decoder.ts';
import { type ImageProcessing, readImageProcessing } from './image-processing.ts';

const decode = await openSharpDecoder();
const plan = (fields: object): ImageProcessing => readImageProcessing(JSON.stringify(fields));
const box = (height: number, width: number) => plan({ size: { height, width } });
const flat = (width: number, height: number, background: object) =>
  sharp({ create: { width, height, channels: 4, background } as never });

describe('a picture', () => {
  it('see-through is laid on white', async () => {
    const png = await flat(4, 4, { r: 200, g: 0, b: 0, alpha: 0 }).png().toBuffer();
    expect(new Set(await decode(png, box(2, 2), IMAGE_LIMITS))).toEqual(new Set([255]));
  });

  it('in grey has three equal channels', async () => {
    const grey = await flat(4, 4, { r: 90, g: 90, b: 90, alpha: 1 }).greyscale().png().toBuffer();
    const rgb = await decode(grey, box(4, 4), IMAGE_LIMITS);
    expect(rgb).toHaveLength(48);
    expect(new Set(rgb)).toEqual(new Set([90]));
  });

  it('taken sideways stands upright', async () => {
    // Left half black, right half white, and a note to turn it by 180°.
    const halves = Uint8Array.from({ length: 4 * 2 * 3 }, (_, i) => (Math.floor(i / 3) % 4 < 2 ? 0 : 255));
    const raw = { raw: { width: 4, height: 2, channels: 3 as const } };
    const turned = await sharp(halves, raw).withMetadata({ orientation: 3 }).png().toBuffer();
    const rgb = await decode(turned, box(2, 4), IMAGE_LIMITS);
    expect([rgb[0], rgb[9]]).toEqual([255, 0]);
  });

  it('is cut in the middle once its shorter side fits', async () => {
    // Three stripes of 4 columns: red, green, blue; only the middle one is left.
    const stripes = Uint8Array.from({ length: 12 * 4 * 3 }, (_, i) =>
      Math.floor((Math.floor(i / 3) % 12) / 4) === i % 3 ? 255 : 0,
    );
    const png = await sharp(stripes, { raw: { width: 12, height: 4, channels: 3 } })
      .png()
      .toBuffer();
    const processing = plan({ size: { shortest_edge: 4 }, crop_size: 4, do_center_crop: true });
    const rgb = await decode(png, processing, IMAGE_LIMITS);
    expect(Array.from(rgb)).toEqual(Array.from({ length: 48 }, (_, i) => (i % 3 === 1 ? 255 : 0)));
  });
});

it('a picture that would be large once its shorter side fits is refused before it is made so', async () => {
  const narrow = await flat(4, 1000, { r: 1, g: 1, b: 1, alpha: 1 }).png().toBuffer();
  const shortest = plan({ size: { shortest_edge: 224 }, crop_size: 224, do_center_crop: true });
  const limits = { ...IMAGE_LIMITS, pixels: 1_000_000 };
  await expect(decode(narrow, shortest, limits)).rejects.toThrow('less narrow, got 4 × 1000 pixels');
  expect(await decode(narrow, shortest, IMAGE_LIMITS)).toHaveLength(224 * 224 * 3);
});

it('the middle of a picture smaller than the cut is framed in black', () => {
  const rgb = Uint8Array.from({ length: 2 * 2 * 3 }, (_, i) => i + 1);
  const framed = centre(rgb, { width: 2, height: 2 }, { width: 4, height: 3 });
  const expected = new Uint8Array(36);
  for (let y = 0; y < 2; y++)
    for (let x = 0; x < 2; x++)
      // (2 − 3) / 2 is rounded down: one black row above, none under.
      for (let c = 0; c < 3; c++) expected[3 * ((y + 1) * 4 + x + 1) + c] = rgb[3 * (2 * y + x) + c];
  expect(framed).toEqual(expected);
});

const jpeg = await flat(64, 64, { r: 1, g: 200, b: 3, alpha: 1 }).jpeg().toBuffer();

describe('refused, with words for a person:', () => {
  const cases: readonly (readonly [string, Uint8Array, Partial<typeof IMAGE_LIMITS>, string])[] = [
    ['an empty file', new Uint8Array(0), {}, 'the file is empty'],
    ['text', Buffer.from('hello'), {}, 'begins like none of them'],
    ['SVG, which can name other files', Buffer.from('<svg xmlns="x"/>'), {}, 'begins like none of them'],
    ['a JPEG cut short', jpeg.subarray(0, jpeg.length / 2), {}, 'damaged'],
    ['a file too large', jpeg, { bytes: 100 }, 'at most 100 bytes'],
    ['too many pixels', jpeg, { pixels: 4095 }, 'at most 4095 pixels'],
  ];
  it.each(cases)('%s', async (_, bytes, limits, words) => {
    await expect(decode(bytes, box(8, 8), { ...IMAGE_LIMITS, ...limits })).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringContaining(words),
    });
  });

  it('as many pixels as are allowed pass', async () => {
    expect(await decode(jpeg, box(8, 8), { ...IMAGE_LIMITS, pixels: 4096 })).toHaveLength(192);
  });
});
