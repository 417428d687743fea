// AutoPass build hooks (MIT licence). One line in binding.gyp, in every target's "dependencies":
//   "<!(node -p \"require('autopass-native').targets\"):autopass"       as a dependency
//   "<!(node -p \"require('./autopass').targets\"):autopass"            vendored
// or in CMakeLists.txt, before the first target:
//   include(autopass/autopass.cmake)
'use strict';

const path = require('node:path');

const gyp = path.join(__dirname, 'autopass.gyp');
const usable = /^[\w ./+@,:=~%^()[\]{}&!-]+$/u;

function say(message) {
  process.stderr.write(`autopass: ${message}\n`);
}

module.exports = {
  /** Path of the gyp file, relative to the working directory as gyp wants it. */
  get targets() {
    if (process.platform === 'win32') say('Windows builds pass through untouched');
    return path.relative(process.cwd(), gyp).split(path.sep).join('/');
  },
  /** Path of the CMake file. */
  cmake: path.join(__dirname, 'autopass.cmake'),
  /** What autopass.gyp puts into the compiler flags: it expands to nothing and loads autopass.mk on the way. */
  get cflags() {
    if (process.platform === 'win32') return '';
    if (!usable.test(__dirname)) {
      say(
        `cannot hook into a build from ${__dirname} (its path holds special characters); everything builds as stock`,
      );
      return '';
    }
    const escaped = __dirname.replace(/ /g, '\\ ');
    return (
      `$(eval autopass.apply:=${__dirname})$(eval autopass.node:=${usable.test(process.execPath) ? process.execPath : ''})` +
      `$(eval include ${escaped}/autopass.mk)`
    );
  },
};
