import path from 'node:path';
import type { ExecaError } from 'execa';
import { isaQuirk } from '../build/isa-quirk.js';
import { AutoPassError } from '../errors.js';
import type { Target } from '../target/target.js';

/** A failed build whose reason is an ISA feature gets that as its message. */
export function explainFailure(error: unknown, target: Target, folder: string): unknown {
  if (!(error instanceof AutoPassError && error.code === 'BUILD_FAILED')) return error;
  const { all } = error.cause as Partial<ExecaError>;
  const quirk = typeof all === 'string' ? isaQuirk(all) : undefined;
  if (quirk === undefined) return error;
  const flag = target.arch === 'arm64' ? `-march=${target.level}+${quirk.feature}` : `-m${quirk.feature}`;
  const file = path.relative(folder, path.resolve(folder, 'build', quirk.file));
  return new AutoPassError(
    'ISA_FEATURE',
    `${file} uses instructions of the ISA feature ${JSON.stringify(quirk.feature)}, which its compile command does not allow:\n${error.message}`,
    {
      family: 'toolchain',
      cause: error,
      hint: `Add ${flag} to its flags for ${target.arch}, or to all: CFLAGS=${flag} CXXFLAGS=${flag} autopass build --target ...; only machines that have it can then load the addon`,
    },
  );
}
