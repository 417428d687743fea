import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../src/dev/setup.sh', import.meta.url));
const basics = ['sh', 'grep', 'tail', 'mktemp', 'rm', 'ln'];
const buildTools = ['make', 'g++', 'python3', 'cmake', 'git'];
const conveniences = ['ninja', 'ccache', 'perf'];
const crossTools = ['aarch64-linux-gnu-g++', 'qemu-aarch64', 'qemu-x86_64'];
const deviceTools = ['ssh', 'sshd'];

/** A machine that has exactly the commands put into its one PATH folder, and an apt-get that logs what it is asked. */
class Machine {
  readonly root: string = mkdtempSync(path.join(tmpdir(), 'autopass-setup-'));
  readonly bin: string = path.join(this.root, 'bin');

  constructor() {
    mkdirSync(this.bin);
    for (const name of basics) {
      const found = ['/bin', '/usr/bin'].map((dir) => path.join(dir, name)).find((file) => existsSync(file));
      if (found === undefined) throw new Error(`this machine has no ${name}`);
      symlinkSync(found, path.join(this.bin, name));
    }
    symlinkSync(process.execPath, path.join(this.bin, 'node'));
    this.command('uname', 'echo Linux');
    this.command('id', 'echo 0');
    this.command('sleep');
  }

  command(name: string, body = ':'): void {
    const file = path.join(this.bin, name);
    // Some are links to the real tools, which writing would follow.
    rmSync(file, { force: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  }

  has(...names: string[]): void {
    for (const name of names) this.command(name);
  }

  hasLlvm(major: number): void {
    this.llvmFiles(major);
    for (const tool of ['clang++', 'opt', 'llvm-profdata', 'ld.lld']) this.command(`${tool}-${major}`);
    this.command(`clang-${major}`, `echo ${this.root}/resource-${major}`);
  }

  /** apt that knows some clang releases; installing a package makes its commands appear. */
  hasApt(options: { clangs: number[]; failing?: string[] }): void {
    const known = options.clangs.map((major) => `clang-${major}`).join('|') || 'none';
    this.command('apt-cache', `case $2 in ${known}) echo "Package: $2";; *) exit 100;; esac`);
    const failing = (options.failing ?? []).map((name) => `case " $* " in *" ${name} "*) exit 100;; esac`);
    const provide = 'provide() { for c; do ln -sf "$bin/uname" "$bin/$c"; done; }';
    for (const major of options.clangs) this.llvmFiles(major);
    this.command(
      'apt-get',
      [
        `bin=${this.bin}; echo "$*" >> ${this.root}/apt.log`,
        ...failing,
        provide,
        `for p; do n=\${p##*-}; case $p in`,
        `clang-*) provide clang++-$n; printf '#!/bin/sh\\necho ${this.root}/resource-%s\\n' "$n" > "$bin/clang-$n"`,
        `/bin/chmod +x "$bin/clang-$n";;`,
        'llvm-*) provide opt-$n llvm-profdata-$n;; lld-*) provide ld.lld-$n;;',
        'g++-aarch64-linux-gnu) provide aarch64-linux-gnu-g++;; qemu-user) provide qemu-aarch64; provide qemu-x86_64;;',
        'openssh-client) provide ssh;; openssh-server) provide sshd;;',
        'ninja-build) provide ninja;; linux-perf|linux-tools-generic) provide perf;;',
        'make|g++|python3|cmake|git|ccache) provide $p;; esac; done',
      ].join('\n'),
    );
  }

  setup(...args: string[]): { status: number | null; stderr: string; asked: string[] } {
    const run = spawnSync('/bin/sh', [script, ...args], {
      env: { PATH: this.bin, TMPDIR: this.root },
      encoding: 'utf8',
    });
    const log = path.join(this.root, 'apt.log');
    const asked = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    return { status: run.status, stderr: run.stderr + run.stdout, asked };
  }

  private llvmFiles(major: number): void {
    const library = path.join(this.root, `resource-${major}`, 'lib', 'linux');
    mkdirSync(library, { recursive: true });
    writeFileSync(path.join(library, 'libclang_rt.profile-x86_64.a'), '');
  }
}

describe('setup.sh', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => {
    rmSync(machine.root, { recursive: true, force: true });
  });

  test('says and does nothing when all is there', () => {
    machine.has(...buildTools, ...conveniences, ...crossTools, ...deviceTools);
    machine.hasLlvm(19);
    machine.hasApt({ clangs: [19] });
    expect(machine.setup('--tests')).toEqual({ status: 0, stderr: '', asked: [] });
  });

  test('installs only what is missing', () => {
    machine.has('make', 'g++', 'python3', ...conveniences);
    machine.hasLlvm(19);
    machine.hasApt({ clangs: [19] });
    const { status, asked } = machine.setup();
    expect(status).toBe(0);
    expect(asked).toEqual(['update -q', 'install -y -q --no-install-recommends cmake git']);
  });

  test('installs the tools for other machines for the tests only', () => {
    machine.has(...buildTools, ...conveniences);
    machine.hasLlvm(19);
    machine.hasApt({ clangs: [19] });
    expect(machine.setup()).toEqual({ status: 0, stderr: '', asked: [] });
    const { status, asked } = machine.setup('--tests');
    expect(status).toBe(0);
    expect(asked.at(-1)).toBe(
      'install -y -q --no-install-recommends g++-aarch64-linux-gnu qemu-user openssh-client openssh-server',
    );
  });

  test('takes clang 19 when the release has it, and the newest one otherwise', () => {
    machine.has(...buildTools, ...conveniences);
    machine.hasApt({ clangs: [16, 18] });
    expect(machine.setup().asked.at(-1)).toContain('clang-18 llvm-18 lld-18 libclang-rt-18-dev');

    const other = new Machine();
    other.has(...buildTools, ...conveniences);
    other.hasApt({ clangs: [16, 19, 22] });
    expect(other.setup().asked.at(-1)).toContain('clang-19 llvm-19 lld-19 libclang-rt-19-dev');
    rmSync(other.root, { recursive: true, force: true });
  });

  test('fails when no usable clang can be had', () => {
    machine.has(...buildTools);
    machine.hasApt({ clangs: [] });
    const { status, stderr } = machine.setup();
    expect(status).toBe(1);
    expect(stderr).toContain('no clang from 16 to 22');
  });

  test('goes on without a convenience that cannot be installed, but not for the tests', () => {
    machine.has('make');
    machine.hasApt({ clangs: [19], failing: ['linux-perf', 'linux-tools-generic'] });
    const { status, stderr } = machine.setup();
    expect(status).toBe(0);
    expect(stderr).toMatch(/could not install linux-\S+; going on without it/);
    expect(machine.setup('--tests').status).toBe(1);
  });

  test('prints one command for those who are not root', () => {
    machine.command('id', 'echo 1000');
    machine.has('make', 'g++', 'python3', ...conveniences);
    machine.hasApt({ clangs: [19] });
    const { status, stderr, asked } = machine.setup();
    expect(status).toBe(1);
    expect(asked).toEqual([]);
    expect(stderr).toContain(
      "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends cmake git clang-19 llvm-19 lld-19 libclang-rt-19-dev'",
    );
  });

  test('refuses a Node that is too old', () => {
    machine.has(...buildTools, ...conveniences);
    machine.hasLlvm(19);
    machine.command('node', 'case "$1" in --version) echo v20.18.0;; *) exit 1;; esac');
    const { status, stderr } = machine.setup();
    expect(status).toBe(1);
    expect(stderr).toContain('found v20.18.0');
  });
});
