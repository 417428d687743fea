import { readFile, writeFile } from 'node:fs/promises';

/** Sets one field of the user's JSON file in place and keeps its indentation. */
export async function setJsonField(file: string, field: string, value: unknown): Promise<void> {
  const text = await readFile(file, 'utf8');
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const changed = { ...(JSON.parse(text) as object), [field]: value };
  await writeFile(file, `${JSON.stringify(changed, undefined, indent)}\n`);
}
