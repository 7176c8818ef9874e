// The broker of `make up` as the `broker` service of docker/docker-compose.yml, where a Docker engine is.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const COMPOSE = [
  'compose',
  '-f',
  resolve(import.meta.dirname, '../../docker/docker-compose.yml'),
  '--profile',
  'kafka',
];
const PROBE_LIMIT_MS = 10_000;

function works(...args) {
  return spawnSync('docker', args, { stdio: 'ignore', timeout: PROBE_LIMIT_MS }).status === 0;
}

export function hasDocker() {
  return works('info') && works('compose', 'version');
}

function compose(port, ...args) {
  const env = { ...process.env, KAFKA_PORT: String(port) };
  const { status } = spawnSync('docker', [...COMPOSE, ...args], { stdio: 'inherit', env });
  if (status !== 0) throw new Error(`docker compose ${args.join(' ')} failed; see the lines above`);
}

/** Starts the broker's container and returns when its health check passes. */
export function startContainer(port) {
  compose(port, 'up', '--detach', '--wait', 'broker');
}

/** Removes the broker's container; its volume stays. */
export function stopContainer(port) {
  compose(port, 'rm', '--stop', '--force', 'broker');
}
