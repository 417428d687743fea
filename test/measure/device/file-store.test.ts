import { expect, it } from 'vitest';
import { FileStore } from '../../../src/measure/device/file-store.js';

it('copies a content once, and gives up what was not used for longest', async () => {
  const store = new FileStore(10);
  const copied: string[] = [];
  const keep = (text: string) => store.keep(Buffer.from(text), async (name) => void copied.push(name));
  const old = await keep('aaaa');
  const used = await keep('bbbb');
  expect(await keep('aaaa')).toBe(old);
  expect(copied).toEqual([old, used]);
  expect(store.evict(new Set())).toEqual([]);
  const last = await keep('cccc');
  expect(store.evict(new Set([last]))).toEqual([used]);
  expect(store.evict(new Set())).toEqual([]);
  await keep('bbbb');
  expect(copied).toEqual([old, used, last, used]);
});
