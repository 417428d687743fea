import { readFile } from 'node:fs/promises';
import { replaceFile } from '../build/replace-file.js';

/** Sets one field of a JSON config file and keeps its indentation; false where the file is of another kind. */
export async function setConfigField(
  file: string | undefined,
  field: string,
  value: string,
): Promise<boolean> {
  if (file === undefined || !file.endsWith('.json')) return false;
  const text = await readFile(file, 'utf8');
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const changed = { ...(JSON.parse(text) as object), [field]: value };
  await replaceFile(file, `${JSON.stringify(changed, undefined, indent)}\n`);
  return true;
}
