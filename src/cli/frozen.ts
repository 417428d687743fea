import { AutoPassError } from '../errors.js';

/** CI never tunes and never writes. `CI=false` and an empty value count as unset, as most tools read them. */
export function isCi(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.CI !== undefined && env.CI !== '' && env.CI !== 'false' && env.CI !== '0';
}

/** @throws AutoPassError `FROZEN` */
export function refuseInCi(name: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!isCi(env)) return;
  throw new AutoPassError(
    'FROZEN',
    `autopass ${name} does nothing in CI (the variable CI is set): builds there only apply the lock.`,
    {
      hint: 'To tune on a dedicated machine that sets CI, run it with CI= (empty).',
    },
  );
}
