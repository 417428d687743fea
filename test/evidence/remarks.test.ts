import { describe, expect, it } from 'vitest';
import type { RawRemark } from '../../src/evidence/remark-parser.js';
import { createRemarkCollector, spillCount } from '../../src/evidence/remarks.js';
import { capturedRemarks } from './captured.js';

function remark(changes: Partial<RawRemark>): RawRemark {
  const location = { file: 'a.c', line: 1, column: 1 };
  return { kind: 'Missed', pass: 'inline', name: 'TooCostly', function: 'f', location, args: {}, ...changes };
}

describe('collecting remarks', () => {
  it('counts remarks with the same name, place and callee once', () => {
    const collector = createRemarkCollector();
    collector.add(remark({ args: { Callee: 'g' } }));
    collector.add(remark({ args: { Callee: 'g' } }));
    collector.add(remark({ args: { Callee: 'h' } }));
    collector.add(remark({ args: { Callee: 'g' }, location: { file: 'a.c', line: 2, column: 1 } }));
    expect(collector.remarks().map(({ count, args }) => [args.Callee, count])).toEqual([
      ['g', 2],
      ['h', 1],
      ['g', 1],
    ]);
  });

  it('keeps at most 32 per function and pass, what can be acted on before background noise', () => {
    const collector = createRemarkCollector();
    for (let line = 0; line < 100; line++) {
      const location = { file: 'a.c', line, column: 0 };
      collector.add(remark({ name: 'NoDefinition', location }));
      collector.add(remark({ pass: 'regalloc', name: 'LoopSpillReloadCopies', location }));
    }
    collector.add(remark({ args: { Callee: 'late', Cost: '300' } }));
    const kept = collector.remarks();
    expect(kept).toHaveLength(64);
    expect(kept[0]?.args.Callee).toBe('late');
  });

  it('does not count register copies as spills', () => {
    const loops = capturedRemarks('katajainen').filter(({ name }) => name === 'LoopSpillReloadCopies');
    const [copies] = loops.filter(
      ({ args }) => args.NumSpills === undefined && args.NumReloads === undefined,
    );
    const [spills] = loops.filter(({ args }) => args.NumReloads !== undefined);
    expect(copies?.args.NumVRCopies).toBeDefined();
    expect(spillCount(copies?.args ?? {})).toBe(0);
    expect(spillCount(spills?.args ?? {})).toBeGreaterThan(0);
  });
});
