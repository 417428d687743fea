import { clangFlags } from './data/clang-flags.js';
import { codegenOptions } from './data/codegen-options.js';
import { aarch64Features, x86Features } from './data/cpu-features.js';
import { gccFlags } from './data/gcc-flags.js';
import { functionAttributes, loopMetadata } from './data/hints.js';
import { middleEndOptions } from './data/middle-end-options.js';
import { extensionPoints, insertablePasses } from './data/passes.js';
import type { LeverRow, RowExtras } from './data/row.js';
import { tools } from './data/tools.js';
import type { Lever, LeverKind, LeverShape, Scalar } from './types.js';

/** All levers by id, in the order in which they are rendered. */
export const catalogue: ReadonlyMap<string, Lever> = new Map(
  [
    ...clangFlags.map((row) => fromRow('clang-flag', row, `-${row[0]}`)),
    ...gccFlags.map((row) => fromRow('gcc-flag', row, `-${row[0].slice('gcc:'.length)}`)),
    ...middleEndOptions.map((row) => fromRow('mllvm', row, `-mllvm -${row[0]}={v}`)),
    ...codegenOptions.map((row) => fromRow('mllvm', row, `-mllvm -${row[0]}={v}`)),
    ...x86Features.map((row) => feature(row, 'x86-64')),
    ...aarch64Features.map((row) => feature(row, 'aarch64')),
    ...functionAttributes.map((row) => fromRow('function-attribute', row, attributeArgs(row))),
    ...loopMetadata.map((row) => fromRow('loop-metadata', row, '', 'loop-map')),
    ...insertablePasses.map(([id, text, level, extras]) => ({
      ...fromRow('opt-pipeline', [id, [], extras ?? {}], '', 'pass'),
      pass: { text, level },
    })),
    ...extensionPoints.map(([id, level]) => ({
      ...fromRow('opt-extension-point', [id, []], '', 'passes'),
      pass: { text: `-${id.slice('ep:'.length)}=`, level },
    })),
    ...tools.map((row) => fromRow('tool', row, '', 'none')),
  ].map((lever) => [lever.id, lever]),
);

function fromRow(
  kind: LeverKind,
  [id, values, extras = {}]: LeverRow,
  standardArgs: string,
  shape: LeverShape = 'scalar',
): Lever {
  const { majors, target, gate, risk, args, ...rest } = extras;
  const listed = values === 'bool' ? [true, false] : values === 'flag' ? [true] : values;
  const range = rangeOf(listed);
  return {
    id,
    kind,
    shape,
    values: listed,
    ...(range ? { range } : {}),
    target: target ?? 'any',
    majors: majors ?? [16, 19, 22],
    gate: gate ?? 'allowed',
    risk: risk ?? 'perf',
    args: split(args ?? standardArgs),
    ...rest,
  };
}

/** `-Xclang -target-feature` sets a tuning feature for the whole translation unit. */
function feature(
  [id, name, extras]: readonly [string, string, RowExtras?],
  target: 'x86-64' | 'aarch64',
): Lever {
  return fromRow(
    'cpu-feature',
    [id, ['+', '-'], { ...extras, target, risk: 'tuning only' }],
    `-Xclang -target-feature -Xclang {v}${name}`,
  );
}

function attributeArgs([id, , extras]: LeverRow): string {
  if (extras?.shape !== 'functions') return '';
  const name = id.slice('attr:'.length);
  // LLVM's verifier demands noinline beside optnone.
  const also = name === 'optnone' ? ' -mllvm -force-attribute={f}:noinline' : '';
  return `-mllvm -force-attribute={f}:${name}${also}`;
}

function rangeOf(values: readonly Scalar[]): readonly [number, number] | undefined {
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length === 0 || numbers.length !== values.length) return undefined;
  return [Math.min(...numbers), Math.max(...numbers)];
}

function split(template: string): string[] {
  return template === '' ? [] : template.split(' ');
}
