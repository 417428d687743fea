import { catalogue } from './catalogue.js';
import { conflicts } from './conflicts.js';
import { refusal } from './gates.js';
import { printable } from './printable.js';
import type { Configuration, Lever, LeverPolicy, LeverProblem, LeverValue, RenderTarget } from './types.js';
import { checkValue } from './values.js';

export type ConfigurationCheck =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly LeverProblem[] };

const maxLevers = 64;

/**
 * Checks an untrusted configuration against the catalogue, the policy and the compiler. The result has sorted keys
 * and canonical values.
 */
export function checkConfiguration(
  configuration: unknown,
  policy: LeverPolicy,
  target: RenderTarget,
): ConfigurationCheck {
  if (typeof configuration !== 'object' || configuration === null || Array.isArray(configuration)) {
    return failure('levers', 'must be an object from lever id to value');
  }
  const items = Object.entries(configuration as Record<string, unknown>);
  if (items.length > maxLevers) return failure('levers', `has more than ${maxLevers} levers`);

  const problems: LeverProblem[] = [];
  const checked: [string, LeverValue][] = [];
  for (const [id, value] of items) {
    const lever = catalogue.get(id);
    if (lever === undefined) {
      problems.push({ id: printable(id), reason: 'is not a lever of this version of AutoPass' });
      continue;
    }
    const outcome = checkValue(lever, value);
    const reason =
      refusal(lever, policy, target) ??
      (outcome.ok ? valueRefusal(lever, outcome.value, policy, target) : outcome.reason);
    if (reason !== undefined) problems.push({ id, reason });
    else if (outcome.ok) checked.push([id, outcome.value]);
  }
  const result = Object.fromEntries(checked.sort(([a], [b]) => (a < b ? -1 : 1)));
  if (problems.length === 0) problems.push(...conflicts(result));
  return problems.length === 0 ? { ok: true, configuration: result } : { ok: false, problems };
}

function failure(id: string, reason: string): ConfigurationCheck {
  return { ok: false, problems: [{ id, reason }] };
}

/** What is wrong with a well-formed value on this compiler or without permission. */
function valueRefusal(
  lever: Lever,
  value: LeverValue,
  policy: LeverPolicy,
  target: RenderTarget,
): string | undefined {
  // Measured: clang 16, 19 and 22 crash.
  if (lever.id === 'pre-RA-sched' && target.arch === 'arm64' && (value === 'list-ilp' || value === 'fast')) {
    return `${value} crashes clang for AArch64`;
  }
  if (lever.id === 'attr:tune-cpu') {
    const known = catalogue.get(target.arch === 'x64' ? 'mtune-x86' : 'mtune-aarch64')?.values ?? [];
    const stranger = Object.values(value).find((cpu) => cpu !== 'generic' && !known.includes(cpu));
    return stranger === undefined
      ? undefined
      : `${printable(stranger)} is not a processor of this architecture`;
  }
  if (lever.shape !== 'passes' || !Array.isArray(value)) return undefined;
  for (const id of value as readonly string[]) {
    const pass = catalogue.get(id);
    const reason = pass === undefined ? 'is not a lever' : refusal(pass, policy, target);
    if (reason !== undefined) return `${id} ${reason}`;
  }
  return undefined;
}
