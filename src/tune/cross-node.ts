import path from 'node:path';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { CrossToolchain } from '../toolchain/cross.js';
import { which } from '../toolchain/find-clang.js';

/**
 * The words that start the target's Node here.
 * @throws AutoPassError `NO_CROSS_NODE`, `NO_EMULATOR`
 */
export async function crossNode(
  config: Pick<Config, 'packageRoot' | 'cross'>,
  { target, triple, sysroot }: CrossToolchain,
): Promise<readonly string[]> {
  const { node, emulator } = config.cross;
  if (target.arch === process.arch && node === undefined) return [process.execPath];
  if (node === undefined) {
    throw new AutoPassError('NO_CROSS_NODE', `Running the addon here needs a Node for ${target.arch}.`, {
      hint: `npm pack node-linux-${target.arch}@${process.versions.node}, unpack it, and name its bin/node as "cross.node" in autopass.config.*`,
    });
  }
  const file = path.resolve(config.packageRoot, node);
  if (emulator !== undefined) return [...emulator, file];
  if (target.arch === process.arch) return [file];
  const name = target.arch === 'arm64' ? 'qemu-aarch64' : 'qemu-x86_64';
  const found = await which(name);
  if (found === undefined) {
    throw new AutoPassError('NO_EMULATOR', `${name} was not found.`, {
      family: 'toolchain',
      hint: 'On Debian or Ubuntu: apt-get install qemu-user. Or name a command as "cross.emulator" in autopass.config.*',
    });
  }
  // Where Debian's cross packages put the libraries.
  return [found, '-L', sysroot ?? `/usr/${triple}`, file];
}
