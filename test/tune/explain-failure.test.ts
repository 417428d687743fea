import { expect, test } from 'vitest';
import { AutoPassError } from '../../src/errors.js';
import { requireTarget } from '../../src/target/target.js';
import { explainFailure } from '../../src/tune/explain-failure.js';

const target = requireTarget('linux-glibc-arm64');

function failure(all: string): AutoPassError {
  return new AutoPassError('BUILD_FAILED', 'node-gyp rebuild failed', { cause: { all } });
}

test('a build that fails for want of an ISA feature names the source, the feature and the flag', () => {
  const said =
    "  CC(target) x.o\n../src/crc.c:2:33: error: always_inline function '__crc32b' requires target feature 'crc', but would be inlined\n";
  const explained = explainFailure(failure(said), target, '/copy') as AutoPassError;
  expect(explained).toMatchObject({ code: 'ISA_FEATURE', exitCode: 4 });
  expect(explained.message).toContain('src/crc.c uses instructions of the ISA feature "crc"');
  expect(explained.hint).toContain('CFLAGS=-march=armv8-a+crc');
});

test('every other failure stays what it is', () => {
  const other = failure('../src/x.c:1:1: error: expected identifier\n');
  expect(explainFailure(other, target, '/copy')).toBe(other);
});
