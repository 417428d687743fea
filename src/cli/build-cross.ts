import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { openDevice } from '../measure/device/open-device.js';
import { formatTarget, requireTarget } from '../target/target.js';
import { type CrossBuild, crossBuild } from '../tune/cross-build.js';
import { withSessionLock } from '../tune/session-lock.js';
import { verifyCross } from '../tune/verify-cross.js';
import { formatNeeds } from '../verify/cross-binary.js';
import type { CommandIo } from './command.js';

/** `autopass build --target`: never tunes; the lock's entries for that target are applied. */
export async function buildCross(
  config: Config,
  io: CommandIo,
  options: {
    target: string;
    out?: string | undefined;
    verify?: boolean | undefined;
    device?: string | undefined;
  },
): Promise<number> {
  const target = requireTarget(options.target);
  const { logger, signal } = io;
  const state = path.join(config.packageRoot, '.autopass');
  const result = await withSessionLock(
    state,
    async () => {
      const build = await crossBuild(config, target, { logger, signal });
      if (options.device !== undefined) {
        return { build, cases: await verifyOnDevice(options.device, config, build, io) };
      }
      return { build, cases: options.verify ? await verifyCross(config, build, { signal }) : undefined };
    },
    { onWait: (holder) => logger.info(`process ${holder} works on this package; waiting for it`), signal },
  );
  const { build, cases } = result;
  const files: string[] = [];
  for (const { loaded } of build.binaries) {
    const file = options.out === undefined ? loaded : path.resolve(options.out, path.basename(loaded));
    if (file !== loaded) {
      await mkdir(path.dirname(file), { recursive: true });
      await copyFile(loaded, file);
    }
    files.push(file);
  }
  const lines = files.map((file, index) => {
    const needs = build.needs[index];
    return `${path.relative(process.cwd(), file)}${needs === undefined ? '' : `: ${formatNeeds(needs)}`}`;
  });
  const count = build.applied.length;
  io.print(
    [
      `Built for ${formatTarget(target)} with clang ${build.toolchain.clang.version}, ${count} tuned translation unit${count === 1 ? '' : 's'}.`,
      ...lines,
      ...(cases === undefined ? [] : [`${cases} outputs equal those of the build for this machine.`]),
    ].join('\n'),
    {
      target: formatTarget(target),
      files: files.map((file, index) => ({ file, ...build.needs[index] })),
      applied: build.applied,
      ...(cases !== undefined && { comparedOutputs: cases }),
    },
  );
  return exitCodes.ok;
}

async function verifyOnDevice(
  url: string,
  config: Config,
  build: CrossBuild,
  { logger, signal }: CommandIo,
): Promise<number> {
  const device = await openDevice(url, { target: build.target, logger, signal });
  try {
    return await verifyCross(config, build, { device, signal });
  } finally {
    await device.close();
  }
}
