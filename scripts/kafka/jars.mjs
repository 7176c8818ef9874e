// Apache Kafka's jars: fetched once by Maven into .cache/kafka, from where `make up` and the tests start a broker.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const POM = join(import.meta.dirname, 'pom.xml');
const HOME = join(ROOT, '.cache/kafka');
const STAMP = join(HOME, 'installed.xml');
const OLDEST_JAVA = 17;

export const JARS = join(HOME, 'jars');
export const JAVA = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/java') : 'java';

/** What is missing to run a broker from the jars, in one line; undefined when nothing is. */
export function missingForJars() {
  const { stderr, status } = spawnSync(JAVA, ['-version'], { encoding: 'utf8' });
  if (status !== 0) return `Java ${OLDEST_JAVA} or later is not installed`;
  const [, major] = /version "(\d+)/.exec(stderr) ?? [];
  if (!(Number(major) >= OLDEST_JAVA))
    return `Java is ${major ?? 'of unknown version'}, ${OLDEST_JAVA} or later is needed`;
  if (!areInstalled() && spawnSync('mvn', ['-v']).status !== 0) return 'Maven is not installed';
  return undefined;
}

export function areInstalled() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === readFileSync(POM, 'utf8');
}

/** Fetches the jars unless those of this pom are there; the stamp comes last, so a fetch cut short is done again. */
export function ensureJars(say) {
  if (areInstalled()) return;
  say("Fetching Apache Kafka's jars with Maven (43 MB, once) ...");
  rmSync(JARS, { recursive: true, force: true });
  mkdirSync(JARS, { recursive: true });
  execFileSync('mvn', ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${JARS}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  writeFileSync(STAMP, readFileSync(POM));
  say(`${readdirSync(JARS).length} jars are in ${JARS}`);
}
