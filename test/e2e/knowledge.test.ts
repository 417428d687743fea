import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompileCommand } from '../../src/build/types.js';
import { isaLevelOf } from '../../src/levers/isa-level.js';
import type { RenderTarget } from '../../src/levers/types.js';
import { silentLogger } from '../../src/log.js';
import { similarity } from '../../src/policy/knowledge/fingerprint.js';
import { baselineTarget, detectHost } from '../../src/target/host.js';
import type { Clang } from '../../src/toolchain/types.js';
import { takeFingerprint } from '../../src/tune/fingerprints.js';
import { SessionKnowledge } from '../../src/tune/knowledge.js';
import { type Scope, scopesOf } from '../../src/tune/scopes.js';
import { Workspace } from '../../src/tune/workspace.js';
import { temporaryFolder, testClang, writeFiles } from '../build/support.js';
import { assemblyOf, evidenceOf } from '../evidence/captured.js';
import { trialOf } from '../policy/support.js';
import { removePackage } from './build-support.js';

const loops = `
static int mix(int a, int b) { return (a ^ (b << 3)) * 17 + (a >> 2); }
void blend(int *restrict out, const int *a, const int *b, int n) {
  for (int i = 0; i < n; i++) out[i] = mix(a[i], b[i]);
}
long total(const short *values, int n) {
  long sum = 0;
  for (int i = 0; i < n; i++) sum += values[i] * 3;
  return sum;
}
`;
const edited = `// Sums and blends.\n${loops.replace('total', 'sum_of_all')}\nint unrelated(int a) { return a + 1; }\n`;
let folder: string;
let clang: Clang;

beforeAll(async () => {
  folder = await temporaryFolder('fingerprint');
  clang = await testClang();
  await writeFiles(folder, { 'loops.c': loops, 'edited.c': edited });
});

afterAll(() => removePackage(folder));

interface Session {
  readonly scope: Scope;
  readonly workspace: Workspace;
  readonly target: RenderTarget;
}

/** What tuning a file begins with; these functions are hot. */
function session(file: string, ...hot: readonly string[]): Session {
  const host = detectHost();
  const target: RenderTarget = {
    arch: host.arch === 'arm64' ? 'arm64' : 'x64',
    major: clang.major,
    level: isaLevelOf(baselineTarget(host)),
  };
  const [source, output] = [path.join(folder, file), path.join(folder, `${file}.o`)];
  const command: CompileCommand = {
    kind: 'compile',
    argv: ['cc', '-O2', '-c', source, '-o', output],
    ...{ cwd: folder, compilerIndex: 0, language: 'c', source, output, file, object: output },
  };
  const workspace = new Workspace({
    folder: path.join(folder, 'work'),
    record: { packageRoot: folder, compiles: [command], links: [] },
    binaries: [],
    leverPolicy: { allow: [] },
    ...{ clang, target, signal: undefined },
  });
  const evidence = evidenceOf(
    [],
    hot.map((name) => assemblyOf(name, {})),
  );
  const baseline = { path: output, hash: '' };
  const incumbent = { configuration: {}, object: baseline, speedup: 1 };
  const code = { command, evidence, baseline, incumbent, rivals: new Map() };
  const unit = { key: file, isAmbiguous: false, share: 1, ...code };
  const [scope] = scopesOf([unit]);
  if (scope === undefined) throw new Error('no scope');
  return { scope, workspace, target };
}

async function fingerprintOf({ scope, workspace }: Session): Promise<readonly number[]> {
  const options = { workspace, clang, mayGoOn: () => true, signal: undefined };
  const fingerprint = await takeFingerprint(scope.units, options);
  if (fingerprint === undefined) throw new Error(`${scope.key} has no fingerprint`);
  return fingerprint;
}

function knowledgeOf({ workspace, target }: Session, limitMs = 600_000): SessionKnowledge {
  return new SessionKnowledge({
    ...{ workspace, target, clang, limitMs, signal: undefined, logger: silentLogger },
    allow: [],
    profiles: [],
    packageRoot: folder,
    env: { XDG_CACHE_HOME: path.join(folder, 'cache') },
    now: () => performance.now(),
  });
}

describe('a fingerprint', () => {
  it('is the same for the same code, and near for an edited copy', async () => {
    const first = await fingerprintOf(session('loops.c', 'blend', 'total'));
    expect(await fingerprintOf(session('loops.c', 'blend', 'total'))).toEqual(first);
    const copy = await fingerprintOf(session('edited.c', 'blend', 'sum_of_all'));
    expect(similarity(first, copy)).toBeGreaterThan(0.95);
  });
});

describe('what one session measured', () => {
  it('is offered to another one on similar code', async () => {
    const even = { ratio: 1, ci: [1, 1] } as const;
    const earlier = session('loops.c', 'blend', 'total');
    earlier.scope.history.push(trialOf({ 'fno-vectorize': true }, 0.6));
    await knowledgeOf(earlier).learn([earlier.scope], {
      addon: { vsO3: even, vsStock: even },
      tus: [
        {
          ...{ file: 'loops.c', share: 1, vsStock: even, verdict: 'tuned', reason: '' },
          levers: { 'unroll-threshold': 300 },
          speedup: 1.07,
          ci: [1.05, 1.09],
        },
      ],
    });
    const later = session('edited.c', 'blend', 'sum_of_all');
    const [unit] = await knowledgeOf(later).similarTo(later.scope);
    expect(unit?.similarity).toBeGreaterThan(0.95);
    expect(unit?.results).toEqual([
      { configuration: { 'unroll-threshold': 300 }, speedup: 1.07, ci: [1.05, 1.09] },
      { configuration: { 'fno-vectorize': true }, speedup: 0.6, ci: [0.597, 0.603] },
    ]);
    expect(await knowledgeOf(later, 0).similarTo(later.scope)).toEqual([]);
  });
});
