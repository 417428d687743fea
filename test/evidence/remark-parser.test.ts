import { describe, expect, it } from 'vitest';
import { createRemarkParser, type RawRemark } from '../../src/evidence/remark-parser.js';
import { captured } from './captured.js';

function parse(
  text: string,
  pieceLength = text.length,
): { remarks: RawRemark[]; documents: number; malformed: number } {
  const remarks: RawRemark[] = [];
  const parser = createRemarkParser({ wanted: () => true, emit: (remark) => remarks.push(remark) });
  for (let at = 0; at < text.length; at += pieceLength) parser.push(text.slice(at, at + pieceLength));
  return { remarks, ...parser.end() };
}

const small = (args: string, functionName = 'f'): string =>
  `--- !Missed\nPass:            inline\nName:            TooCostly\nFunction:        ${functionName}\nArgs:\n${args}...\n`;

describe('the remark parser', () => {
  it('reads every document of what clang wrote about real code', () => {
    for (const name of ['katajainen', 'lz77', 'lz4hc', 'snappy', 'hnswlib']) {
      const text = captured(`remarks/clang-19-${name}.yaml`);
      const { remarks, documents, malformed } = parse(text);
      expect(documents).toBe(text.match(/^--- /gm)?.length);
      expect(remarks).toHaveLength(documents);
      expect(malformed).toBe(0);
    }
  });

  it('gives pass, place, costs and the whole message of an inlining remark', () => {
    const { remarks } = parse(captured('remarks/clang-19-katajainen.yaml'));
    const inlined = remarks.find((remark) => remark.name === 'Inlined' && remark.function === 'BoundaryPM');
    expect(inlined).toMatchObject({
      kind: 'Passed',
      pass: 'inline',
      location: { file: '../zopfli/src/zopfli/katajainen.c', line: 87, column: 5 },
      args: { Callee: 'InitNode', Caller: 'BoundaryPM', Cost: '-35', Threshold: '375' },
    });
    expect(inlined?.args.Message).toContain(
      "'InitNode' inlined into 'BoundaryPM' with (cost=-35, threshold=375)",
    );
  });

  it('gives the same remarks whatever pieces the text comes in', () => {
    const text = captured('remarks/clang-19-snappy.yaml');
    const whole = parse(text).remarks;
    expect(parse(text, 7).remarks).toEqual(whole);
    expect(parse(text.replaceAll('\n', '\r\n'), 1000).remarks).toEqual(whole);
  });

  it('skips malformed and cut documents and goes on with the next', () => {
    const good = small("  - Callee:          g\n  - Cost:            '10'\n");
    const text = [
      '--- !Missed\nPass inline\n...\n',
      '--- not a tag\nPass: inline\n...\n',
      '--- !Passed\nPass: inline\n...\n',
      '--- !Passed\nPass: inline\nName: Cut\nFunction: f\n',
      good,
      '--- !Passed\nPass: inl',
    ].join('');
    const { remarks, documents, malformed } = parse(text);
    expect(remarks.map((remark) => remark.name)).toEqual(['TooCostly']);
    expect({ documents, malformed }).toEqual({ documents: 6, malformed: 5 });
  });

  it('keeps hostile names as plain data', () => {
    const { remarks } = parse(
      small(
        "  - __proto__:       polluted\n  - constructor:     'it''s'\n  - Callee:          \"a\\x41\\n\\\"b\"\n",
        "'__proto__'",
      ),
    );
    expect(remarks[0]?.function).toBe('__proto__');
    expect(Object.entries(remarks[0]?.args ?? {})).toEqual([
      ['__proto__', 'polluted'],
      ['constructor', "it's"],
      ['Callee', 'aA\n"b'],
      ['Message', 'pollutedit\'saA "b'],
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('does not keep more than its caps of an endless document or value', () => {
    const args = Array.from({ length: 3000 }, (_, index) => `  - Key${index}: ${'x'.repeat(900)}\n`).join('');
    const [remark] = parse(small(args)).remarks;
    expect(Object.keys(remark?.args ?? {}).length).toBeLessThanOrEqual(49);
    expect(JSON.stringify(remark).length).toBeLessThan(25_000);
    expect(parse(small(`${'  - K: v\n'.repeat(9000)}`)).malformed).toBe(1);
  });

  it('does not read the arguments of functions nobody asked for', () => {
    const asked: string[] = [];
    const parser = createRemarkParser({
      wanted: (pass, name, functionName) => asked.push(`${pass}:${name}:${functionName}`) < 0,
      emit: () => expect.unreachable(),
    });
    parser.push(small('  - Callee: g\n'));
    expect(parser.end()).toEqual({ documents: 1, malformed: 0 });
    expect(asked).toEqual(['inline:TooCostly:f']);
  });
});
