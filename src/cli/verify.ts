import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { formatRatio } from '../report/summary.js';
import { formatTable } from '../report/table.js';
import { type VerifyResult, verifyLock } from '../tune/verify-lock.js';
import { command } from './command.js';

export const verify: CommandDef = command(
  'verify',
  'Measure on this machine what autopass.lock claims',
  {},
  async (args, io) => {
    const config = await loadConfig(args.dir);
    const result = await verifyLock(config, {
      logger: io.logger,
      signal: io.signal,
      onStep: (message) => io.logger.info(`── ${message}`),
    });
    io.print(format(result), result);
    return result.verdict === 'confirmed' ? exitCodes.ok : exitCodes.notFaster;
  },
);

function format(result: VerifyResult): string {
  const rows = result.tus.map(({ file, claimed, identicalObject }) => [
    file,
    `${claimed.ratio.toFixed(3)}×`,
    identicalObject ? 'yes' : 'no',
  ]);
  return [
    formatTable([['translation unit', 'claimed vs stock', 'same object as tuned'], ...rows]),
    '',
    `measured here   over stock  ${formatRatio(result.addon.vsStock)}`,
    `                over -O3    ${formatRatio(result.addon.vsO3)}`,
    `                placebo     ± ${(result.noiseFloor * 100).toFixed(1)} %`,
    '',
    `Outputs equal the stock build's. Verdict: ${result.verdict}.`,
    ...result.warnings.map((warning) => `Note: ${warning}`),
  ].join('\n');
}
