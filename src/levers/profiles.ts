/** Folder of a package, beside `autopass.lock`, with the profiles that the lock's entries name. */
export const profilesFolder = 'autopass.profiles';

/**
 * LLVM option of training and of use: a static function is known by its file's name, not by its whole path, so that a
 * profile fits wherever the package lies.
 */
export const portableNames = '-static-func-full-module-prefix=false';

const sha256 = /^[0-9a-f]{64}$/;

/** A profile's name is the SHA-256 of its file; of a folder, of the names and contents of its files. */
export function isProfileName(value: unknown): value is string {
  return typeof value === 'string' && sha256.test(value);
}

/** Levers whose value is a profile for clang: counted once, a second time after inlining, or sampled. At most one can be set. */
export const clangProfileLevers = ['pgo-ir', 'pgo-cs', 'pgo-sample'] as const;
export type ClangProfileLever = (typeof clangProfileLevers)[number];

/** The lever whose value is a profile for gcc: a folder with a file for every unit. */
export const gccProfile: 'gcc:profile' = 'gcc:profile';

export type ProfileLever = ClangProfileLever | typeof gccProfile;
export const profileLevers: readonly ProfileLever[] = [...clangProfileLevers, gccProfile];

/** Files and folders of profiles, as they are named beside a lock. */
export const profilePattern: RegExp = /^[0-9a-f]{16}\.(?:profdata|gcda)$/;

/** The file of a profile inside the folder with the profiles; a folder where it is for gcc. */
export function profileFile(lever: ProfileLever, name: string): string {
  return `${name.slice(0, 16)}.${lever === gccProfile ? 'gcda' : 'profdata'}`;
}

/** The same of the profile that a configuration uses. */
export function profileFileOf(configuration: Readonly<Record<string, unknown>>): string | undefined {
  const lever = profileLeverOf(configuration);
  return lever === undefined ? undefined : profileFile(lever, String(configuration[lever]));
}

/** The lever by which a configuration uses a profile. */
export function profileLeverOf(configuration: Readonly<Record<string, unknown>>): ProfileLever | undefined {
  return profileLevers.find((id) => isProfileName(configuration[id]));
}

/** The name of the profile that a configuration uses. */
export function profileOf(configuration: Readonly<Record<string, unknown>>): string | undefined {
  const lever = profileLeverOf(configuration);
  return lever === undefined ? undefined : String(configuration[lever]);
}

/** A lever's value for people: a profile by its first digits, everything else as it is. */
export function shownValue(value: unknown): string {
  return isProfileName(value) ? value.slice(0, 8) : String(value);
}
