import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './app-process';

const TICKER_ROUTE = '/api/v3/ticker/24hr';

/** What one answer said of each symbol: `SYMBOL lastPrice priceChangePercent volume`, in order of symbols. */
export type PollContents = string;

interface TickerRow {
  readonly symbol: string;
  readonly lastPrice: string;
  readonly priceChangePercent: string;
  readonly volume: string;
}

export function pollContents(rows: readonly TickerRow[]): PollContents {
  return rows
    .map(({ symbol, lastPrice, priceChangePercent, volume }) =>
      [symbol, lastPrice, priceChangePercent, volume].join(' '),
    )
    .sort()
    .join('\n');
}

/** Stands between the apps and an exchange, hands everything on unchanged, and notes each poll that was answered. */
export class ExchangeWitness {
  private readonly agent = new Agent({ keepAlive: true });
  /** In order of the requests; undefined while one is under way, and for good when whoever asked had gone by then. */
  private readonly polls: (PollContents | undefined)[] = [];
  private connections = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
    private readonly exchangeUrl: string,
  ) {}

  static async start(exchangeUrl: string): Promise<ExchangeWitness> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const witness = new ExchangeWitness(`http://127.0.0.1:${port}`, server, exchangeUrl);
    server.on('connection', (socket) => {
      witness.connections += 1;
      socket.once('close', () => {
        witness.connections -= 1;
      });
    });
    server.on('request', (incoming, response) => {
      void witness.handOn(incoming, response);
    });
    return witness;
  }

  /** Polls answered so far, oldest first. */
  get answered(): readonly PollContents[] {
    return this.polls.filter((poll) => poll !== undefined);
  }

  /** Waits until nobody is connected any more: what a process that has died had asked for is answered, or never will be. */
  async deserted(): Promise<void> {
    await eventually('nobody asks the exchange', () => Promise.resolve(this.connections === 0 ? true : undefined));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
    this.agent.destroy();
  }

  private async handOn(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? '/';
    const place = path.startsWith(TICKER_ROUTE) ? this.polls.push(undefined) - 1 : undefined;
    try {
      const { agent } = this;
      const outgoing = request(`${this.exchangeUrl}${path}`, { agent, headers: incoming.headers }).end();
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      if (place !== undefined && answer.statusCode === 200 && !incoming.socket.destroyed) {
        this.polls[place] = pollContents(JSON.parse(body.toString('utf8')) as TickerRow[]);
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
    } catch {
      response.destroy();
    }
  }
}
