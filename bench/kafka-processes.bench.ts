import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CANDLES_TOPIC, MILLISECOND, formatEventTime, serializePriceEvent, TICKER_SOURCE } from '@app/domain';
import { ORIGIN_HEADER } from '@app/messaging';
import { Kafka, logLevel } from 'kafkajs';
import { eventually, freePort, ProcessGroup } from '../test/support/app-process';
import { getJson, type ListPage } from '../test/support/http';
import { KafkaBroker, NO_OWN_BROKER } from '../test/support/kafka-broker';
import type { BareConsumerReport } from './bare-consumer';
import { compiledFile, Installation } from './installation';
import { median } from './measure';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * The pipeline as processes: what a consumer costs while nothing comes, against a bare connected kafkajs consumer in the
 * same time; and the time from the moment an event is handed to a producer to the moment at which the API serves it.
 */
const IDLE_AT_MOST = 1.5;
const SETTLE_MS = 10_000;
const IDLE_MS = 40_000;
const EVENTS = 500;
const WARM_UP = 50;
const SYMBOL = 'BTCUSDT';
const TOPIC = 'crypto_prices';

async function reportOf(bare: ChildProcess): Promise<BareConsumerReport> {
  const answer = once(bare, 'message');
  bare.send('report');
  const [report] = (await answer) as [BareConsumerReport];
  return report;
}

/** Seconds of processor time of an app since its start. */
async function cpuSeconds(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const seconds = /^process_cpu_seconds_total(?:\{[^}]*\})? ([\d.e-]+)/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error(`${url}/metrics does not say the processor time`);
  return Number(seconds);
}

async function idle(broker: KafkaBroker, consumerUrl: string): Promise<Figure> {
  const bare = fork(compiledFile('bare-consumer'), [broker.bootstrap, 'csp-bench-bare', TOPIC, CANDLES_TOPIC]);
  try {
    await eventually('the bare consumer is a member', async () => ((await reportOf(bare)).joined ? true : undefined));
    await delay(SETTLE_MS);
    const [before, bareBefore] = [await cpuSeconds(consumerUrl), await reportOf(bare)];
    await delay(IDLE_MS);
    const [after, bareAfter] = [await cpuSeconds(consumerUrl), await reportOf(bare)];
    const [own, peer] = [(after - before) * 1_000, (bareAfter.cpu - bareBefore.cpu) / 1_000];
    const percent = (millis: number): string => `${((millis * 100) / IDLE_MS).toFixed(2)} % of a core`;
    return {
      what: 'consumer at rest, processor time',
      value: percent(own),
      against: `bare kafkajs consumer: ${percent(peer)}`,
      measure: own / peer,
      threshold: { atMost: IDLE_AT_MOST },
    };
  } finally {
    bare.kill();
    await once(bare, 'exit');
  }
}

/** Milliseconds from the call of the producer to the answer of the API that holds the event, for one event after another. */
async function visible(broker: KafkaBroker, apiUrl: string, origin: string): Promise<number[]> {
  const producer = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  const headers = { [ORIGIN_HEADER]: origin };
  const millis: number[] = [];
  try {
    for (let number = 0; number < WARM_UP + EVENTS; number += 1) {
      const timestamp = Date.now() * MILLISECOND;
      const event = { symbol: SYMBOL, lastPrice: '68001.20', priceChangePercent: '1.87', volume: '24567.123' };
      const value = serializePriceEvent({ ...event, timestamp, source: TICKER_SOURCE });
      const wanted = formatEventTime(timestamp);
      const start = performance.now();
      await producer.send({ topic: TOPIC, acks: -1, messages: [{ key: SYMBOL, value, headers }] });
      for (;;) {
        const { data } = await getJson<ListPage<{ timestamp_utc: string }>>(
          `${apiUrl}/trades/latest?symbol=${SYMBOL}&limit=1`,
        );
        if (data[0]?.timestamp_utc === wanted) break;
      }
      if (number >= WARM_UP) millis.push(performance.now() - start);
    }
  } finally {
    await producer.disconnect();
  }
  return millis.sort((a, b) => a - b);
}

export function benchKafkaProcesses(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  if (NO_OWN_BROKER !== undefined) throw new Error(`this bench needs a broker of its own: ${NO_OWN_BROKER}`);
  return inNewFolder(async (folder) => {
    const broker = await KafkaBroker.start({}, { fullSpeed: true });
    try {
      const consumerPort = await freePort();
      const consumerUrl = `http://127.0.0.1:${consumerPort}`;
      const installation = new Installation(group, folder, exchangeUrl, {
        BROKER_MODE: 'kafka',
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
        CONSUMER_PORT: String(consumerPort),
        // No minutes: those that nobody publishes here would be fetched, and nothing would be at rest.
        CAPTURE: 'tickers',
      });
      const { process: consumer } = await installation.launch('consumer-app');
      await consumer.answers(`${consumerUrl}/readyz`);
      const atRest = await idle(broker, consumerUrl);

      const { process: api, url: apiUrl } = await installation.launch('api-app');
      await api.answers(`${apiUrl}/readyz`);
      const { origin } = await getJson<{ origin: string }>(`${exchangeUrl}/_simulator/origin`);
      const millis = await visible(broker, apiUrl, origin);
      const p99 = millis[Math.ceil(millis.length * 0.99) - 1] ?? NaN;
      return [
        atRest,
        {
          what: 'from the producer to the answer of the API',
          value: `p50 ${median(millis).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
          against: '',
          measure: undefined,
          threshold: undefined,
        },
      ];
    } finally {
      await group.stopAll();
      await broker.close();
    }
  });
}
