/** Folder of a package, beside `autopass.lock`, with the profiles that the lock's entries name. */
export const profilesFolder = 'autopass.profiles';

/**
 * LLVM option of training and of use: a static function is known by its file's name, not by its whole path, so that a
 * profile fits wherever the package lies.
 */
export const portableNames = '-static-func-full-module-prefix=false';

const sha256 = /^[0-9a-f]{64}$/;

/** A profile's name is the SHA-256 of its indexed form. */
export function isProfileName(value: unknown): value is string {
  return typeof value === 'string' && sha256.test(value);
}

/** The file of a profile inside its folder. */
export function profileFile(name: string): string {
  return `${name.slice(0, 16)}.profdata`;
}

/** Levers whose value is a profile: counted once, a second time after inlining, or sampled. At most one can be set. */
export const profileLevers = ['pgo-ir', 'pgo-cs', 'pgo-sample'] as const;
export type ProfileLever = (typeof profileLevers)[number];

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
