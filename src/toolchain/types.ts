/** One installed compiler. */
interface Installed {
  /** Absolute path of the C driver. */
  readonly cc: string;
  /** Absolute path of the C++ driver. */
  readonly cxx: string;
  /** For example `19.1.7`. */
  readonly version: string;
  readonly major: number;
  /** Default target triple. */
  readonly triple: string;
  /** Hash of real path, size and modification time of the binary: the cache key of what was probed. */
  readonly identity: string;
}

export type Compiler = Clang | Gcc;

export interface Gcc extends Installed {
  readonly vendor: 'gnu';
}

/** One installed clang and the LLVM tools that belong to it. */
export interface Clang extends Installed {
  readonly vendor: 'llvm' | 'apple';
  /** Absolute paths of the tools that exist beside it. */
  readonly tools: { readonly [name in LlvmTool]?: string };
}

export type LlvmTool =
  | 'opt'
  | 'llvm-profdata'
  | 'llvm-nm'
  | 'llvm-objcopy'
  | 'llvm-objdump'
  | 'llvm-readelf'
  | 'llvm-mca'
  | 'llvm-ar'
  | 'llvm-symbolizer'
  | 'lld';
