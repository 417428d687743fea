import { describe, expect, it } from 'vitest';
import { renderEvidence } from '../../src/evidence/render.js';
import { assemblyOf, capturedRemarks, evidenceOf } from './captured.js';

describe('rendering evidence', () => {
  it('shows places, costs and code of hot functions within about 1 KB each', () => {
    const remarks = capturedRemarks('katajainen');
    const evidence = evidenceOf(remarks, [assemblyOf('BoundaryPM', { branches: 7 })]);
    const text = renderEvidence(evidence);
    expect(text).toContain('src/unit.c  80.0 % of the addon');
    expect(text).toContain('BoundaryPM  40.0 %');
    expect(text).toContain('100 instructions, 400 bytes, 0 vector, 0 calls (0 indirect), 7 branches');
    expect(text).toContain("inline:Inlined at katajainen.c:87:5: 'InitNode' inlined into 'BoundaryPM'");
    expect(text).toMatch(/… \d+ more remarks/);
    expect(text.length).toBeLessThan(2 * 1400 + 200);
  });

  it('lets no control character of the program through', () => {
    const [remark] = capturedRemarks('snappy');
    const evil = { ...(remark as NonNullable<typeof remark>), args: { Message: 'a\u001b[2Jb\u0007' } };
    expect(renderEvidence(evidenceOf([evil]))).toContain('a [2Jb ');
  });
});
