import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defaultLoaders } from 'cosmiconfig';
import { expect, test } from 'vitest';
import { exec } from '../../src/cli/exec.js';
import { status } from '../../src/cli/status.js';

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

const commands: Readonly<Record<string, typeof exec>> = { exec, status };
const file = fileURLToPath(new URL('../../templates/ci/github-actions.yml', import.meta.url));

test('the workflow for GitHub Actions is YAML, and calls only commands and flags that exist', async () => {
  const workflow = defaultLoaders['.yml'](file, await readFile(file, 'utf8')) as Workflow;
  const script = Object.values(workflow.jobs)
    .flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))
    .join('\n');
  const calls = [...script.matchAll(/\bautopass (\w+)([^\n]*)/g)];
  expect(calls.map(([, name]) => name)).toEqual(['status', 'exec']);
  for (const [, name = '', rest = ''] of calls) {
    const [own = ''] = rest.split(' -- ');
    for (const [, flag = ''] of own.matchAll(/--([\w-]+)/g)) {
      expect(Object.keys(commands[name]?.args ?? {})).toContain(flag);
    }
  }
});
