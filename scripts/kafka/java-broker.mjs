// One Kafka broker in KRaft mode from the jars: its settings, its formatted storage, and the command that runs it.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOME, JARS, JAVA } from './jars.mjs';

/** Written by `make kafka-jars`; a broker without it starts all the same. */
export const CLASS_ARCHIVE = join(HOME, 'classes.jsa');

const QUICK_START = '-XX:TieredStopAtLevel=1';
const HEAP = ['-Xms64m', '-Xmx256m'];
const LOGGING = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];

/** The controller of the one node listens on the next port. */
function settings(folder, port) {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${port + 1}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'log'),
    // Messages of a market of another year would be deleted half a minute after the start.
    'log.retention.hours': '-1',
    // A topic is made by a call that states its partitions, never by a client that mentions its name.
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // With one node there is nobody else to wait for.
    'group.initial.rebalance.delay.ms': '0',
    // The default takes 128 MB of the heap.
    'log.cleaner.dedupe.buffer.size': '8388608',
  };
}

/**
 * Writes the settings, formats the storage when it is new, and returns the command of the broker. The folder's parent
 * exists; `overrides` are broker settings that win over those above.
 */
export function prepareBroker({ folder, port, overrides = {} }) {
  mkdirSync(folder, { recursive: true });
  const properties = { ...settings(folder, port), ...overrides };
  const file = join(folder, 'server.properties');
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(file, lines.join(''));
  const classes = existsSync(CLASS_ARCHIVE) ? [`-XX:SharedArchiveFile=${CLASS_ARCHIVE}`] : [];
  const run = [...classes, ...HEAP, ...LOGGING, '-cp', `${JARS}/*`];
  if (!existsSync(join(folder, 'log/meta.properties'))) {
    const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    // With "=", since an id may begin with a dash.
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', file];
    execFileSync(JAVA, [QUICK_START, ...run, ...format], { stdio: 'pipe' });
  }
  return { command: JAVA, args: [...run, 'kafka.Kafka', file] };
}
