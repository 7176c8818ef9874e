export { AlignedClock } from './aligned-clock';
export { BridgedTime } from './bridged-time';
export { ClockModule } from './clock.module';
export { createClock } from './create-clock';
export { SimulatorClock } from './simulator-clock';
export { SystemClock } from './system-clock';
