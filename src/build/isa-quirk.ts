/** A source that uses instructions which its compile command does not allow. */
export interface IsaQuirk {
  /** As the compiler names it. */
  readonly file: string;
  /** As `-march=<level>+<feature>` takes it on ARM64, and `-m<feature>` on x64. */
  readonly feature: string;
}

const messages: readonly RegExp[] = [
  /^(?<file>[^\s:]+):\d+:\d+: error: .*(?:requires|needs) target feature '?(?<feature>[\w.-]+)/m,
  /^(?<file>[^\s:]+):\d+:\d+: error: instruction requires: (?<feature>[\w.-]+)/m,
  /^(?<file>[^\s:]+):\d+:\d+: error: .*undeclared (?:function|identifier) '__(?<feature>crc)32/m,
];

/** Finds in clang's output the first source that fails for want of an ISA feature. */
export function isaQuirk(output: string): IsaQuirk | undefined {
  for (const message of messages) {
    const { file, feature } = message.exec(output)?.groups ?? {};
    if (file !== undefined && feature !== undefined) return { file, feature };
  }
  return undefined;
}
