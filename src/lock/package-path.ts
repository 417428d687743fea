const drive = /^[A-Za-z]:/;

/**
 * Whether an untrusted path stays inside the folder it is relative to: forward slashes, no `..` or empty segment,
 * nothing absolute, no control characters.
 */
export function isPackagePath(path: string): boolean {
  if (path === '' || path.length > 512 || path.includes('\\') || drive.test(path)) return false;
  if (/\p{Cc}/u.test(path)) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
