import { expect, it } from 'vitest';
import { parseDevice } from '../../../src/measure/device/parse-device.js';

it('reads user, host and port', () => {
  expect(parseDevice('ssh://pi@board.local:2222')).toEqual({
    url: 'ssh://pi@board.local:2222',
    user: 'pi',
    host: 'board.local',
    port: 2222,
  });
  expect(parseDevice('ssh://board_1')).toEqual({ url: 'ssh://board_1', host: 'board_1' });
  expect(parseDevice('ssh://pi@[fe80::1]:22')).toMatchObject({ host: 'fe80::1', port: 22 });
});

it.each([
  'board',
  'ssh://',
  'ssh://-oProxyCommand=id',
  'ssh://-l@board',
  'ssh://pi@-board',
  'ssh://pi@bo;ard',
  'ssh://pi@$(id)',
  'ssh://pi@board`id`',
  'ssh://pi@bo ard',
  'ssh://pi@board\n',
  'ssh://pi:secret@board',
  'ssh://pi@board:',
  'ssh://pi@board:0',
  'ssh://pi@board:65536',
  'ssh://pi@board:22x',
  'ssh://pi@board/folder',
  'ssh://pi@board?x',
  'ssh://pi@%h',
  "ssh://pi@bo'ard",
  'http://pi@board',
])('refuses %j', (url) => {
  expect(() => parseDevice(url)).toThrow(expect.objectContaining({ code: 'BAD_DEVICE' }));
});
