/** A compile command taken apart for two stages. */
export interface CompileArgs {
  readonly source: string;
  /** As given after `-o`. */
  readonly output: string;
  /** All arguments but the source, `-o`, `-c` and what writes dependencies. */
  readonly common: readonly string[];
  /** Of `common`, what still means something for a file that is already LLVM IR. */
  readonly forIr: readonly string[];
  /** What writes the dependency file, completed so that it names the object and lies where the build expects it. */
  readonly dependencies: readonly string[];
  /** LLVM options (`-mllvm`), without their `-mllvm`. */
  readonly llvm: readonly string[];
}

/** Options whose value is the next argument. From clang's option table; what is missing there is joined. */
const separate: ReadonlySet<string> = new Set([
  ...['-o', '-x', '-I', '-D', '-U', '-include', '-imacros', '-isystem', '-iquote', '-idirafter', '-isysroot'],
  ...[
    '-iprefix',
    '-iwithprefix',
    '-iwithprefixbefore',
    '-iframework',
    '-isystem-after',
    '-include-pch',
    '-F',
  ],
  ...[
    '-MF',
    '-MT',
    '-MQ',
    '-MJ',
    '-Xclang',
    '-Xpreprocessor',
    '-Xassembler',
    '-Xlinker',
    '-Xanalyzer',
    '-mllvm',
  ],
  ...[
    '-target',
    '-arch',
    '-A',
    '-L',
    '-l',
    '-u',
    '-z',
    '-T',
    '-e',
    '-G',
    '-b',
    '-V',
    '-framework',
    '--param',
  ],
  ...[
    '--sysroot',
    '--config',
    '-working-directory',
    '-resource-dir',
    '-ivfsoverlay',
    '-dumpbase',
    '-dumpdir',
  ],
]);
const dependencyFlag = /^-M(?:D|MD|P|V|F|T|Q|J)/;
/** Preprocessor, language and warnings; assembler options (`-Wa,`) stay. */
const forSourceOnly =
  /^-(?:D|U|I|F|A|i[a-z]|std=|W(?!a,)|pedantic|ansi|trigraphs|nostdinc|fmodules|x$|MG|C$)/;
const sourceFile = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP|m|mm|M)$/;

/** Takes the arguments (without the compiler) of a call with one source and `-o`; `undefined` for any other call. */
export function parseCompileArgs(args: readonly string[]): CompileArgs | undefined {
  const sources: string[] = [];
  const common: string[] = [];
  const forIr: string[] = [];
  const given: string[] = [];
  const llvm: string[] = [];
  let output: string | undefined;
  let index = 0;
  while (index < args.length) {
    const option = args[index] ?? '';
    const length = separate.has(option) ? 2 : 1;
    const group = args.slice(index, index + length);
    const value = group[1];
    index += length;
    if (length === 2 && value === undefined) return undefined;
    if (option === '-o') output = value;
    else if (option.startsWith('-o') && !option.startsWith('-objc')) output = option.slice(2);
    else if (dependencyFlag.test(option)) given.push(...group);
    else if (option === '-mllvm' && value !== undefined) llvm.push(value);
    else if (!option.startsWith('-')) sources.push(option);
    else if (option !== '-c' && option !== '--') {
      common.push(...group);
      if (!forSourceOnly.test(option)) forIr.push(...group);
    }
  }
  const [source, second] = sources;
  if (source === undefined || second !== undefined || output === undefined || !sourceFile.test(source))
    return undefined;
  return { source, output, common, forIr, dependencies: completeDependencies(given, output), llvm };
}

/** clang would name the temporary output in the dependency file, and put the file beside it. */
function completeDependencies(given: readonly string[], output: string): string[] {
  const has = (...flags: string[]) => given.some((arg) => flags.some((flag) => arg.startsWith(flag)));
  if (!has('-MD', '-MMD')) return [...given];
  return [
    ...given,
    ...(has('-MT', '-MQ') ? [] : ['-MQ', output]),
    ...(has('-MF') ? [] : ['-MF', `${output.replace(/\.[^./]*$/, '')}.d`]),
  ];
}

/** The last optimisation level of a command, as `opt` spells it: `0` to `3`, `s` or `z`. */
export function optimisationLevel(args: readonly string[]): string {
  const last = args.findLast((arg) => /^-O(?:[0-4sz]|fast|g)?$/.test(arg))?.slice(2);
  if (last === undefined) return '0';
  return { '': '1', '4': '3', fast: '3', g: '1' }[last] ?? last;
}

/** What the last `-g` option of a command asks for. */
export function debugInfo(args: readonly string[]): 'none' | 'lines' | 'full' {
  const last = args.findLast((arg) =>
    /^-g(?:[0-3]|gdb[0-3]?|line-tables-only|line-directives-only|mlt|dwarf.*)?$/.test(arg),
  );
  if (last === undefined || /^-g(?:gdb)?0$/.test(last)) return 'none';
  return /^-g(?:1|gdb1|line-tables-only|line-directives-only|mlt)$/.test(last) ? 'lines' : 'full';
}
