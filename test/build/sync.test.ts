import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLinkPlan, planDigest } from '../../src/build/plan-file.js';
import { statePaths } from '../../src/build/state.js';
import { sync } from '../../src/build/sync.js';
import { renderConfiguration } from '../../src/levers/render.js';
import { detectHost, runnableTargets, wantedTarget } from '../../src/target/host.js';
import { findGccs } from '../../src/toolchain/find-gcc.js';
import { launcher, runCommand, temporaryFolder, testClang, tuned, writeFiles } from './support.js';

let root: string;
let lines: string[];

beforeEach(async () => {
  root = await temporaryFolder('sync');
  lines = [];
  await writeFiles(root, {
    'package.json': '{}',
    'src/x.c': 'int x;\n',
    'src/y.cc': 'int y;\n',
    'build/x.o': '',
    'build/y.o': '',
    'build/z.o': '',
  });
  const state = statePaths(root);
  await mkdir(state.record, { recursive: true });
  const calls = [
    'gcc -O2 -c ../src/x.c -o x.o',
    'g++ -O2 -c ../src/y.cc -o y.o',
    'gcc -O2 -c ../src/x.c -o z.o',
  ].map((text) => ({
    cwd: path.join(root, 'build'),
    argv: text.split(' '),
    seenMs: 1,
  }));
  await writeFile(state.recordFile, JSON.stringify({ version: 1, calls }));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function run(env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const logger = { info() {}, debug() {}, warn: (line: string) => lines.push(line) };
  const { rebuilt } = await sync({
    packageRoot: root,
    env: { ...process.env, AUTOPASS: undefined, ...env },
    logger,
  });
  return rebuilt.map((file) => path.relative(root, file)).sort();
}

async function plans(): Promise<string[]> {
  const files = await readdir(statePaths(root).plans, { recursive: true }).catch(() => []);
  return files.filter((file) => file.endsWith('plan')).sort();
}

async function editEntry(edit: (entry: Record<string, unknown>) => void): Promise<void> {
  const file = path.join(root, 'autopass.lock');
  const lock = JSON.parse(await readFile(file, 'utf8')) as { entries: Record<string, unknown>[] };
  for (const entry of lock.entries) edit(entry);
  await writeFile(file, JSON.stringify(lock));
}

const some = { 'unroll-threshold': 500 };
const other = { 'unroll-threshold': 1000 };

describe('sync', () => {
  it('deletes the objects of exactly the sources whose plan changed', async () => {
    await tuned(root, { 'src/x.c': some });
    expect(await run()).toEqual(['build/x.o', 'build/z.o']);
    expect(existsSync(path.join(root, 'build/y.o'))).toBe(true);
    expect(await plans()).toEqual(['src/x.c/plan']);

    await writeFiles(root, { 'build/x.o': '' });
    expect(await run()).toEqual([]);
    await tuned(root, { 'src/x.c': some, 'src/y.cc': some });
    expect(await run()).toEqual(['build/y.o']);
    await writeFiles(root, { 'build/y.o': '' });
    await tuned(root, { 'src/x.c': other, 'src/y.cc': some });
    expect(await run()).toEqual(['build/x.o']);
    await rm(path.join(root, 'autopass.lock'));
    expect(await run()).toEqual(['build/y.o']);
    expect(existsSync(statePaths(root).plans)).toBe(false);
    expect(lines).toEqual([]);
  });

  it('keeps a plan for links as long as a unit needs ThinLTO', async () => {
    await tuned(root, { 'src/x.c': { 'lto-thin': true }, 'src/y.cc': some });
    expect(await run()).toEqual(['build/x.o', 'build/y.o', 'build/z.o']);
    expect(await plans()).toEqual(['link.plan', 'src/x.c/plan', 'src/y.cc/plan']);
    const tools = parseLinkPlan(await readFile(path.join(statePaths(root).plans, 'link.plan'), 'utf8'));
    expect(tools).toMatchObject([{ clang: (await testClang()).cc, lld: expect.stringContaining('lld') }]);
    expect(await run()).toEqual([]);
    await tuned(root, { 'src/x.c': some, 'src/y.cc': some });
    await run();
    expect(await plans()).toEqual(['src/x.c/plan', 'src/y.cc/plan']);
    expect(lines).toEqual([]);
  });

  it('deletes one object when the entry names it', async () => {
    await tuned(root, { 'src/x.c': some });
    await editEntry((entry) => {
      entry.object = 'z.o';
    });
    expect(await run()).toEqual(['build/z.o']);
    expect(await plans()).toEqual(['src/x.c/z.o.plan']);
  });

  it("gives a source to the project's own gcc, with its levers", async () => {
    const [gcc] = await findGccs();
    if (gcc === undefined) throw new Error('this test needs gcc and g++');
    const { vendor, version, major } = gcc;
    await tuned(root, { 'src/y.cc': some });
    await editEntry((entry) => {
      entry.compiler = { vendor, version, major };
      entry.levers = { 'gcc:O-level': '-O2', 'gcc:fomit-frame-pointer': true };
    });
    expect(await run()).toEqual(['build/y.o']);
    expect(lines).toEqual([]);
    const source = 'int f(int); int g(int x) { return f(x) + 1; }\n';
    await writeFiles(root, { 'src/same.cc': source });
    const cwd = path.join(root, 'build');
    const flags = ['-O1', '-fno-omit-frame-pointer', '-c'];
    const state = `--state=${statePaths(root).build}`;
    // The plan is looked up by the name of the source.
    await writeFiles(root, { 'src/y.cc': source });
    await runCommand(['sh', launcher, state, 'g++', ...flags, '../src/y.cc', '-o', 'y.o'], { cwd });
    const asked = ['-fno-lto', '-O2', '-fomit-frame-pointer'];
    await runCommand(['g++', ...flags, '../src/same.cc', '-o', 'same.o', ...asked], { cwd });
    await runCommand(['g++', ...flags, '../src/same.cc', '-o', 'own.o'], { cwd });
    const code = async (name: string): Promise<string> =>
      (await runCommand(['objdump', '-d', '--no-show-raw-insn', name], { cwd })).stdout.replace(
        /.*file format/,
        '',
      );
    expect(await code('y.o')).toContain('call');
    expect(await code('y.o')).toBe(await code('same.o'));
    expect(await code('y.o')).not.toBe(await code('own.o'));

    await editEntry((entry) => {
      entry.compiler = { vendor, version: '7.1.0', major: 7 };
    });
    await run();
    expect(await plans()).toEqual([]);
    expect(lines.join()).toContain('tuned with gcc 7');
  });

  it('is repeated after it was killed between writing the plans and deleting objects', async () => {
    await tuned(root, { 'src/x.c': some });
    await run();
    await rm(statePaths(root).manifest);
    await writeFiles(root, { 'build/x.o': '' });
    expect(await run()).toEqual(['build/x.o']);
  });

  it('finds objects by name when the state folder was deleted', async () => {
    await rm(path.join(root, '.autopass'), { recursive: true });
    await writeFiles(root, {
      'build/Release/obj.target/a/src/x.o': '',
      'build/CMakeFiles/a.dir/src/x.c.o': '',
      'build/Release/obj.target/a/src/other-x.o': '',
    });
    await tuned(root, { 'src/x.c': some });
    expect(await run()).toEqual(['build/CMakeFiles/a.dir/src/x.c.o', 'build/Release/obj.target/a/src/x.o']);
  });

  it.each(['off', 'stock'])('takes the plans away with AUTOPASS=%s', async (mode) => {
    await tuned(root, { 'src/x.c': some });
    await run();
    await writeFiles(root, { 'build/x.o': '' });
    expect(await run({ AUTOPASS: mode })).toEqual(['build/x.o']);
    expect(await plans()).toEqual([]);
  });

  it('says in one line why sources build as stock', async () => {
    await tuned(root, { 'src/x.c': some, 'src/y.cc': some });
    await writeFiles(root, { 'src/x.c': 'int changed;\n' });
    await run();
    expect(lines).toEqual([expect.stringMatching(/^src\/x\.c builds as stock: its source changed/)]);
    expect(await plans()).toEqual(['src/y.cc/plan']);
  });

  it('says one line for all sources when clang is missing', async () => {
    await tuned(root, { 'src/x.c': some, 'src/y.cc': some });
    await run({ PATH: '/nonexistent', AUTOPASS_CLANG: '' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^src\/x\.c, src\/y\.cc build as stock: .*clang/);
    expect(await plans()).toEqual([]);
  });

  it('ignores entries of other machines', async () => {
    await tuned(root, { 'src/x.c': some });
    await editEntry((entry) => {
      entry.target = 'darwin-arm64/armv8-a';
    });
    expect(runnableTargets(detectHost())).not.toContain('darwin-arm64/armv8-a');
    await run();
    expect(await plans()).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it('makes the plans of a cross build for its target only', async () => {
    await tuned(root, { 'src/x.c': some }, 'linux-glibc-arm64/armv8.2-a');
    const file = path.join(statePaths(root).plans, 'src/x.c/plan');
    await run({ AUTOPASS_TARGET: 'linux-glibc-arm64/armv8.2-a' });
    const plan = await readFile(file, 'utf8');
    expect(plan).toContain('\ntarget aarch64-linux-gnu\n');
    expect(plan).toContain('\n+-march=armv8.2-a\n+-ffp-contract=off\n');
    expect(lines).toEqual([]);
    await run({ AUTOPASS_TARGET: 'linux-glibc-arm64' });
    expect(await plans()).toEqual([]);
    expect(lines[0]).toContain('but this build is for linux-glibc-arm64/armv8-a');
    await run();
    expect(await readFile(file, 'utf8').catch(() => '')).not.toContain('target ');
  });

  it.each([
    ['conflict markers', '<<<<<<< ours\n{}\n=======\n'],
    ['a cut-off lock', '{"version":1,"entries":['],
    ['an unknown version', '{"version":99,"entries":[]}'],
  ])('builds everything as stock, with one line, on %s', async (_kind, text) => {
    await tuned(root, { 'src/x.c': some });
    await run();
    await writeFile(path.join(root, 'autopass.lock'), text);
    await run();
    expect(await plans()).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it('refuses an entry with a hostile lever or path and applies the others', async () => {
    await tuned(root, { 'src/x.c': some, 'src/y.cc': some });
    await editEntry((entry) => {
      if (entry.file === 'src/x.c') entry.levers = { 'unroll-threshold': '1 -fplugin=evil.so' };
    });
    await run();
    expect(await plans()).toEqual(['src/y.cc/plan']);
    await editEntry((entry) => {
      entry.file = '../../x.c';
    });
    await run();
    expect(await plans()).toEqual([]);
  });

  it.each(['', 'baseline', 'dispatch'])(
    'applies nothing above the baseline with the ISA level "%s"',
    async (isa) => {
      const host = detectHost();
      await tuned(root, { 'src/x.c': {} }, wantedTarget(host, 'host'));
      await run({ AUTOPASS_ISA: isa });
      expect(await plans()).toEqual(host.levels.length > 1 ? [] : ['src/x.c/plan']);
      expect(lines).toHaveLength(host.levels.length > 1 && isa !== 'dispatch' ? 1 : 0);
    },
  );

  it('compiles for the ISA level of the target with the ISA level "host"', async () => {
    const host = detectHost();
    const [best = ''] = host.levels;
    await tuned(root, { 'src/x.c': {} }, wantedTarget(host, 'host'));
    await run({ AUTOPASS_ISA: 'host' });
    const plan = await readFile(path.join(root, '.autopass/build/plans/src/x.c/plan'), 'utf8');
    expect(plan.includes('+-ffp-contract=off')).toBe(host.levels.length > 1);
    expect(plan.includes(`+-march=${best}`)).toBe(host.levels.length > 1);
  });

  it('applies opt-in levers only when package.json allows them by name', async () => {
    await tuned(root, { 'src/x.c': { 'unroll-count': 4 } });
    await run();
    expect(await plans()).toEqual([]);
    await writeFiles(root, { 'package.json': '{"autopass":{"allow":["unroll-count"]}}' });
    await run();
    expect(await plans()).toEqual(['src/x.c/plan']);
  });

  describe('with a profile', () => {
    const content = 'counts';
    const name = createHash('sha256').update(content).digest('hex');
    const file = `autopass.profiles/${name.slice(0, 16)}.profdata`;
    const why = `src/x.c builds as stock: its profile ${file} is`;

    it.each([
      ['missing', {}, `${why} missing`],
      ['another one', { [file]: 'other counts' }, `${why} not the one that it was tuned with`],
      ['a folder', { [`${file}/counts`]: content }, `${why} not the one that it was tuned with`],
    ])('builds as stock, with one line, when the profile is %s', async (_, files, line) => {
      await tuned(root, { 'src/x.c': { 'pgo-ir': name } });
      await writeFiles(root, files);
      await run();
      expect(await plans()).toEqual([]);
      expect(lines).toEqual([line]);
    });

    it('follows no symbolic link', async () => {
      await tuned(root, { 'src/x.c': { 'pgo-ir': name } });
      await writeFiles(root, { elsewhere: content, 'autopass.profiles/README': '' });
      await symlink('../elsewhere', path.join(root, file));
      await run();
      expect(lines).toEqual([`${why} missing`]);
    });

    it('watches the profile, and stays with the stock compiler where clang cannot read it', async () => {
      await tuned(root, { 'src/x.c': { 'pgo-ir': name } });
      await writeFiles(root, { [file]: content });
      const logger = { info() {}, debug() {}, warn: (line: string) => lines.push(line) };
      const { inputs } = await sync({ packageRoot: root, env: process.env, logger });
      expect(inputs).toContain(path.join(root, file));
      expect(lines).toEqual([expect.stringContaining('does not take its arguments')]);
    });

    it('has a digest of the profile and not of the place', async () => {
      const clang = await testClang();
      const digest = (folder: string, profile: string): string => {
        const profiles = path.join(folder, 'autopass.profiles');
        const target = { arch: 'x64', major: clang.major, profiles } as const;
        const rendered = renderConfiguration({ 'pgo-ir': profile }, { allow: [] }, target);
        if (!rendered.ok) throw new Error('refused');
        return planDigest(rendered.plan, clang, folder);
      };
      expect(digest('/here', name)).toBe(digest('/some/where "else"', name));
      expect(digest('/here', name)).not.toBe(digest('/here', 'b'.repeat(64)));
    });
  });

  it('can run twice at once without deleting what the other has caused to be rebuilt', async () => {
    await tuned(root, { 'src/x.c': some });
    const results = await Promise.all([run(), run(), run()]);
    expect(results.flat().sort()).toEqual(['build/x.o', 'build/z.o']);
    expect(existsSync(statePaths(root).syncLock)).toBe(false);
  });

  it('gets past a lock whose holder died, and a damaged manifest or plans folder', async () => {
    await tuned(root, { 'src/x.c': some });
    const state = statePaths(root);
    await writeFile(state.syncLock, '999999999');
    await writeFile(state.manifest, '[1,');
    await writeFiles(state.plans, { 'src/x.c/plan/unexpected': '', 'src/y.cc/plan': 'rubbish' });
    await run();
    expect(await plans()).toEqual(['src/x.c/plan']);
    expect(existsSync(path.join(root, 'build/y.o'))).toBe(false);
  });
});
