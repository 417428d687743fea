/**
 * Makes `templates/knowledge/base.json`: `node dist/dev/learn.js <package>...`. Takes each package's last finished session from
 * its journal, builds and profiles the package again for the fingerprints of its hot code, and adds both. Refuses where
 * bench, sources or clang are not those of the session.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Config, loadConfig } from '../config/load.js';
import { isaLevelOf } from '../levers/isa-level.js';
import { type Logger, silentLogger } from '../log.js';
import { addToBase, shippedBase } from '../policy/knowledge/base.js';
import type { KnowledgeEntry } from '../policy/knowledge/entry.js';
import { fingerprintVersion } from '../policy/knowledge/probes.js';
import type { PolicyTrial } from '../policy/types.js';
import { takeFingerprint } from '../tune/fingerprints.js';
import { findHotUnits, gatherUnits } from '../tune/hot-units.js';
import { type JournalEvent, journalFile, readJournal } from '../tune/journal.js';
import { entryOf, learnedOf } from '../tune/learn.js';
import { prepare } from '../tune/prepare.js';
import { sessionProfiles } from '../tune/profiles.js';
import { scopesOf } from '../tune/scopes.js';
import { sessionTools } from '../tune/session-tools.js';

const logger: Logger = { ...silentLogger, warn: (message) => process.stderr.write(`${message}\n`) };

async function entriesOf(config: Config, workDir: string): Promise<KnowledgeEntry[]> {
  const { packageRoot } = config;
  const session = await lastFinished(packageRoot);
  const signal = undefined;
  const prep = await prepare(config, { workDir, logger, signal });
  const { clang } = prep;
  const { identity, summary } = session;
  if (identity.fingerprint !== prep.fingerprint)
    throw new Error('bench or sources are not those of the session');
  if (identity.compiler !== clang.identity) throw new Error('clang is not that of the session');
  const level = isaLevelOf(identity.target);
  const profiles = sessionProfiles(packageRoot);
  const { target, workspace, trials } = sessionTools(config, prep, {
    workDir,
    level,
    profiles,
    logger,
    signal,
  });
  const hot = await findHotUnits({ config, prep, workspace, trials }, { workDir, logger, signal });
  const units = await gatherUnits(prep, hot, { workDir, level, signal });
  const version = fingerprintVersion(target);
  const entries: KnowledgeEntry[] = [];
  for (const { key, units: own } of scopesOf(units)) {
    const fingerprint = await takeFingerprint(own, { workspace, clang, mayGoOn: () => true, signal });
    const results = learnedOf(key, session.history(key), summary);
    process.stdout.write(
      `${packageRoot}: ${key}: ${fingerprint === undefined ? 'no' : 'a'} fingerprint, ${results.length} results\n`,
    );
    if (fingerprint === undefined || results.length === 0) continue;
    entries.push(entryOf({ id: [path.basename(packageRoot), key], version, fingerprint }, results));
  }
  return entries;
}

type Session = JournalEvent & { readonly type: 'session' };
type End = JournalEvent & { readonly type: 'end' };

async function lastFinished(
  packageRoot: string,
): Promise<Pick<Session, 'identity'> & Pick<End, 'summary'> & { history(key: string): PolicyTrial[] }> {
  let events: JournalEvent[] = [];
  let finished: JournalEvent[] = [];
  for await (const event of readJournal(journalFile(packageRoot))) {
    if (event.type === 'session') events = [];
    events.push(event);
    if (event.type === 'end') finished = events;
  }
  const [session] = finished.filter((event) => event.type === 'session');
  const [end] = finished.filter((event) => event.type === 'end');
  if (session === undefined || end === undefined) throw new Error('no finished session in the journal');
  const history = (key: string): PolicyTrial[] =>
    finished.flatMap((event) => (event.type === 'trial' && event.unit === key ? [event.trial] : []));
  return { identity: session.identity, summary: end.summary, history };
}

for (const root of process.argv.slice(2)) {
  const config = await loadConfig(root);
  const workDir = await mkdtemp(path.join(config.packageRoot, '.autopass', 'learn-'));
  try {
    await addToBase(shippedBase, await entriesOf(config, workDir));
  } catch (error) {
    process.stderr.write(`${root}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
