import { catalogue } from '../levers/catalogue.js';
import { checkConfiguration } from '../levers/check.js';
import { gateOf, usedLevers } from '../levers/gates.js';
import { gccLevel } from '../levers/gcc.js';
import { printable } from '../levers/printable.js';
import type { Configuration, LeverPolicy, RenderTarget } from '../levers/types.js';
import { isPackagePath } from './package-path.js';
import { findHazard, isInteger, isNumber, isObject, isText, unknownKey } from './shape.js';
import type { LockCompiler, LockEntry, LockMeasurement, LockModel } from './types.js';

export type EntryReading =
  | { readonly ok: true; readonly entry: LockEntry }
  | { readonly ok: false; readonly reason: string };

const entryKeys = [
  'file',
  'object',
  'target',
  'verdict',
  'compiler',
  'levers',
  'source',
  'includes',
  'objectHash',
  'measured',
  'policy',
  'model',
];
const measuredKeys = ['speedup', 'ci', 'vsStock', 'vsStockCi', 'noiseFloor', 'sameInputs', 'estimate'];
const maxIncludes = 2000;
const targetName = /^[a-z0-9]+(?:-[a-z0-9]+)*-(x64|arm64)\/[a-z0-9][a-z0-9.+_-]{0,63}(?:@[a-z0-9-]{1,32})?$/;
const versionText = /^(\d{1,3})(?:\.\d{1,6}){0,3}(?:[-+~a-z][\w.+~-]{0,30})?$/;
const sha256 = /^[0-9a-f]{64}$/;
const policyName = /^[\w.:+-]{1,64}$/;
const modelName = /^[\w.:@/+-]{1,128}$/;

/** Checks one untrusted entry of a lock completely; nothing of a refused entry is used. */
export function parseEntry(value: unknown, policy: LeverPolicy): EntryReading {
  if (!isObject(value)) return refuse('is not an object');
  const hazard = findHazard(value);
  if (hazard !== undefined) return refuse(hazard);
  const stranger = unknownKey(value, entryKeys);
  if (stranger !== undefined) return refuse(`has the unknown field ${printable(stranger)}`);

  const { file, object, target, verdict, source, includes, objectHash, policy: by } = value;
  if (typeof file !== 'string' || !isPackagePath(file)) return refuse(outside('file', file));
  if (object !== undefined && (typeof object !== 'string' || !isPackagePath(object))) {
    return refuse(outside('object', object));
  }
  if (!isText(target, targetName)) return refuse(`has the unknown target ${printable(target)}`);
  if (verdict !== undefined && verdict !== 'stock')
    return refuse(`has the unknown verdict ${printable(verdict)}`);
  if (!isText(source, sha256)) return refuse('has no SHA-256 in "source"');
  if (!isText(objectHash, sha256)) return refuse('has no SHA-256 in "objectHash"');
  if (!isText(by, policyName)) return refuse('has no name of a policy in "policy"');
  if (!isPathList(includes)) return refuse('has something else than paths inside the package in "includes"');

  const model = value.model === undefined ? undefined : parseModel(value.model);
  if (value.model !== undefined && model === undefined)
    return refuse('names no model and transcript in "model"');
  const compiler = parseCompiler(value.compiler);
  if (compiler === undefined) return refuse('names no compiler (vendor, version, major) in "compiler"');
  const measured = parseMeasured(value.measured);
  if (measured === undefined) return refuse('has no usable numbers in "measured"');
  const arch = targetName.exec(target)?.[1] === 'arm64' ? 'arm64' : 'x64';
  const gcc = compiler.vendor === 'gnu';
  if (verdict === undefined && isObject(value.levers) && gccLevel in value.levers !== gcc)
    return refuse('has levers that are not those of its compiler');
  const levers = parseLevers(value.levers, policy, { arch, major: compiler.major, gcc });
  if (!levers.ok) return levers;
  return {
    ok: true,
    entry: {
      file,
      ...(object === undefined ? {} : { object }),
      target,
      ...(verdict === undefined ? {} : { verdict }),
      compiler,
      levers: levers.configuration,
      source,
      includes,
      objectHash,
      measured,
      policy: by,
      ...(model === undefined ? {} : { model }),
    },
  };
}

function refuse(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

function outside(field: string, path: unknown): string {
  return `has ${printable(path)} as "${field}", which is not a path inside the package`;
}

function isPathList(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= maxIncludes &&
    value.every((path) => typeof path === 'string' && isPackagePath(path))
  );
}

function parseCompiler(value: unknown): LockCompiler | undefined {
  if (!isObject(value) || unknownKey(value, ['vendor', 'version', 'major']) !== undefined) return undefined;
  const { vendor, version, major } = value;
  if (!isVendor(vendor) || !isInteger(major, 1, 99)) return undefined;
  if (!isText(version, versionText) || Number(versionText.exec(version)?.[1]) !== major) return undefined;
  return { vendor, version, major };
}

function isVendor(value: unknown): value is LockCompiler['vendor'] {
  return value === 'llvm' || value === 'apple' || value === 'gnu';
}

function parseModel(value: unknown): LockModel | undefined {
  if (!isObject(value) || unknownKey(value, ['name', 'transcript']) !== undefined) return undefined;
  const { name, transcript } = value;
  return isText(name, modelName) && isText(transcript, sha256) ? { name, transcript } : undefined;
}

function parseMeasured(value: unknown): LockMeasurement | undefined {
  if (!isObject(value) || unknownKey(value, measuredKeys) !== undefined) return undefined;
  const { speedup, ci, vsStock, vsStockCi, noiseFloor, sameInputs, estimate } = value;
  if (!isRatio(speedup) || !isInterval(ci) || !isRatio(vsStock) || !isInterval(vsStockCi)) return undefined;
  if (!isNumber(noiseFloor, 0, 1000)) return undefined;
  if (sameInputs !== undefined && typeof sameInputs !== 'boolean') return undefined;
  if (estimate !== undefined && typeof estimate !== 'boolean') return undefined;
  return {
    speedup,
    ci,
    vsStock,
    vsStockCi,
    noiseFloor,
    ...(sameInputs === undefined ? {} : { sameInputs }),
    ...(estimate === undefined ? {} : { estimate }),
  };
}

function isRatio(value: unknown): value is number {
  return isNumber(value, 1e-6, 1e6);
}

function isInterval(value: unknown): value is readonly [number, number] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    isRatio(value[0]) &&
    isRatio(value[1]) &&
    value[0] <= value[1]
  );
}

/** A blocked lever is never applied from a lock, whoever allows it: it may make wrong code. */
function parseLevers(
  value: unknown,
  policy: LeverPolicy,
  target: RenderTarget,
):
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly reason: string } {
  const check = checkConfiguration(value, policy, target);
  if (!check.ok) {
    const shown = check.problems.slice(0, 3).map(({ id, reason }) => `${id} ${reason}`);
    const more = check.problems.length - shown.length;
    return refuse(`lever ${shown.join('; lever ')}${more > 0 ? `; and ${more} more` : ''}`);
  }
  const blocked = usedLevers(check.configuration).find((id) => {
    const lever = catalogue.get(id);
    return lever !== undefined && gateOf(lever, target) === 'blocked';
  });
  if (blocked !== undefined) return refuse(`lever ${blocked} is blocked and never applied from a lock`);
  return check;
}
