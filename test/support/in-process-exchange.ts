import type { AddressInfo } from 'node:net';
import { MILLISECOND, type Clock } from '@app/domain';
import { RequestStatistics } from '../../apps/exchange-simulator/src/control/request-statistics';
import { createSimulator, type Simulator } from '../../apps/exchange-simulator/src/create-simulator';
import { faultListSchema } from '../../apps/exchange-simulator/src/faults/fault';
import { FaultRegistry } from '../../apps/exchange-simulator/src/faults/fault-registry';
import { parseOptions } from '../../apps/exchange-simulator/src/options';

/** An exchange simulator in this process, which serves HTTP and keeps the time of a clock of the test. */
export class InProcessExchange {
  private constructor(private readonly simulator: Simulator) {}

  static async start(clock: Pick<Clock, 'now'>): Promise<InProcessExchange> {
    const market = new Date(clock.now() / MILLISECOND).toISOString();
    const options = parseOptions(['--port', '0', '--clock-origin', `${market}@${market}`]);
    if (options === 'help') throw new Error('no help wanted here');
    const simulator = await createSimulator(options, () => clock.now() / MILLISECOND);
    await simulator.app.listen(options.port, options.host);
    return new InProcessExchange(simulator);
  }

  get url(): string {
    const { port } = this.simulator.app.getHttpServer().address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Requests that reached it so far. */
  get requests(): number {
    const { requests } = this.simulator.app.get(RequestStatistics).snapshot();
    return Object.values(requests as Readonly<Record<string, number>>).reduce((sum, count) => sum + count, 0);
  }

  /** Replaces all faults. */
  setFaults(faults: readonly object[]): void {
    this.simulator.app.get(FaultRegistry).replace(faultListSchema.parse(faults));
  }

  close(): Promise<void> {
    return this.simulator.app.close();
  }
}
