// The topics of the platform, made by an admin call before any client names them; those that are there stay as they are.
import { kafkaClient } from './readiness.mjs';

const CANDLES_TOPIC = 'crypto_candles';

/** History is never compacted, nor packed anew, whatever the broker's defaults are. */
const CONFIG = [
  { name: 'cleanup.policy', value: 'delete' },
  { name: 'compression.type', value: 'producer' },
];

export async function createTopics(bootstrap, { pricesTopic, partitions }, say) {
  const client = kafkaClient(bootstrap);
  const admin = client.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const topics = [pricesTopic, CANDLES_TOPIC]
      .filter((topic) => !existing.has(topic))
      .map((topic) => ({ topic, numPartitions: partitions, configEntries: CONFIG }));
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true });
    const { topics: described } = await admin.fetchTopicMetadata({ topics: [pricesTopic, CANDLES_TOPIC] });
    for (const { name, partitions: list } of described) say(`Topic ${name}: ${list.length} partitions`);
  } finally {
    await admin.disconnect();
  }
}
