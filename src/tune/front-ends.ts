import { createHash } from 'node:crypto';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Run, type RunResult, run } from '../toolchain/run.js';

/** IR is kept up to this many bytes in all. */
const mostBytes = 512 * 1024 ** 2;

interface Kept {
  readonly result: RunResult;
  readonly file: string;
}

/**
 * Keeps what clang's front end makes of a source, so that configurations which differ in LLVM's options alone do not parse it again: of a C++ file with Node's
 * headers that is most of the time.
 */
export class FrontEnds {
  private readonly kept = new Map<string, Promise<Kept | undefined>>();
  private bytes = 0;

  /** @param folder for the IR */
  constructor(private readonly folder: string) {}

  /** Runs a command; a front end that ran before, in the same folder with the same arguments but for its output, is not run again. */
  readonly run: Run = async (argv, options) => {
    const place = argv.lastIndexOf('-o') + 1;
    const output = argv[place];
    if (!argv.includes('-emit-llvm') || place === 0 || output === undefined) return run(argv, options);
    const key = createHash('sha256')
      .update(JSON.stringify([options?.cwd, argv.toSpliced(place, 1)]))
      .digest('hex');
    const earlier = this.kept.get(key);
    const known = await earlier;
    if (known !== undefined) {
      await copyFile(known.file, output);
      return known.result;
    }
    const running = run(argv, options);
    if (earlier === undefined) {
      const keeping = running.then((result) => this.keep(result, output, key)).catch(() => undefined);
      this.kept.set(key, keeping);
      // Who asked may change the file.
      await keeping;
    }
    return running;
  };

  private async keep(result: RunResult, output: string, key: string): Promise<Kept | undefined> {
    if (result.code !== 0) return undefined;
    const { size } = await stat(output);
    if (this.bytes + size > mostBytes) return undefined;
    this.bytes += size;
    const file = path.join(this.folder, key);
    await mkdir(this.folder, { recursive: true });
    await copyFile(output, file);
    return { result, file };
  }
}
