import type { Configuration, RenderTarget } from '../levers/types.js';
import type { Logger } from '../log.js';
import { addToBase, localBase, readBase, shippedBase } from '../policy/knowledge/base.js';
import type { Fingerprint } from '../policy/knowledge/fingerprint.js';
import { fingerprintVersion } from '../policy/knowledge/probes.js';
import { nearestUnits, type UsableEntry, usableEntries } from '../policy/knowledge/similar.js';
import type { SimilarUnit } from '../policy/types.js';
import { type FingerprintOptions, takeFingerprint } from './fingerprints.js';
import { entryOf, learnedOf } from './learn.js';
import type { TuneResult } from './result.js';
import type { Scope } from './scopes.js';

export interface KnowledgeOptions extends Omit<FingerprintOptions, 'mayGoOn'> {
  readonly target: RenderTarget;
  readonly allow: readonly string[];
  readonly profiles: readonly Configuration[];
  readonly packageRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  /** Milliseconds that fingerprints of a session may take; what is not ready then is not used. */
  readonly limitMs: number;
  readonly now: () => number;
}

/**
 * What other sessions measured on similar code, and what they can learn from this one. All of it is a help that a session
 * can do without: what goes wrong with it is only a debug message.
 */
export class SessionKnowledge {
  private readonly fingerprints = new Map<Scope, Promise<Fingerprint | undefined>>();
  private usable: Promise<readonly UsableEntry[]> | undefined;
  private usedMs = 0;

  constructor(private readonly options: KnowledgeOptions) {}

  /** Compiles only where a base has entries that could be similar. */
  async similarTo(scope: Scope): Promise<readonly SimilarUnit[]> {
    const { signal, logger } = this.options;
    this.usable ??= this.readBases();
    try {
      const usable = await this.usable;
      const fingerprint = usable.length === 0 ? undefined : await this.fingerprintOf(scope);
      return fingerprint === undefined ? [] : nearestUnits(fingerprint, usable);
    } catch (error) {
      signal?.throwIfAborted();
      logger.debug(`no similar code was looked for: ${messageOf(error)}`);
      return [];
    }
  }

  /** Adds what the session showed to the user's base. */
  async learn(scopes: readonly Scope[], result: Pick<TuneResult, 'tus' | 'addon'>): Promise<void> {
    const { env, packageRoot, target, logger } = this.options;
    const file = localBase(env);
    if (file === undefined) return;
    const version = fingerprintVersion(target);
    try {
      const entries = [];
      for (const scope of scopes) {
        const results = learnedOf(scope.key, scope.history, result);
        const fingerprint = results.length === 0 ? undefined : await this.fingerprintOf(scope);
        if (fingerprint === undefined) continue;
        entries.push(entryOf({ id: [packageRoot, scope.key], version, fingerprint }, results));
      }
      await addToBase(file, entries);
    } catch (error) {
      logger.debug(`${file} was not written: ${messageOf(error)}`);
    }
  }

  private async readBases(): Promise<readonly UsableEntry[]> {
    const local = localBase(this.options.env);
    if (local === undefined) return [];
    const entries = [...(await readBase(local)), ...(await readBase(shippedBase))];
    return usableEntries(entries, this.options);
  }

  private fingerprintOf(scope: Scope): Promise<Fingerprint | undefined> {
    const known = this.fingerprints.get(scope);
    if (known !== undefined) return known;
    const taken = this.takeFingerprint(scope);
    this.fingerprints.set(scope, taken);
    return taken;
  }

  private async takeFingerprint(scope: Scope): Promise<Fingerprint | undefined> {
    const { now, limitMs, logger } = this.options;
    const startedAt = now();
    const mayGoOn = (): boolean => this.usedMs + now() - startedAt < limitMs;
    const fingerprint = await takeFingerprint(scope.units, { ...this.options, mayGoOn });
    this.usedMs += now() - startedAt;
    if (fingerprint === undefined) logger.debug(`${scope.key} has no fingerprint`);
    return fingerprint;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
