import { describe, expect, it } from 'vitest';
import { repairConfiguration } from '../../../src/policy/agents/repair.js';

const profile = 'a'.repeat(64);
const context = { target: { arch: 'x64', major: 19 }, allow: [], profiles: [{ 'pgo-ir': profile }] } as const;

describe('repair of what a model wrote', () => {
  it('leaves legal configurations as they are', () => {
    const configuration = { 'attr:noinline': ['slow_path'], 'inline-threshold': 400 };
    expect(repairConfiguration(configuration, context)).toEqual({ configuration, notes: [] });
  });

  it.each([
    ['spellings', { '-mllvm -inline-threshold=400': 400 }, { 'inline-threshold': 400 }],
    ['numbers as text', { 'inline-threshold': '400' }, { 'inline-threshold': 400 }],
    ['truth as text', { 'fno-vectorize': 'true' }, { 'fno-vectorize': true }],
    ['truth as a number', { 'enable-loop-distribute': 1 }, { 'enable-loop-distribute': true }],
    ['values below the range', { 'falign-loops': 3 }, { 'falign-loops': 16 }],
    ['one function for a list', { 'attr:cold': 'error_path' }, { 'attr:cold': ['error_path'] }],
    ['another profile', { 'pgo-ir': '/etc/passwd' }, { 'pgo-ir': profile }],
  ])('mends %s', (_, written, configuration) => {
    expect(repairConfiguration(written, context).configuration).toEqual(configuration);
  });

  it('brings numbers into the range and says so', () => {
    const { configuration, notes } = repairConfiguration({ 'inline-threshold': 1e9 }, context);
    expect(configuration['inline-threshold']).toBeGreaterThan(500);
    expect(notes[0]).toContain('is taken instead');
  });

  it.each([
    ['unknown levers', { 'load-plugin': 'x.so' }],
    ['opt-in levers', { 'fp:ffast-math': true }],
    ['blocked levers', { 'enable-loopinterchange': true }],
    ['levers of another architecture', { 'mtune-aarch64': 'cortex-a53' }],
    ['flags in values', { 'mtune-x86': 'haswell -fplugin=x.so' }],
    ['options in function names', { 'attr:noinline': ['f -load x'] }],
    ['keys of prototypes', JSON.parse('{"__proto__": {"polluted": true}}') as object],
  ])('drops %s, and keeps the rest', (_, written) => {
    const { configuration, notes } = repairConfiguration({ ...written, 'fno-unroll-loops': true }, context);
    expect(configuration).toEqual({ 'fno-unroll-loops': true });
    expect(Object.keys(written).length === 0 || notes.length > 0).toBe(true);
  });

  it('drops one of two levers that contradict each other', () => {
    const { configuration } = repairConfiguration({ 'O-level-O2': true, 'O-level-Os': true }, context);
    expect(Object.keys(configuration)).toHaveLength(1);
  });

  it.each([null, 7, 'x', ['-O3']])('makes nothing of %j', (written) => {
    expect(repairConfiguration(written, context).configuration).toEqual({});
  });
});
