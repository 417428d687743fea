import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { AutoPassError } from '../../src/errors.js';
import { detectHost } from '../../src/target/host.js';
import { levelsWorthwhile } from '../../src/tune/level-gains.js';
import type { LevelGain, Ratio, TuneResult } from '../../src/tune/result.js';
import { tuneTargets } from '../../src/tune/tune-targets.js';

const ratio = (value: number): Ratio => ({ ratio: value, ci: [value - 0.02, value + 0.02] });
const session: TuneResult = {
  target: 'linux-glibc-x64/x86-64-v1',
  tus: [],
  leverGains: {},
  addon: { vsO3: ratio(1), vsStock: ratio(1) },
  noiseFloor: 0.01,
  trials: 5,
  elapsedMs: 1000,
  policy: 'expert',
  verdict: 'no gain',
  sameInputs: false,
  estimate: false,
  compiler: 'clang 19.1.7',
  resumedTrials: 0,
  processes: 20,
  warnings: [],
};
const gain = (level: string, value: number): LevelGain => ({ level, ...ratio(value) });

it.each([
  ['nothing was measured', [], []],
  ['no gain is clear', [gain('x86-64-v3', 1.04)], []],
  ['one is clear', [gain('x86-64-v3', 1.1), gain('x86-64-v2', 1.01)], ['x86-64-v3']],
  ['a lower one is nearly as fast', [gain('x86-64-v4', 1.3), gain('x86-64-v3', 1.29)], ['x86-64-v3']],
  ['a lower one gives little', [gain('x86-64-v4', 1.5), gain('x86-64-v3', 1.1)], ['x86-64-v4']],
  [
    'lower ones give much',
    [2.5, 1.6, 1.3].map((value, at) => gain(`x86-64-v${4 - at}`, value)),
    ['x86-64-v4', 'x86-64-v3'],
  ],
])('where %s, the levels are chosen', (_what, gains, levels) => {
  expect(levelsWorthwhile(gains).map(({ level }) => level)).toEqual(levels);
});

describe.runIf(detectHost().levels.length > 1)('tuning for several targets', () => {
  const [best = ''] = detectHost().levels;
  let root: string;
  let lines: string[];
  let asked: string[];
  let built: string[];

  beforeAll(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'autopass-targets-'));
    await writeFile(path.join(root, 'package.json'), '{}');
  });

  afterAll(() => rm(root, { recursive: true, force: true }));

  /** Tunes with these results for the baseline and for what is above it; gives back the config file. */
  async function run(
    text: string,
    plain: Partial<TuneResult>,
    raised: Partial<TuneResult> | Error = {},
  ): Promise<string> {
    [lines, asked, built] = [[], [], []];
    const file = path.join(root, 'autopass.config.json');
    await writeFile(file, text);
    const say = (line: string) => void lines.push(line);
    await tuneTargets(await loadConfig(root), {
      session: async ({ isa, budget }) => {
        asked.push(`${isa} ${budget.minutes}`);
        const result = isa === 'baseline' ? plain : raised;
        if (result instanceof Error) throw result;
        return { ...session, ...result };
      },
      build: async ({ isa }) => void built.push(isa),
      logger: { info: say, warn: say, debug() {} },
    });
    return readFile(file, 'utf8');
  }

  const won = (vsStock: number): Partial<TuneResult> => ({
    verdict: 'faster',
    addon: { vsO3: ratio(1), vsStock: ratio(vsStock) },
  });
  const text = '{\n\t"seed": 3\n}\n';

  it('goes on with a level that is clearly faster, and writes dispatch to the config', async () => {
    const after = await run(text, { ...won(1.1), levels: [gain(best, 1.3)] }, won(1.5));
    expect(asked).toEqual(['baseline 10', `${best} 5`]);
    expect(built).toEqual(['dispatch']);
    expect(after).toBe('{\n\t"seed": 3,\n\t"isa": "dispatch"\n}\n');
  });

  it('leaves the config where the second session does not confirm it', async () => {
    expect(await run(text, { ...won(1.1), levels: [gain(best, 1.3)] }, won(1.11))).toBe(text);
    expect(built).toEqual(['auto']);
    expect(lines.join()).toContain('not confirmed');
  });

  it('keeps what the first session found where the second one fails, and says how to go on', async () => {
    const lost = new AutoPassError('MODEL', 'the endpoint went away');
    const plain = { ...won(1.1), levels: [gain(best, 1.3)] };
    expect(await run(text, plain, lost)).toBe(text);
    expect(built).toEqual(['auto']);
    expect(lines.join()).toMatch(/--isa x86-64-v\d tries again: the endpoint went away/);
    await expect(run('{"isa":"dispatch"}', plain, lost)).rejects.toThrow('went away');
    await expect(run(text, plain, new Error('a defect'))).rejects.toThrow('a defect');
  });

  it('asks for nothing more where no level is clearly faster, or the config says baseline', async () => {
    expect(await run(text, { ...won(1.1), levels: [gain(best, 1.01)] })).toBe(text);
    expect([asked, built]).toEqual([['baseline 10'], []]);
    await run('{"isa":"baseline"}', { ...won(1.1), levels: [gain(best, 1.3)] });
    expect([asked, built]).toEqual([['baseline 10'], []]);
  });

  it('asks for one session where a transcript is replayed', async () => {
    await run('{"model":{"replay":"session.jsonl"}}', { ...won(1.1), levels: [gain(best, 1.3)] });
    expect([asked, built]).toEqual([['auto 10'], []]);
  });

  it('shares the budget where dispatch was asked for', async () => {
    await run('{"isa":"dispatch"}', { ...won(1.1), levels: [] }, won(1.1));
    expect([asked, built]).toEqual([['baseline 5', `${best} 5`], ['dispatch']]);
  });
});
