import type { Lever, PassLevel } from './types.js';

/**
 * Text that runs `pass` at `place`, or `undefined` when the pass works on something larger than the place hands out.
 * Loop passes that need MemorySSA cannot join the pipeline's own loop pass managers there: those run without it and abort.
 */
export function insertedPass(place: Lever, pass: Lever): string | undefined {
  if (place.pass === undefined || pass.pass === undefined) return undefined;
  const { text, level } = pass.pass;
  return wrap(text, level, place.pass.level);
}

function wrap(text: string, level: PassLevel, place: PassLevel): string | undefined {
  if (level === place) return text;
  if (level === 'loop' || level === 'loop-mssa') {
    return place === 'loop' || place === 'loop-mssa'
      ? undefined
      : wrap(`${level}(${text})`, 'function', place);
  }
  if (level === 'function' && (place === 'module' || place === 'cgscc')) return `function(${text})`;
  return undefined;
}
