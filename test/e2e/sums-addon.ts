/** Built with -O1 by its own author, so that there is something to gain on any machine. */
export const sumsAddon: Readonly<Record<string, string>> = {
  'package.json': '{"name":"sums","version":"1.0.0","main":"index.js"}',
  'index.js': "module.exports = require('./build/Release/sums.node');\n",
  'binding.gyp': `{"targets": [{
    "target_name": "sums", "sources": ["src/sums.c", "src/addon.c"], "cflags!": ["-O3"], "cflags": ["-O1"]
  }]}`,
  'src/sums.c': `#include "sums.h"
/* Weighted sum of bytes. */
unsigned sums(const unsigned char *bytes, unsigned length) {
  unsigned total = 0;
  for (unsigned i = 0; i < length; i++) total += (bytes[i] ^ 0x5a) * 3u + (bytes[i] >> 2);
  return total;
}
`,
  'src/sums.h': 'unsigned sums(const unsigned char *bytes, unsigned length);\n',
  'src/addon.c': `#include <node_api.h>
#include "sums.h"
static napi_value run(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value argument, result;
  void *bytes = 0;
  napi_get_cb_info(env, info, &count, &argument, 0, 0);
  napi_get_buffer_info(env, argument, &bytes, &length);
  napi_create_uint32(env, sums(bytes, (unsigned)length), &result);
  return result;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "sums", NAPI_AUTO_LENGTH, run, 0, &function);
  napi_set_named_property(env, exports, "sums", function);
  return exports;
}
`,
  'autopass.config.json':
    '{"bench":"./bench.mjs","test":["node","test.cjs"],"isa":"baseline","budget":{"minutes":1,"trials":2}}',
  'bench.mjs': `export default (addon, inputs) => {
  const seed = inputs === 'tune' ? 7 : 11;
  const bytes = Buffer.from(Uint8Array.from({ length: 200_000 + seed }, (_, i) => (i * seed) % 251));
  return { sum: () => addon.sums(bytes) };
};
`,
  'test.cjs': "if (require('.').sums(Buffer.from([1, 2, 255])) !== 1095) process.exit(1);\n",
};
