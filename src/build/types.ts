/** One command that the compiler launcher saw. */
export interface RecordedCommand {
  readonly cwd: string;
  /** The project's own command, launcher removed: compiler (with ccache or other wrappers before it) and arguments. */
  readonly argv: readonly string[];
}

/** A compile command: exactly one source, `-c`, and an output. */
export interface CompileCommand extends RecordedCommand {
  readonly kind: 'compile';
  /** Index in `argv` of the compiler itself (after ccache and the like). */
  readonly compilerIndex: number;
  readonly language: 'c' | 'c++';
  /** Absolute, normalised. */
  readonly source: string;
  /** Absolute, normalised. */
  readonly output: string;
  /** Relative to the package root with forward slashes; absolute when outside. */
  readonly file: string;
  /** The `-o` argument as given. */
  readonly object: string;
  /** Why this command is never given to a tuned compiler (-O0, sanitizer...); absent when it can be tuned. */
  readonly untunable?: string;
}

/** A command that makes a file out of objects and archives: link or archive. */
export interface LinkCommand extends RecordedCommand {
  readonly kind: 'link' | 'archive';
  /** Absolute, normalised. */
  readonly output: string;
  /** Absolute paths of the object and archive inputs named in `argv`, in order. */
  readonly inputs: readonly string[];
}

/** The recorded build of a package. */
export interface BuildRecord {
  readonly packageRoot: string;
  readonly compiles: readonly CompileCommand[];
  readonly links: readonly LinkCommand[];
}
