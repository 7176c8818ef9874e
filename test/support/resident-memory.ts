import { readFileSync, writeFileSync } from 'node:fs';

/** What Linux says of the memory of a process, in MB of a million bytes. */
export class ResidentMemory {
  constructor(private readonly pid: number) {}

  get now(): number {
    return this.line('VmRSS');
  }

  /** The most since {@link forgetPeak}. */
  get peak(): number {
    return this.line('VmHWM');
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  private line(name: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`/proc/${this.pid}/status does not say ${name}`);
    return (Number(kibibytes) * 1_024) / 1e6;
  }
}
