import { readFileSync } from 'node:fs';
import { AutoPassError } from '../errors.js';
import { armCpus } from './cpus.js';
import { armLevels, x86Levels } from './isa.js';
import { levelNames, type Target } from './target.js';

/** The machine that runs this process. */
export interface HostTarget {
  readonly os: 'linux' | 'darwin' | 'win32' | 'other';
  readonly libc: 'glibc' | 'musl' | 'none';
  readonly arch: 'x64' | 'arm64' | 'other';
  /** ISA levels that the processor runs, best first. */
  readonly levels: readonly string[];
  /** Its cores, as far as targets can name them, strongest first. */
  readonly cpus: readonly string[];
}

/** What the detection looks at; injected by tests. */
export interface HostFacts {
  platform: string;
  arch: string;
  /** Text of /proc/cpuinfo, empty where there is none. */
  cpuinfo: string;
  glibc: boolean;
}

/** Reads the real processor's features, also inside containers (the kernel's answer, not the image's). */
export function detectHost(facts: HostFacts = readFacts()): HostTarget {
  const os =
    facts.platform === 'linux' || facts.platform === 'darwin' || facts.platform === 'win32'
      ? facts.platform
      : 'other';
  const arch = facts.arch === 'x64' || facts.arch === 'arm64' ? facts.arch : 'other';
  const libc = os !== 'linux' ? 'none' : facts.glibc ? 'glibc' : 'musl';
  const features = cpuFeatures(facts.cpuinfo, arch === 'x64' ? 'flags' : 'Features');
  const levels = arch === 'x64' ? x86Levels(features) : arch === 'arm64' ? armLevels(features) : [];
  return { os, libc, arch, levels, cpus: arch === 'arm64' ? armCpus(facts.cpuinfo) : [] };
}

/** For example `linux-glibc-x64/x86-64-v3`, `darwin-arm64/armv8-a`. */
export function targetName(host: HostTarget, level: string): string {
  const system = host.libc === 'none' ? host.os : `${host.os}-${host.libc}`;
  return `${system}-${host.arch}/${level}`;
}

/** Names of all targets whose code is meant for this machine, best first: by level, and of each level what is tuned for its cores first. */
export function runnableTargets(host: HostTarget): string[] {
  return host.levels.flatMap((level) => {
    const name = targetName(host, level);
    return [...host.cpus.map((cpu) => `${name}@${cpu}`), name];
  });
}

/** The least machine that a target is made for; cross builds choose entries on its behalf. */
export function machineOf({ os, libc, arch, level, cpu }: Target): HostTarget {
  const names = levelNames(arch);
  return { os, libc, arch, levels: names.slice(names.indexOf(level)), cpus: cpu === undefined ? [] : [cpu] };
}

/**
 * The target that a config's `isa` asks for: `baseline` or `auto`, `host` or a level by name.
 * @throws AutoPassError `ISA_LEVEL` when this machine does not run that level.
 */
export function wantedTarget(host: HostTarget, isa: string): string {
  if (isa === 'baseline' || isa === 'auto') return baselineTarget(host);
  const level = isa === 'host' ? host.levels[0] : host.levels.find((one) => one === isa);
  if (level !== undefined) return targetName(host, level);
  throw new AutoPassError('ISA_LEVEL', `This machine does not run code for ${JSON.stringify(isa)}.`, {
    hint: `"isa" is auto, baseline, dispatch, host, or one of: ${host.levels.join(', ')}`,
  });
}

/** The name of the target that every machine of this kind runs. */
export function baselineTarget(host: HostTarget): string {
  return targetName(host, host.levels.at(-1) ?? 'generic');
}

/** The facts about the machine that runs this process. */
export function readFacts(): HostFacts {
  return {
    platform: process.platform,
    arch: process.arch,
    cpuinfo: process.platform === 'linux' ? readText('/proc/cpuinfo') : '',
    glibc: process.platform === 'linux' && hasGlibc(),
  };
}

function hasGlibc(): boolean {
  // Without this the report looks up every network interface, which can take seconds.
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Features that every processor of the machine has: big.LITTLE systems list them per core. An emulated process may see the file of the other
 * architecture, which has the other key.
 */
function cpuFeatures(cpuinfo: string, key: 'flags' | 'Features'): ReadonlySet<string> {
  const sets = [...cpuinfo.matchAll(new RegExp(`^${key}\\s*:\\s*(.*)$`, 'gm'))].map(
    (match) => new Set(match[1]?.split(/\s+/)),
  );
  const [first, ...others] = sets;
  return new Set([...(first ?? [])].filter((feature) => others.every((set) => set.has(feature))));
}
