import path from 'node:path';
import { parseArgs } from 'node:util';
import { AutoPassError } from '../../errors.js';
import { corpusNames } from '../corpus.js';
import { type Method, methods } from './methods.js';

export interface BenchOptions {
  readonly addons: readonly string[];
  readonly methods: readonly Method[];
  /** Of every policy's session. */
  readonly trials: number;
  readonly minutes: number;
  readonly seed: number;
  /** Most minutes for the last measurement of one addon. */
  readonly judgeMinutes: number;
  /** Absolute path; results, and the addons' copies below `work`. */
  readonly folder: string;
}

const full = { trials: 40, minutes: 12, judgeMinutes: 4 };
/** About ten minutes in all. */
const quick = { trials: 10, minutes: 1.5, judgeMinutes: 1.5 };
const quickAddons = ['lz4'];

/**
 * Reads `--addons a,b --methods a,b --trials N --minutes M --seed N --results DIR --quick`.
 * @throws AutoPassError `BAD_FLAG`
 */
export async function benchOptions(args: readonly string[]): Promise<BenchOptions> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      addons: { type: 'string' },
      methods: { type: 'string' },
      trials: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      results: { type: 'string', default: 'bench-results' },
    },
  });
  const defaults = values.quick ? quick : full;
  const known = await corpusNames();
  return {
    addons: names('addons', values.addons, known, values.quick ? quickAddons : known),
    methods: names('methods', values.methods, methods, methods),
    trials: positive('trials', values.trials) ?? defaults.trials,
    minutes: positive('minutes', values.minutes) ?? defaults.minutes,
    seed: positive('seed', values.seed) ?? 1,
    judgeMinutes: defaults.judgeMinutes,
    // A quick run must not stand in the way of a real one.
    folder: path.resolve(values.results, values.quick ? 'quick' : ''),
  };
}

/** Items of a list, each of them known. */
function names<T extends string>(
  flag: string,
  text: string | undefined,
  known: readonly T[],
  otherwise: readonly T[],
): readonly T[] {
  if (text === undefined) return otherwise;
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    throw new AutoPassError('BAD_FLAG', `--${flag} does not know "${name}".`, {
      hint: `use some of: ${known.join(',')}`,
    });
  });
}

/** A number above 0; undefined when the flag is absent. */
export function positive(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new AutoPassError('BAD_FLAG', `--${flag} takes a number above 0, not "${text}".`);
}
