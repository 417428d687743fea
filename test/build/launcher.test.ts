import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/build/parse-command.js';
import { parseCalls } from '../../src/build/record-format.js';
import { launcher, type Ran, runCommand, temporaryFolder, writeFiles } from './support.js';

// The compilers are scripts that print their name and arguments, so that the test sees which one ran and how.
const speaking = '#!/bin/sh\nbasename "$0" | tr -d "\\n"\nfor word; do printf "|%s" "$word"; done\n';
const tunedWords = ['-O3', '-mllvm', '-x=a b'];

let root: string;
let bin: string;
let state: string;

function plan(cc = `${bin}/clang`, cxx = `${bin}/clang++`): string {
  const lines = ['autopass-plan 1', 'kind flags', `cc ${cc}`, `cxx ${cxx}`, 'triple x86_64-linux-gnu'];
  return `${[...lines, ...tunedWords.map((word) => `+${word}`), 'end'].join('\n')}\n`;
}

async function launch(
  words: readonly string[],
  options: { cwd?: string; shell?: string; env?: Record<string, string | undefined>; state?: string } = {},
): Promise<Ran> {
  const argv = [options.shell ?? 'sh', launcher, `--state=${options.state ?? state}`, ...words];
  const env = { PATH: `${bin}:${process.env.PATH}`, ...options.env };
  return runCommand(argv, { cwd: options.cwd ?? path.join(root, 'build'), env });
}

beforeAll(async () => {
  root = path.join(await temporaryFolder('launcher'), 'a package');
  bin = path.join(root, 'bin');
  state = path.join(root, '.autopass/build');
  const names = [
    'gcc',
    'g++',
    'gcc-12',
    'cc',
    'ccache',
    'clang',
    'clang++',
    'ar',
    'x86_64-linux-gnu-gcc',
    'arm-none-eabi-gcc',
  ];
  await writeFiles(root, Object.fromEntries(names.map((name) => [`bin/${name}`, speaking])));
  for (const name of names) await chmod(path.join(bin, name), 0o755);
  await mkdir(path.join(root, 'build'));
  await mkdir(path.join(state, 'record'), { recursive: true });
  await writeFiles(root, {
    'src/x.c': '',
    'src/a b.cc': '',
    '.autopass/build/plans/src/x.c/plan': plan(),
    '.autopass/build/plans/src/a b.cc/plan': plan(),
  });
});

afterAll(() => rm(path.dirname(root), { recursive: true, force: true }));

describe.each(['sh', 'bash'])('the launcher under %s', (shell) => {
  it('runs clang with the original arguments, then those of the plan', async () => {
    const ran = await launch(['gcc', '-O2', '-DX=a b', '-c', '../src/x.c', '-o', 'x.o'], { shell });
    expect(ran).toEqual({
      code: 0,
      stderr: '',
      stdout: 'clang|-O2|-DX=a b|-c|../src/x.c|-o|x.o|-O3|-mllvm|-x=a b',
    });
  });

  it('runs a source without a plan unchanged, empty and odd arguments included', async () => {
    const words = ['gcc', '-O2', '-DX="$a *"', '', '-c', '../src/y.c', '-o', 'y.o'];
    const ran = await launch(words, { shell });
    expect(ran.stdout).toBe(words.join('|'));
  });

  it('takes clang++ where the original compiler ends with ++, and keeps ccache before it', async () => {
    const ran = await launch(['ccache', 'g++', '-O2', '-c', '../src/a b.cc', '-o', 'ab.o'], { shell });
    expect(ran.stdout).toBe(`ccache|${bin}/clang++|-O2|-c|../src/a b.cc|-o|ab.o|-O3|-mllvm|-x=a b`);
  });

  it('records what was called, byte for byte', async () => {
    await rm(path.join(state, 'record'), { recursive: true });
    await mkdir(path.join(state, 'record'));
    const words = ['gcc', '-DX=two\nlines', '', '-c', 'ü.c', '-o', 'y.o'];
    await launch(words, { shell });
    const [file = ''] = await readdir(path.join(state, 'record'));
    expect(parseCalls(await readFile(path.join(state, 'record', file)))).toEqual([
      { cwd: path.join(root, 'build'), argv: words },
    ]);
  });
});

describe('the launcher', () => {
  const compile = ['-O2', '-c', '../src/x.c', '-o', 'x.o'];

  it.each([
    ['doubled and dotted', './/..//src/./../src/x.c'],
    ['absolute', undefined],
  ])('finds the plan of a source whose path is %s', async (_kind, given) => {
    const ran = await launch(['gcc', '-O2', '-c', given ?? path.join(root, 'src/x.c'), '-o', 'x.o']);
    expect(ran.stdout).toMatch(/^clang\|/);
  });

  it('finds the plan when the working directory was reached through a symbolic link', async () => {
    const link = `${root} link`;
    await symlink(root, link);
    const cwd = path.join(link, 'build');
    expect((await launch(['gcc', ...compile], { cwd, env: { PWD: cwd } })).stdout).toMatch(/^clang\|/);
  });

  it('prefers the plan of the object that is made', async () => {
    await writeFiles(state, { 'plans/src/x.c/Release/x.o.plan': plan().replace('-x=a b', '-x=object') });
    const ran = await launch(['gcc', '-O2', '-c', '../src/x.c', '-o', 'Release/x.o']);
    await rm(path.join(state, 'plans/src/x.c/Release'), { recursive: true });
    expect(ran.stdout).toMatch(/-x=object$/);
  });

  it('leaves the environment of the compiler as it was', async () => {
    const env = { PWD: path.join(root, 'build'), OLDPWD: undefined, SHLVL: undefined };
    const words = ['sh', '-c', 'env | grep -vE "^(_|SHLVL|OLDPWD)=" | sort'];
    const direct = await runCommand(words, {
      cwd: path.join(root, 'build'),
      env: { ...env, PATH: `${bin}:${process.env.PATH}` },
    });
    expect((await launch(words, { shell: 'sh', env })).stdout).toBe(direct.stdout);
  });

  it.each([
    ['off', false],
    ['stock', true],
  ])('applies nothing with AUTOPASS=%s', async (mode, records) => {
    const before = (await readdir(path.join(state, 'record'))).length;
    expect((await launch(['gcc', ...compile], { env: { AUTOPASS: mode } })).stdout).toMatch(/^gcc\|/);
    expect((await readdir(path.join(state, 'record'))).length - before).toBe(records ? 1 : 0);
  });

  it('takes compilers named for this machine, and no cross compilers', async () => {
    expect((await launch(['x86_64-linux-gnu-gcc', ...compile])).stdout).toMatch(/^clang\|/);
    const cross = await launch(['arm-none-eabi-gcc', ...compile]);
    expect(cross.stdout).toMatch(/^arm-none-eabi-gcc\|/);
    expect(cross.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('goes through one launcher when two hooks put one in front', async () => {
    const ran = await launch([
      'sh',
      launcher,
      `--state=${state}`,
      launcher,
      `--state=${state}`,
      'gcc',
      ...compile,
    ]);
    expect(ran.stdout).toMatch(/^clang\|/);
  });

  it('ends when it is given nothing to run', async () => {
    expect((await launch([])).code).toBe(0);
    expect((await runCommand(['sh', launcher, 'gcc'], { cwd: root })).code).toBe(64);
  });

  it('falls back to the original command, with one line, when clang is gone or fails', async () => {
    await writeFiles(root, { 'bin/failing': '#!/bin/sh\nexit 1\n' });
    await chmod(path.join(bin, 'failing'), 0o755);
    for (const cc of [`${bin}/nothing`, `${bin}/failing`]) {
      await writeFile(path.join(state, 'plans/src/x.c/plan'), plan(cc));
      const ran = await launch(['gcc', ...compile]);
      expect(ran).toMatchObject({ code: 0, stdout: 'gcc|-O2|-c|../src/x.c|-o|x.o' });
      expect(ran.stderr).toMatch(/^autopass: src\/x\.c builds as stock: .*\n$/);
    }
    await writeFile(path.join(state, 'plans/src/x.c/plan'), plan());
  });

  it.each([
    ['empty', ''],
    ['cut off', 'autopass-plan 1\nkind flags\ncc /bin/echo\n+-O3\n'],
    ['shell code', '$(touch hacked)\nend\n'],
    ['of an unknown kind', 'autopass-plan 1\nkind other\ncc /bin/echo\nend\n'],
  ])('builds as stock when the plan is %s', async (_kind, text) => {
    await writeFile(path.join(state, 'plans/src/x.c/plan'), text);
    const ran = await launch(['gcc', ...compile]);
    await writeFile(path.join(state, 'plans/src/x.c/plan'), plan());
    expect(ran).toMatchObject({ code: 0, stdout: 'gcc|-O2|-c|../src/x.c|-o|x.o' });
  });

  it('is a plain exec when the state folder is missing or read-only', async () => {
    const ran = await launch(['gcc', ...compile], { state: path.join(root, 'nowhere/.autopass/build') });
    expect(ran).toEqual({ code: 0, stderr: '', stdout: 'gcc|-O2|-c|../src/x.c|-o|x.o' });
    const blocked = path.join(root, 'blocked/.autopass/build');
    await writeFiles(blocked, { record: 'a file where the folder belongs' });
    expect((await launch(['gcc', ...compile], { state: blocked })).stderr).toBe('');
  });
});

describe('the launcher at a link', () => {
  const link = ['g++', '-shared', '-o', 'Release/a b.node', 'x.o'];
  let folder: string;

  async function linked(words: readonly string[], node = `${bin}/node`): Promise<Ran> {
    await writeFiles(state, {
      'plans/link.plan': `autopass-plan 1\nkind thin-lto\nnode ${node}\nend\n[]\n`,
    });
    const argv = ['sh', path.join(folder, 'launch'), `--state=${state}`, ...words];
    const ran = await runCommand(argv, {
      cwd: path.join(root, 'build'),
      env: { PATH: `${bin}:${process.env.PATH}` },
    });
    await rm(path.join(state, 'plans/link.plan'));
    return ran;
  }

  beforeAll(async () => {
    folder = path.join(root, 'apply');
    await writeFiles(root, {
      'apply/launch': await readFile(launcher, 'utf8'),
      'apply/apply.mjs': '',
      'bin/node': `${speaking}[ "$6" != fail.o ]\n`,
    });
    await chmod(path.join(bin, 'node'), 0o755);
  });

  it('runs the link as given without a plan for links', async () => {
    expect((await launch(link)).stdout).toBe(link.join('|'));
  });

  it('hands the link of an addon over to Node', async () => {
    const handed = ['node', `${folder}/apply.mjs`, 'thin-lto', `${state}/plans/link.plan`, ...link];
    expect(await linked(link)).toEqual({ code: 0, stderr: '', stdout: handed.join('|') });
  });

  it.each([
    ['ar', 'rcs', 'x.a', 'x.o'],
    ['gcc', '-O2', '-c', '../src/y.c', '-o', 'y.o'],
    ['gcc', '-O2', '-c', '../src/x.c', '-o', 'a.node '],
  ])('has nothing to do with %s %s %s', async (...words) => {
    expect((await linked(words)).stdout).not.toContain('thin-lto');
  });

  it('runs the link as given when Node fails or is not there', async () => {
    const failing = ['g++', 'fail.o', '-o', 'a.node'];
    const failed = await linked(failing);
    expect(failed).toMatchObject({ code: 0, stderr: '' });
    expect(failed.stdout.endsWith(failing.join('|'))).toBe(true);
    expect(await linked(link, '/nowhere/node')).toEqual({
      code: 0,
      stdout: link.join('|'),
      stderr: 'autopass: links without ThinLTO: Node is not there\n',
    });
  });
});

describe('the launcher in a cross build', () => {
  const compile = (...flags: string[]) => ['gcc', '-O2', ...flags, '-c', '../src/x.c', '-o', 'x.o'];
  const arm = '--target=aarch64-linux-gnu';

  beforeAll(async () => {
    await writeFiles(root, {
      '.autopass/build/plans/src/x.c/plan': plan().replace('triple', 'target aarch64-linux-gnu\ntriple'),
    });
  });

  afterAll(() => writeFiles(root, { '.autopass/build/plans/src/x.c/plan': plan() }));

  it('tunes calls for the target of its plan, and no others', async () => {
    expect((await launch(compile(arm))).stdout.split('|')).toEqual([
      'clang',
      ...compile(arm).slice(1),
      ...tunedWords,
    ]);
    for (const flags of [
      ['--target=x86_64-linux-gnu'],
      [arm, '--target=x86_64-linux-gnu'],
      ['-target', 'aarch64-linux-gnu'],
    ])
      expect((await launch(compile(...flags))).stdout).toBe(compile(...flags).join('|'));
    expect(await launch(compile())).toEqual({
      code: 0,
      stdout: compile().join('|'),
      stderr: 'autopass: src/x.c builds as stock: it is not compiled for aarch64-linux-gnu\n',
    });
  });
});

describe('the launcher and the recorded commands', () => {
  const decisive = [
    '-O2 -c ../src/x.c -o x.o',
    '-O2 -O0 -c ../src/x.c -o x.o',
    '-O0 -O3 -c ../src/x.c -o x.o',
    '-Og -c ../src/x.c -o x.o',
    '-Os -c ../src/x.c -o x.o',
    '-O -c ../src/x.c -ox.o',
    '-Ofast -c ../src/x.c -o x.o',
    '-c ../src/x.c -o x.o',
    '-O2 ../src/x.c -o x.o',
    '-O2 -c ../src/x.c',
    '-O2 -c ../src/x.c ../src/y.c -o x.o',
    '-O2 -E -c ../src/x.c -o x.o',
    '-O2 -flto -c ../src/x.c -o x.o',
    '-O2 -flto -fno-lto -c ../src/x.c -o x.o',
    '-O2 -fno-lto -c ../src/x.c -o x.o',
    '-O2 -fsanitize=address -c ../src/x.c -o x.o',
    '-O2 -fprofile-generate -c ../src/x.c -o x.o',
    '-O2 --coverage -c ../src/x.c -o x.o',
    '-O2 -fopenmp -c ../src/x.c -o x.o',
    '-O2 -fopenmp-simd -c ../src/x.c -o x.o',
    '-O2 -m32 -c ../src/x.c -o x.o',
    '-O2 -m64 -c ../src/x.c -o x.o',
    '-O2 --target=aarch64-linux-gnu -c ../src/x.c -o x.o',
    '-O2 -target aarch64-linux-gnu -c ../src/x.c -o x.o',
    '-O2 @flags -c ../src/x.c -o x.o',
    '-O2 -save-temps -c ../src/x.c -o x.o',
    '-O2 -I x.c -D main.c -MF x.d -include y.c -c ../src/x.c -o x.o',
    '-O2 -x c -c ../src/x.c -o x.o',
    '-O2 -x assembler -c ../src/x.c -o x.o',
    '-O2 -c ../src/x.s -o x.o',
    '-O2 -c ../src/x.c other.o -o x.o',
    '-O2 -xc -c - -o x.o',
    '-dM -E -x c /dev/null',
    '--version',
  ];

  it.each(decisive)('agree on "gcc %s"', async (text) => {
    const argv = ['gcc', ...text.split(' ')];
    const command = parseCommand({ cwd: path.join(root, 'build'), argv }, root);
    const tunable =
      command?.kind === 'compile' && command.untunable === undefined && command.file === 'src/x.c';
    const ran = await launch(argv);
    expect(ran.stdout.split('|')[0]).toBe(tunable ? 'clang' : 'gcc');
  });
});
