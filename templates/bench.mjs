// What AutoPass measures and compares. `addon` is what require('{{name}}') gives; `inputs` is 'tune' while
// configurations are compared and 'check' for every number that is reported: give the two different data.
//
// A case for each thing that your users call: which cases a configuration made faster tells which code it is right for.
// Each case is called many times: 0.05 to 20 ms a call is comfortable, most of it inside the addon. Return what the
// addon computed (a buffer, a number, an object): builds must return equal results. Seed everything; no files, no
// network, no time.

export default (addon, inputs) => {
  const seed = inputs === 'tune' ? 1 : 2;
  const small = makeText(4_000 + seed, seed);
  const large = makeText(400_000 + seed, seed + 10);
  return {
    // Replace these with what your users do most, for example:
    //   'compress small': () => addon.compress(small),
    //   'compress large': () => addon.compress(large),
  };
};

/** Words drawn with a skewed distribution: compressible, like text. */
function makeText(length, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const words = Array.from({ length: 500 }, () =>
    (random() * 2 ** 32).toString(36).slice(0, 2 + random() * 6),
  );
  let text = '';
  while (text.length < length) text += `${words[Math.floor(random() ** 2 * words.length)]} `;
  return Buffer.from(text.slice(0, length));
}
