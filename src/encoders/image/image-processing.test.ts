// What preprocessor files of several families ask for, and pixels as the formula has them.
import { describe, expect, it } from 'vitest';
import { pixelWriter, readImageProcessing } from './image-processing.ts';

const read = (fields: object) => readImageProcessing(JSON.stringify(fields));
const IMAGENET = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

describe('preprocessor_config.json', () => {
  it('of CLIP: the shorter side to 224 by a cubic filter, then the middle', () => {
    const processing = read({
      size: { shortest_edge: 224 },
      crop_size: { height: 224, width: 224 },
      do_center_crop: true,
      resample: 3,
    });
    expect(processing).toMatchObject({
      resize: { to: 'shortest', edge: 224 },
      filter: 'cubic',
      width: 224,
      height: 224,
    });
  });

  it('of MobileNet in its older form: numbers for sizes', () => {
    expect(read({ size: 256, crop_size: 224, do_center_crop: true, ...IMAGENET })).toMatchObject({
      resize: { to: 'shortest', edge: 256 },
      width: 224,
      mean: IMAGENET.image_mean,
    });
  });

  it('of ConvNeXT: a share to keep instead of a crop', () => {
    expect(read({ size: { shortest_edge: 224 }, crop_pct: 0.875 })).toMatchObject({
      resize: { to: 'shortest', edge: 256 },
      width: 224,
      height: 224,
    });
  });

  it('of ViT: a box, neither rescaled nor normalised where it says so', () => {
    const plain = { size: { height: 8, width: 6 }, do_rescale: false, do_normalize: false };
    expect(read(plain)).toMatchObject({
      resize: { to: 'box', width: 6, height: 8 },
      scale: 1,
      mean: [0, 0, 0],
      stdDev: [1, 1, 1],
    });
  });

  it.each([
    [{ size: { height: 0, width: 4 } }, 'a side of 1 to 2048'],
    [{ size: 99999 }, 'a side of 1 to 2048'],
    [{ resample: 5 }, 'resample'],
    [{ image_mean: [0.5, 0.5] }, 'image_mean: expected three numbers'],
    [{ do_resize: false }, 'both are off'],
    [{ image_std: [0.5, 0, 0.5] }, 'image_std: expected numbers above 0'],
    [{ do_flip_channel_order: true }, 'do_flip_channel_order turns them round'],
  ])('%j is refused by name', (fields, words) => {
    expect(() => read(fields)).toThrow(words);
  });
});

describe('pixels', () => {
  const processing = read({ size: { height: 2, width: 3 }, ...IMAGENET });
  const rgb = Uint8Array.from({ length: 18 }, (_, i) => (i * 53) % 256);
  const expected = (pixel: number, channel: number) =>
    (rgb[3 * pixel + channel] / 255 - IMAGENET.image_mean[channel]) / IMAGENET.image_std[channel];

  it.each(['planes', 'interleaved'] as const)('become (byte / 255 − mean) / deviation, as %s', (order) => {
    const into = new Float32Array(20);
    pixelWriter(processing, order)(rgb, into, 1);
    for (let pixel = 0; pixel < 6; pixel++)
      for (let channel = 0; channel < 3; channel++) {
        const at = order === 'planes' ? channel * 6 + pixel : 3 * pixel + channel;
        expect(into[1 + at]).toBeCloseTo(expected(pixel, channel), 6);
      }
    expect([into[0], into[19]]).toEqual([0, 0]);
  });
});
