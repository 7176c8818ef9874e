// Kafka for this machine: `make up`, `make down`, `make kafka-jars`, and the broker of the tests.
//   up       starts one broker (Docker where its engine runs, Apache Kafka's jars otherwise) and creates the topics
//   down     stops it; topics and what they hold stay
//   jars     fetches the jars and prepares them for quick starts, which the tests need
//   have     ends with 0 when a broker could be started from the jars now, and says what is missing otherwise
//   topics   creates the topics on the broker that KAFKA_BOOTSTRAP_SERVERS names
//   prepare  --folder F --port P [--set key=value ...]: prints the command of a broker as JSON and starts nothing
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const say = (text) => process.stdout.write(`${text}\n`);

/** What a variable says, as the apps read it: blanks around it do not count, and an empty value is none. */
function setting(name, fallback) {
  const text = (process.env[name] ?? '').replace(/^[ \t]+|[ \t]+$/g, '');
  if (/\p{Cc}|^["'`]|["'`]$/u.test(text)) {
    throw new Error(
      `${name} is ${JSON.stringify(text)}; allowed: a value without quotes around it or control characters`,
    );
  }
  return text === '' ? fallback : text;
}

/** The configuration's defaults hold here too; real variables win over `.env`. */
function readSettings() {
  if (existsSync('.env')) {
    for (const name of ['KAFKA_BOOTSTRAP_SERVERS', 'TOPIC_NAME', 'TOPIC_PARTITIONS']) {
      if (process.env[name]?.trim() === '') delete process.env[name];
    }
    process.loadEnvFile('.env');
  }
  const partitions = Number(setting('TOPIC_PARTITIONS', '6'));
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new Error(`TOPIC_PARTITIONS is "${process.env.TOPIC_PARTITIONS}"; allowed: a whole number from 1`);
  }
  return {
    bootstrap: setting('KAFKA_BOOTSTRAP_SERVERS', 'localhost:9092'),
    pricesTopic: setting('TOPIC_NAME', 'crypto_prices'),
    partitions,
  };
}

/** Port of the one broker to start here; throws when the configuration names a broker of somebody else. */
function localPort(bootstrap) {
  const [, port] = /^(?:localhost|127\.0\.0\.1):(\d{1,5})$/.exec(bootstrap) ?? [];
  if (port === undefined) {
    throw new Error(
      `KAFKA_BOOTSTRAP_SERVERS is "${bootstrap}": not a port of this machine (localhost:9092), so there is nothing to ` +
        'start or stop. `node scripts/kafka.mjs topics` creates the topics there.',
    );
  }
  return Number(port);
}

async function up() {
  const { isReady } = await import('./kafka/readiness.mjs');
  const { runningPid, startInBackground } = await import('./kafka/background-broker.mjs');
  const { hasDocker, startContainer } = await import('./kafka/docker-broker.mjs');
  const { ensureJars, missingForJars } = await import('./kafka/jars.mjs');
  const { bootstrap } = readSettings();
  const port = localPort(bootstrap);
  if (await isReady(bootstrap)) {
    const pid = runningPid();
    say(`A broker already answers on ${bootstrap}${pid === undefined ? '' : ` (process ${pid})`}`);
  } else if (hasDocker()) {
    say('Starting Kafka in a container ...');
    startContainer(port);
    say(`Kafka answers on ${bootstrap}`);
  } else {
    const missing = missingForJars();
    if (missing !== undefined) {
      throw new Error(
        `No Docker engine with Compose here, and ${missing}. Start Docker, or install Java 17 and Maven (Debian: ` +
          'apt-get install default-jdk-headless maven), or do without Kafka: BROKER_MODE=direct in .env.',
      );
    }
    ensureJars(say);
    say('Starting Kafka from its jars ...');
    const pid = await startInBackground(port);
    say(`Kafka answers on ${bootstrap} (process ${pid}, data and log in data/kafka)`);
  }
  await topics();
}

async function down() {
  const { stopInBackground } = await import('./kafka/background-broker.mjs');
  const { hasDocker, stopContainer } = await import('./kafka/docker-broker.mjs');
  if (await stopInBackground()) say('Kafka has ended; its topics stay in data/kafka');
  else if (hasDocker()) stopContainer(localPort(readSettings().bootstrap));
  else say('No broker of `make up` runs here');
}

async function topics() {
  const { createTopics } = await import('./kafka/topics.mjs');
  const { bootstrap, ...names } = readSettings();
  await createTopics(bootstrap, names, say);
}

async function jars() {
  const { ensureJars, missingForJars } = await import('./kafka/jars.mjs');
  const missing = missingForJars();
  if (missing !== undefined) throw new Error(`${missing}: Apache Kafka's jars cannot be fetched or run here`);
  ensureJars(say);
  const { hasClassArchive, writeClassArchive } = await import('./kafka/class-archive.mjs');
  if (hasClassArchive()) return;
  say('Starting a broker once, so that the next ones start quicker ...');
  if (!(await writeClassArchive())) say('That did not work: brokers start as slowly as this one');
}

async function have() {
  const { areInstalled, missingForJars } = await import('./kafka/jars.mjs');
  const missing = missingForJars();
  if (missing !== undefined) throw new Error(missing);
  if (!areInstalled()) throw new Error("Apache Kafka's jars are not there: run `make kafka-jars`");
}

async function prepare(args) {
  const { prepareBroker } = await import('./kafka/java-broker.mjs');
  const { values } = parseArgs({
    args,
    options: {
      folder: { type: 'string' },
      port: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const overrides = Object.fromEntries(
    values.set.map((setting) => [setting.split('=', 1)[0], setting.slice(setting.indexOf('=') + 1)]),
  );
  say(JSON.stringify(prepareBroker({ folder: values.folder, port: Number(values.port), overrides })));
}

const commands = { up, down, jars, have, topics, prepare };
const [name, ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
if (command === undefined) {
  process.stderr.write(`Which of ${Object.keys(commands).join(', ')}?\n`);
  process.exit(2);
}
try {
  await command(args);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
