// Reading: real files, files cut short, and files that are something else.

import { describe, expect, it } from 'vitest';
import { GOLDEN_BASE64, goldenModel, TYPED_BASE64, TYPED_HEX } from '../../../test/onnx/golden-models.ts';
import { AppError } from '../../core/errors.ts';
import { random } from '../../core/random.ts';
import { encodeMessage, type FieldWriter } from './protobuf-writer.ts';
import { readModel } from './read.ts';
import { writeModel } from './write.ts';

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const golden = fromBase64(GOLDEN_BASE64);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ascii = (text: string) => new TextEncoder().encode(text);

/** A file whose graph holds what `body` writes. */
const graphFile = (body: (out: FieldWriter) => void) =>
  encodeMessage((out) => out.message(7, () => body(out)));
const tensorFile = (body: (out: FieldWriter) => void) => graphFile((out) => out.message(5, () => body(out)));
const attributeFile = (body: (out: FieldWriter) => void) =>
  graphFile((out) =>
    out.message(1, () => {
      out.text(4, 'Op');
      out.message(5, () => body(out));
    }),
  );

describe('reading a model', () => {
  it('understands the bytes of the reference library', () => {
    expect(readModel(golden)).toEqual(goldenModel);
  });

  it('brings numbers of every typed field to little-endian bytes', () => {
    const { graph, opsets } = readModel(fromBase64(TYPED_BASE64));
    expect(Object.fromEntries(graph.initializers.map(({ name, bytes }) => [name, hex(bytes)]))).toEqual(
      TYPED_HEX,
    );
    expect(opsets).toEqual({ '': 17 });
  });

  it('leaves weights where they are in the file', () => {
    const [w] = readModel(golden).graph.initializers;
    expect(w.bytes.buffer).toBe(golden.buffer);
    expect(w.bytes.byteOffset).toBeGreaterThan(0);
  });

  it('takes repeated numbers packed, unpacked or both', () => {
    const file = attributeFile((out) => {
      out.text(1, 'axes');
      out.int(8, 1);
      // Two varints in one block: 2 and 300.
      out.bytes(8, Uint8Array.of(2, 0xac, 2));
      out.int(8, -4);
      out.int(20, 7);
    });
    expect(readModel(file).graph.nodes[0].attributes).toEqual({ axes: { ints: [1, 2, 300, -4] } });
    const floats = tensorFile((out) => {
      out.int(1, 3);
      out.int(2, 1);
      out.float(4, 1.5);
      out.bytes(4, new Uint8Array(Float32Array.of(2, -3).buffer));
    });
    expect(hex(readModel(floats).graph.initializers[0].bytes)).toBe('0000c03f00000040000040c0');
  });

  it('keeps the ends of int64 apart, which doubles cannot', () => {
    const largest = attributeFile((out) => {
      out.text(1, 'ends');
      out.int(8, 2 ** 63);
      out.int(8, -(2 ** 63));
      out.int(20, 7);
    });
    expect(hex(largest)).toContain('ffffffffffffffff7f');
    const model = readModel(largest);
    expect(model.graph.nodes[0].attributes).toEqual({ ends: { ints: [2 ** 63, -(2 ** 63)] } });
    expect(hex(writeModel(model))).toContain('ffffffffffffffff7f');
  });

  it('skips fields it does not know', () => {
    const file = encodeMessage((out) => {
      out.text(6, 'documentation');
      out.float(900, 1);
      out.message(7, () => {
        out.text(10, 'documentation');
        out.text(2, 'kept');
        out.message(13, () => out.text(1, 'intermediate'));
      });
    });
    expect(readModel(file).graph).toMatchObject({ name: 'kept', nodes: [] });
  });

  it('reads a negative dimension of a value as one that is not known', () => {
    const file = graphFile((out) =>
      out.message(11, () => {
        out.text(1, 'x');
        out.message(2, () =>
          out.message(1, () => {
            out.int(1, 1);
            out.message(2, () => {
              for (const size of [-1, 0, 7]) out.message(1, () => out.int(1, size));
            });
          }),
        );
      }),
    );
    expect(readModel(file).graph.inputs).toEqual([{ name: 'x', elementType: 'float', dims: ['', 0, 7] }]);
  });
});

const named = (out: FieldWriter, ...dims: readonly number[]) => {
  for (const size of dims) out.int(1, size);
  out.text(8, 'weight');
};

describe('reading refuses', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /^model: the file is empty/],
    ['a Git LFS pointer', ascii('version https://git-lfs.github.com/spec/v1\n'), /Git LFS pointer/],
    ['a zip archive', ascii('PK\u0003\u0004 archive'), /zip archive/],
    ['a file without a graph', encodeMessage((out) => out.int(1, 8)), /^model: it holds no graph/],
    [
      'external data',
      tensorFile((out) => {
        named(out, 4);
        out.int(2, 1);
        out.message(13, () => out.text(1, 'location'));
        out.int(14, 1);
      }),
      /^tensor "weight": its numbers are in another file \(external data\)/,
    ],
    [
      'a negative dimension',
      tensorFile((out) => {
        named(out, 2, -3);
        out.int(2, 1);
      }),
      /^tensor "weight": dimensions must not be negative, got \[2, -3\]/,
    ],
    [
      'too few bytes',
      tensorFile((out) => {
        named(out, 2, 3);
        out.int(2, 1);
        out.bytes(9, new Uint8Array(20));
      }),
      /^tensor "weight": float \[2, 3\] takes 24 bytes, got 20/,
    ],
    [
      'dimensions beyond all numbers',
      tensorFile((out) => {
        named(out, ...Array.from({ length: 20 }, () => 2 ** 62), 0);
        out.int(2, 1);
      }),
      /^tensor "weight": float .* got 0/,
    ],
    [
      'texts',
      tensorFile((out) => {
        named(out, 1);
        out.int(2, 8);
      }),
      /^tensor "weight": tensors of text/,
    ],
    [
      'an element type of tomorrow',
      tensorFile((out) => {
        named(out, 1);
        out.int(2, 23);
      }),
      /^tensor "weight": element type 23/,
    ],
    [
      'an attribute of tensors',
      attributeFile((out) => {
        out.text(1, 'many');
        out.int(20, 9);
      }),
      /^model › graph › node 0 › \(Op\) attribute 0: attribute "many" of type 9/,
    ],
    [
      'model functions',
      encodeMessage((out) => {
        out.message(7, () => {});
        out.message(25, () => {});
      }),
      /model functions/,
    ],
    [
      'a text that is not UTF-8',
      graphFile((out) => out.bytes(2, Uint8Array.of(0xff))),
      /graph: a text is not UTF-8/,
    ],
    ['a number where a text belongs', graphFile((out) => out.int(2, 5)), /field 2 has wire type 0, not 2/],
    [
      'a value longer than the file',
      Uint8Array.of(0x3a, 0x7f, 0x0a),
      /model: a value of 127 bytes starts where 1 are left/,
    ],
    [
      'a value of negative length',
      Uint8Array.of(0x3a, ...Array.from({ length: 9 }, () => 0xff), 1),
      /model: a value of -1 bytes/,
    ],
    ['no field number', Uint8Array.of(0x00, 0x01), /no field number at byte 0/],
    [
      'a field number beyond all',
      Uint8Array.of(0xba, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00),
      /no field number at byte 0/,
    ],
    [
      'floats that are no multiple of four bytes',
      attributeFile((out) => {
        out.text(1, 'weights');
        out.bytes(7, new Uint8Array(6));
        out.int(20, 6);
      }),
      /field 7 is not made of 4-byte numbers/,
    ],
    ['sparse initializers', graphFile((out) => out.message(15, () => {})), /sparse initializers/],
    [
      'a reference into a model function',
      attributeFile((out) => {
        out.text(1, 'alpha');
        out.int(20, 1);
        out.text(21, 'alpha');
      }),
      /refers to a model function/,
    ],
    [
      'a value that is no tensor',
      graphFile((out) => out.message(11, () => out.text(1, 'x'))),
      /^value "x": expected a tensor/,
    ],
    [
      'an attribute without its tensor',
      attributeFile((out) => {
        out.text(1, 'value');
        out.int(20, 4);
      }),
      /attribute "value" has no value/,
    ],
    ['a number without an end', new Uint8Array(64).fill(0xff), /longer than 64 bits/],
    ['a number cut off', Uint8Array.of(0x08, 0x80), /cut off at the end/],
    ['graphs nested without end', graphsInGraphs(60), /nested deeper than 100 messages/],
  ])('%s', (_what, bytes, message) => {
    expect(() => readModel(bytes)).toThrow(
      expect.objectContaining({
        name: 'AppError',
        code: 'BAD_FILE',
        message: expect.stringMatching(message),
      }),
    );
  });
});

/** Each level is an `If` whose branch is the next graph: three messages deep. */
function graphsInGraphs(levels: number): Uint8Array {
  const graph = (out: FieldWriter, left: number): void => {
    if (left > 0)
      out.message(1, () =>
        out.message(5, () => {
          out.int(20, 5);
          out.message(6, () => graph(out, left - 1));
        }),
      );
  };
  return graphFile((out) => graph(out, levels));
}

describe('a damaged file', () => {
  const sources = {
    golden,
    typed: fromBase64(TYPED_BASE64),
  };
  const survives = (bytes: Uint8Array): 'read' | 'refused' => {
    try {
      // Whatever is accepted must be whole enough to be written again.
      writeModel(readModel(bytes));
      return 'read';
    } catch (error) {
      if (error instanceof AppError) return 'refused';
      throw error;
    }
  };

  it.each(Object.entries(sources))('%s, cut anywhere, is read or refused, never worse', (_name, whole) => {
    const outcomes = Array.from(whole, (_, length) => survives(whole.subarray(0, length)));
    expect(outcomes).toContain('refused');
  });

  it.each(Object.entries(sources))(
    '%s, with random bytes changed, is read or refused, never worse',
    (name, whole) => {
      const chance = random(7).fork(name);
      const outcomes = new Set<string>();
      for (let round = 0; round < 5000; round++) {
        const bytes = whole.slice();
        for (let hits = 1 + chance.integer(4); hits > 0; hits--)
          bytes[chance.integer(bytes.length)] = chance.uniform() < 0.3 ? 255 : chance.integer(256);
        outcomes.add(survives(bytes));
      }
      expect([...outcomes].sort()).toEqual(['read', 'refused']);
    },
  );
});
