import { AppProcess } from './app-process';
import { getJson } from './http';
import { PortSupply } from './port-block';

/** A built exchange simulator as a process of its own. */
export class ExchangeSimulator {
  private constructor(
    readonly url: string,
    private readonly process: AppProcess,
    private readonly ports: PortSupply,
  ) {}

  static async start(...options: string[]): Promise<ExchangeSimulator> {
    const ports = new PortSupply();
    const port = await ports.next();
    const process = AppProcess.start('exchange-simulator', { args: ['--port', String(port), ...options] });
    const url = `http://127.0.0.1:${port}`;
    await process.answers(`${url}/livez`);
    return new ExchangeSimulator(url, process, ports);
  }

  /** Replaces all faults. */
  async setFaults(...faults: object[]): Promise<void> {
    const response = await fetch(`${this.url}/_simulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    if (!response.ok) throw new Error(`faults: HTTP ${response.status}: ${await response.text()}`);
  }

  /** Requests so far, by route. */
  async requests(): Promise<Readonly<Record<string, number>>> {
    return (await getJson<{ requests: Record<string, number> }>(`${this.url}/_simulator/stats`)).requests;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    this.ports.release();
  }
}
