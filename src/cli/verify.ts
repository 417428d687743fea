import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { formatRatio, times } from '../report/summary.js';
import { formatTable } from '../report/table.js';
import { type VerifyResult, verifyLock } from '../tune/verify-lock.js';
import { command } from './command.js';
import { deviceArg, elsewhere } from './elsewhere.js';

export const verify: CommandDef = command(
  'verify',
  'Measure on this machine what autopass.lock claims',
  {
    device: deviceArg,
    target: {
      type: 'string',
      valueHint: 'TARGET',
      description: 'Verify what the lock holds for another machine',
    },
  },
  async (args, io) => {
    const config = await loadConfig(args.dir);
    const where = elsewhere(config, args);
    const result = await verifyLock(config, {
      logger: io.logger,
      signal: io.signal,
      onStep: (message) => io.logger.info(`── ${message}`),
      ...(where && { where }),
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
    ...(result.estimate ? estimated(result) : measured(result)),
    '',
    `Outputs equal the stock build's. Verdict: ${result.verdict}.`,
    ...result.warnings.map((warning) => `Note: ${warning}`),
  ].join('\n');
}

function measured({ addon, noiseFloor }: VerifyResult): string[] {
  return [
    `measured here   over stock  ${formatRatio(addon.vsStock)}`,
    `                over -O3    ${formatRatio(addon.vsO3)}`,
    `                placebo     ± ${(noiseFloor * 100).toFixed(1)} %`,
  ];
}

function estimated({ addon }: VerifyResult): string[] {
  return [
    `estimated, not timed   over stock  about ${times(addon.vsStock.ratio)}`,
    `                       over -O3    about ${times(addon.vsO3.ratio)}`,
  ];
}
