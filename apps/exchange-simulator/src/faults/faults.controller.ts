import { BadRequestException, Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { z } from 'zod';
import { faultListSchema } from './fault';
import { FaultRegistry } from './fault-registry';

/** Switches faults on and off. */
@Controller('_simulator/faults')
export class FaultsController {
  constructor(private readonly registry: FaultRegistry) {}

  @Get()
  list(): Record<string, unknown>[] {
    return this.registry.list();
  }

  /** Replaces all faults by a JSON array of them. */
  @Put()
  replace(@Body() body: unknown): Record<string, unknown>[] {
    const parsed = faultListSchema.safeParse(body);
    if (!parsed.success) {
      throw new BadRequestException(`The faults are not valid: ${z.prettifyError(parsed.error)}`);
    }
    this.registry.replace(parsed.data);
    return this.registry.list();
  }

  @Delete()
  @HttpCode(204)
  clear(): void {
    this.registry.replace([]);
  }
}
