import { type Method, methods, policyMethods, titles } from './methods.js';
import type { BenchResults, Speedup } from './results.js';
import { bestKnown, geometricMean, trialsToNearlyAll } from './series.js';

/** The results as a Markdown document: final speedups, then trials. */
export function markdownReport(results: BenchResults): string {
  const finals = Object.values(results.addons).flatMap(({ final }) => final ?? []);
  const dates = finals.map(({ at }) => at.slice(0, 10)).sort();
  const compilers = [...new Set(finals.map(({ compiler }) => compiler))].join(', ');
  return [
    `# Benchmark of ${dates.at(-1) ?? 'sessions without a last measurement'}`,
    '',
    `${results.machine}${compilers === '' ? '' : `, ${compilers}`}.`,
    '',
    '## Final builds over plain clang -O3 on all hot files',
    '',
    'On `check` inputs, all methods of an addon in one measurement; above 1 is faster; the 95 % interval includes the noise floor.',
    '',
    markdown(speedupRows(results)),
    '',
    '## Measured trials until 95 % of the best known gain',
    '',
    'On `tune` inputs, as the sessions saw it. In brackets: all measured trials of the session. A dash: never.',
    '',
    markdown(trialRows(results)),
    '',
  ].join('\n');
}

/** Header and one row per addon, the geometric mean last. */
export function speedupRows(results: BenchResults): string[][] {
  const used = methods.filter((method) => allOf(results, method).length > 0);
  const rows = Object.entries(results.addons).flatMap(([name, { final }]) =>
    final === undefined
      ? []
      : [
          [
            name,
            ...used.map((method) => cell(final.speedups[method])),
            `${(final.noiseFloor * 100).toFixed(1)} %`,
          ],
        ],
  );
  const means = used.map((method) => {
    const speedups = allOf(results, method);
    const note = speedups.length < rows.length ? ` (${speedups.length} addons)` : '';
    return `${cell(geometricMean(speedups))}${note}`;
  });
  const header = ['addon', ...used.map((method) => titles[method]), 'noise floor'];
  return [header, ...rows, ['geometric mean', ...means, '']];
}

/** Header and one row per addon. */
export function trialRows(results: BenchResults): string[][] {
  const used = policyMethods.filter((policy) =>
    Object.values(results.addons).some(({ sessions }) => policy in sessions),
  );
  const rows = Object.entries(results.addons).map(([name, record]) => {
    const best = bestKnown(record);
    const cells = used.map((policy) => {
      const session = record.sessions[policy];
      if (session === undefined) return '';
      return `${trialsToNearlyAll(session.steps, best) ?? '–'} (${session.trials})`;
    });
    return [name, best > 1 ? best.toFixed(3) : 'no gain', ...cells];
  });
  return [['addon', 'best known', ...used.map((policy) => titles[policy])], ...rows];
}

function allOf(results: BenchResults, method: Method): Speedup[] {
  return Object.values(results.addons).flatMap(({ final }) => final?.speedups[method] ?? []);
}

function cell(speedup: Speedup | undefined): string {
  if (speedup === undefined) return '–';
  const { ratio, ci } = speedup;
  return `${ratio.toFixed(3)} [${ci[0].toFixed(3)}, ${ci[1].toFixed(3)}]`;
}

function markdown([header = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
