import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { encodeOutput } from '../../src/measure/child/encode.js';
import { compareOutputs } from '../../src/verify/compare.js';

/** As outputs really travel: encoded, serialised, read back. */
const travelled = (value: unknown): unknown => deserialize(serialize(encodeOutput(value)));

const equal = (a: unknown, b: unknown) => compareOutputs(travelled(a), travelled(b)).equal;

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}
class Vector extends Point {}

describe('compareOutputs', () => {
  it.each([
    ['numbers', 1, 2],
    ['negative zero and zero', -0, 0],
    ['strings', 'a', 'b'],
    ['a number and its string', 1, '1'],
    ['undefined and null', undefined, null],
    ['big integers', 1n, 2n],
    ['symbols', Symbol('a'), Symbol('b')],
    ['one byte of a buffer', Buffer.from('abc'), Buffer.from('abd')],
    ['lengths of buffers', Buffer.from('abc'), Buffer.from('abcd')],
    ['types of arrays with the same bytes', new Uint8Array(4), new Float32Array(1)],
    ['a zero and a negative zero in a float array', new Float64Array([0]), new Float64Array([-0])],
    ['lengths of arrays', [1], [1, undefined]],
    ['a hole and undefined', new Array(1), [undefined]],
    ['missing properties', { a: 1 }, {}],
    ['additional properties', {}, { a: 1 }],
    ['nested values', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    ['map values', new Map([['a', 1]]), new Map([['a', 2]])],
    ['sets', new Set([1]), new Set([2])],
    ['dates', new Date(1), new Date(2)],
    ['messages of errors', new Error('a'), new Error('b')],
    ['kinds of errors', new Error('a'), new TypeError('a')],
    ['classes', new Point(1, 2), new Vector(1, 2)],
    ['instances and plain objects', new Point(1, 2), { x: 1, y: 2 }],
    ['fields of instances', new Point(1, 2), new Point(1, 3)],
    ['regular expressions', /a/g, /a/i],
    ['a __proto__ key', JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 2}')],
  ])('tells %s apart', (_, a, b) => {
    expect(equal(a, b)).toBe(false);
    expect(equal(b, a)).toBe(false);
  });

  it.each([
    ['NaN', Number.NaN],
    ['buffers', Buffer.from('abc')],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(4))],
    ['an array buffer', new ArrayBuffer(3)],
    ['a data view', new DataView(new ArrayBuffer(3))],
    ['nested containers', { a: [new Map([[{ k: 1 }, new Set([1n])]]), null, undefined] }],
    ['functions by name', { run() {} }],
    ['an error', new RangeError('no')],
    ['instances', new Point(1, 2)],
    ['boxed values and dates', [Object(1), Object('a'), Object(true), new Date(5)]],
    ['an object without prototype', Object.create(null)],
  ])('finds %s equal to a copy', (_, value) => {
    expect(compareOutputs(travelled(value), travelled(value))).toEqual({ equal: true });
  });

  it('names the place of the first difference', () => {
    const expected = { list: [{ 'a b': 1 }, { words: [1, 2, 3] }] };
    const actual = { list: [{ 'a b': 1 }, { words: [1, 5, 9] }] };
    expect(compareOutputs(expected, actual)).toEqual({
      equal: false,
      path: '.list[1].words[1]',
      detail: 'expected 2, got 5',
    });
    expect(compareOutputs(Buffer.from([1, 2]), Buffer.from([1, 9]))).toMatchObject({
      detail: 'byte 1 of 2: expected 2, got 9',
    });
  });

  it('survives circular and very deep outputs', () => {
    const circular = (last: number) => {
      const ring: { next?: unknown; last: number } = { last };
      ring.next = ring;
      return ring;
    };
    expect(equal(circular(1), circular(1))).toBe(true);
    expect(equal(circular(1), circular(2))).toBe(false);
    let deep: unknown = 1;
    for (let depth = 0; depth < 50_000; depth++) deep = [deep];
    let other: unknown = 2;
    for (let depth = 0; depth < 50_000; depth++) other = [other];
    expect(compareOutputs(deep, other).equal).toBe(false);
  });

  it('forgives only what the tolerance covers', () => {
    expect(compareOutputs(1, 1 + 1e-9).equal).toBe(false);
    expect(compareOutputs(1, 1 + 1e-9, { relative: 1e-8 }).equal).toBe(true);
    expect(compareOutputs(1e-12, 2e-12, { absolute: 1e-9 }).equal).toBe(true);
    expect(compareOutputs([1, Number.NaN], [1, 1], { absolute: 1 }).equal).toBe(false);
    const floats = new Float32Array([1, 2]);
    expect(compareOutputs(floats, new Float32Array([1, 2.0001]), { relative: 1e-3 }).equal).toBe(true);
    expect(compareOutputs(floats, new Float32Array([1, 2.1]), { relative: 1e-3 })).toMatchObject({
      equal: false,
    });
    expect(compareOutputs(new Int32Array([100]), new Int32Array([101]), { relative: 0.5 }).equal).toBe(false);
    expect(compareOutputs(100n, 101n, { relative: 0.5 }).equal).toBe(false);
  });
});
