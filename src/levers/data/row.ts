import type { Gate, LeverShape, Scalar } from '../types.js';

/** What differs from: LLVM 16, 19 and 22, any target, allowed, risk `perf`, `-mllvm -id={v}` or `-id`. */
export interface RowExtras {
  readonly majors?: readonly number[];
  readonly target?: 'x86-64' | 'aarch64';
  readonly gate?: Gate;
  readonly blockedBelow?: number;
  readonly risk?: string;
  readonly args?: string;
  readonly opt?: readonly string[];
  readonly group?: string;
  readonly powersOfTwo?: boolean;
  readonly shape?: LeverShape;
  readonly unreachable?: string;
}

/** One lever: id, legal values (`bool`: true and false; `flag`: true), and what differs from the defaults. */
export type LeverRow = readonly [id: string, values: 'bool' | 'flag' | readonly Scalar[], extras?: RowExtras];
