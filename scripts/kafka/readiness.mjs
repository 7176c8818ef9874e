// A broker is ready when it answers a metadata request and counts itself among the brokers.
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';

export function kafkaClient(bootstrap) {
  return new kafkajs.Kafka({
    clientId: 'csp-make',
    brokers: bootstrap.split(','),
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

export async function isReady(bootstrap) {
  const admin = kafkaClient(bootstrap).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Waits for the broker as long as `isAlive` says it may still come. */
export async function untilReady(bootstrap, { limitMs, isAlive = () => true }) {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline && isAlive()) {
    if (await isReady(bootstrap)) return true;
    await delay(100);
  }
  return false;
}
