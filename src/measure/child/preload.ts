/**
 * Loaded by `--import` into the processes of a command that is timed as a whole: redirects the addon to one variant and leaves a
 * file behind when it was really loaded. Imports nothing but Node's own modules.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { redirectLoads } from './redirect.js';

const path = process.env.AUTOPASS_REDIRECT;
if (path !== undefined) {
  const spec: { packageRoot: string; binaries: Record<string, string>; marker: string } = JSON.parse(
    readFileSync(path, 'utf8'),
  );
  const redirect = redirectLoads(spec.packageRoot, [spec.binaries]);
  process.on('exit', () => {
    if (redirect.loaded(0).length > 0) writeFileSync(spec.marker, '');
  });
}
