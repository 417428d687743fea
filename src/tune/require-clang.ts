import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import { findClangs } from '../toolchain/find-clang.js';
import type { Clang } from '../toolchain/types.js';

/** @throws AutoPassError `NO_CLANG` */
export async function requireClang(config: Pick<Config, 'clang'>): Promise<Clang> {
  const [clang] = await findClangs(config.clang === undefined ? {} : { configured: config.clang });
  if (clang === undefined) {
    throw new AutoPassError('NO_CLANG', 'No clang of LLVM 16 to 22 was found on PATH.', {
      family: 'toolchain',
      hint: 'On Debian or Ubuntu: apt-get install clang-19 llvm-19. Or name one with AUTOPASS_CLANG=/path/to/clang',
    });
  }
  return clang;
}
