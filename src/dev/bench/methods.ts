/** What is compared with plain clang -O3 on all hot files, the baseline. */
export const plainMethods = ['stock', 'pgo', 'cspgo', 'thinlto'] as const;
export type PlainMethod = (typeof plainMethods)[number];

/** Policies that get sessions of the same budget. */
export const policyMethods = ['random', 'genetic', 'ensemble', 'expert'] as const;
export type PolicyMethod = (typeof policyMethods)[number];

export type Method = PlainMethod | PolicyMethod;
export const methods: readonly Method[] = [...plainMethods, ...policyMethods];

/** Names for people. */
export const titles: Readonly<Record<Method, string>> = {
  stock: 'stock',
  pgo: 'PGO',
  cspgo: 'CSPGO',
  thinlto: 'ThinLTO',
  random: 'random',
  genetic: 'genetic',
  ensemble: 'ensemble',
  expert: 'expert',
};

/** Type guard for names from the command line and from files. */
export function isPolicy(method: string): method is PolicyMethod {
  return (policyMethods as readonly string[]).includes(method);
}
