/**
 * What compiler arguments mean for AutoPass, as tables. `templates/apply/launch` holds the same decisions in shell;
 * a test feeds both with the same command lines.
 */

/** Options whose value is the next argument. */
export const separateValueOptions: ReadonlySet<string> = new Set(
  (
    '-I -D -U -L -F -B -A -T -u -z -G -MF -MT -MQ -include -imacros -isystem -iquote -idirafter -isysroot -iprefix ' +
    '-iwithprefix -iwithprefixbefore -iframework -framework --param --sysroot -Xclang -Xpreprocessor -Xassembler ' +
    '-Xlinker -mllvm -aux-info -dumpbase -dumpdir'
  ).split(' '),
);

/** Options that only write dependency files: alone, with the value joined, or with the value in the next argument. */
export const dependencyOptions: {
  readonly alone: ReadonlySet<string>;
  readonly withValue: readonly string[];
} = {
  alone: new Set(['-MD', '-MMD', '-MP', '-MG']),
  withValue: ['-MF', '-MT', '-MQ', '-MJ'],
};

const sourceExtensions = /\.(?:c|cc|cpp|cxx|c\+\+|cp|C|CPP)$/;

/** Whether the name looks like C or C++ source. */
export function isSource(name: string): boolean {
  return sourceExtensions.test(name);
}

interface UntunableRule {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** Looks like one of the rules below and is harmless. */
const harmless = /^-(?:fno-(?:profile.*|sanitize.*|openmp)|fopenmp-simd)$/;

const untunableRules: readonly UntunableRule[] = [
  { pattern: /^-fsanitize/, reason: 'a sanitizer' },
  {
    pattern: /^(?:-fprofile|-fauto-profile|-fcoverage|--?coverage$|-ftest-coverage)/,
    reason: 'a profile or coverage build',
  },
  { pattern: /^-(?:fopenmp|fopenacc)/, reason: "OpenMP needs the original compiler's run-time library" },
  { pattern: /^-(?:fgnu-tm|fcilkplus|fplugin)/, reason: 'an extension of the original compiler' },
  { pattern: /^-(?:m16|m32|mx32|miamcu)$/, reason: 'another word size' },
  { pattern: /^(?:-arch$|-target$|--target|-b$|-V$)/, reason: 'a cross compile' },
  { pattern: /^--?specs/, reason: 'a specs file' },
  { pattern: /^(?:--?save-temps|-emit-)/, reason: 'intermediate files are kept' },
  { pattern: /^-Ofast$/, reason: '-Ofast, which is more than an optimisation level' },
  { pattern: /^-O.*[^0-9sz]/, reason: 'an unknown optimisation level' },
  { pattern: /^@/, reason: 'a response file' },
];

/** Why an argument keeps a compile away from tuned clang; undefined when it does not. */
export function untunableReason(argument: string): string | undefined {
  if (harmless.test(argument) || argument === '-Og') return undefined;
  return untunableRules.find((rule) => rule.pattern.test(argument))?.reason;
}

/** The optimisation that an `-O` argument turns on; undefined when the argument is not one. */
export function optimisation(argument: string): 'on' | 'off' | undefined {
  if (!argument.startsWith('-O')) return undefined;
  return argument === '-O0' || argument === '-Og' ? 'off' : 'on';
}

/** Options that make the compiler stop before there is an object. */
export const noObjectOptions: ReadonlySet<string> = new Set(['-E', '-S', '-M', '-MM', '-fsyntax-only']);
