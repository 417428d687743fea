import path from 'node:path';

const wrappers: ReadonlySet<string> = new Set(['ccache', 'sccache', 'distcc', 'icecc', 'env']);
const plainCompiler = /^(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+)(?:-\d[\d.]*)?$/;
const archiver = /^(?:.+-)?(?:llvm-|gcc-)?ar(?:-\d[\d.]*)?$/;

/** Which tool a recorded command runs, and where in `argv` it stands. */
export type Tool =
  | { readonly kind: 'compiler'; readonly index: number; readonly name: string; readonly known: boolean }
  | { readonly kind: 'archiver'; readonly index: number }
  | { readonly kind: 'other' };

/** Finds the tool behind ccache and the like. */
export function identifyTool(argv: readonly string[], triples: readonly string[] = hostTriples()): Tool {
  const index = argv.findIndex(
    (word, at) => !wrappers.has(path.basename(word)) && !(at > 0 && /^[A-Za-z_]\w*=/.test(word)),
  );
  const word = argv[index];
  if (word === undefined) return { kind: 'other' };
  const name = path.basename(word);
  if (archiver.test(name)) return { kind: 'archiver', index };
  const triple = triples.find((prefix) => name.startsWith(`${prefix}-`));
  const bare = triple === undefined ? name : name.slice(triple.length + 1);
  if (plainCompiler.test(bare)) return { kind: 'compiler', index, name, known: true };
  const foreign = /-(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+)(?:-\d[\d.]*)?$/.test(name);
  return foreign ? { kind: 'compiler', index, name, known: false } : { kind: 'other' };
}

/**
 * Prefixes under which the compilers of this very machine are installed; any other prefix is a cross compiler.
 * @param clangTriple what clang calls this machine, for example `x86_64-pc-linux-gnu`
 */
export function hostTriples(clangTriple?: string): string[] {
  const names = { x64: 'x86_64', arm64: 'aarch64' } as const;
  const arch = process.arch === 'x64' || process.arch === 'arm64' ? names[process.arch] : undefined;
  if (process.platform !== 'linux' || arch === undefined) return [];
  const abis = clangTriple === undefined ? ['gnu', 'musl'] : [clangTriple.split('-').at(-1) ?? 'gnu'];
  return abis.flatMap((abi) => [
    ...['', 'pc-', 'unknown-'].map((vendor) => `${arch}-${vendor}linux-${abi}`),
    ...(abi === 'gnu' ? [`${arch}-redhat-linux`, `${arch}-suse-linux`] : [`${arch}-alpine-linux-${abi}`]),
  ]);
}
