import type { Configuration } from '../../levers/types.js';
import type { PolicyInput } from '../types.js';
import { type Facts, quote } from './facts.js';
import type { Idea } from './idea.js';
import { withoutProfile } from './profile-idea.js';

/** After the profiles, before levers that act inside one file. */
const early = 100;
/** Where no remark names a callee in another hot file. */
const unfounded = 1.2;

/** ThinLTO among all hot files, once. One file alone has nothing to be optimised with. */
export function wholeAddonIdeas(input: PolicyInput, facts: Facts): Idea[] {
  const { scope, history } = input;
  if (scope !== 'addon' || history.some(({ configuration }) => 'lto-thin' in configuration)) return [];
  const crossing = facts
    .remarks('inline', 'NoDefinition')
    .find(({ remark }) => facts.shareOf(remark.args.Callee ?? '') > 0);
  return [
    {
      configuration: { ...linkable(input), 'lto-thin': true },
      value: crossing === undefined ? unfounded : early,
      theme: 'combination',
      reason:
        crossing === undefined
          ? 'the time is spread over several files: ThinLTO inlines and propagates constants between them'
          : `${quote(crossing)}: the callee is in another hot file, and ThinLTO can inline it`,
      origin: 'thin-lto',
    },
  ];
}

/** The incumbent, with a profile that ThinLTO can use: of all, it is the one that was counted before inlining. */
function linkable({ incumbent, profiles = [] }: PolicyInput): Configuration {
  const counted = profiles.find((profile) => 'pgo-ir' in profile);
  if ('pgo-cs' in incumbent) return { ...withoutProfile(incumbent), ...counted };
  return 'pgo-sample' in incumbent ? withoutProfile(incumbent) : incumbent;
}
