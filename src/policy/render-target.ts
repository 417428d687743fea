import type { RenderTarget } from '../levers/types.js';
import type { PolicyInput } from './types.js';

/** What a policy's configurations are checked for. */
export function renderTargetOf({ arch, major, gcc }: PolicyInput): RenderTarget {
  return { arch, major, gcc };
}
