import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthReport, type HealthStatus } from './health-report';

/** The summary for people; always 200, `status` says how things are. */
@ApiTags('operations')
@Controller()
export class HealthController {
  constructor(private readonly health: HealthReport) {}

  @Get('health')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'getHealth', summary: 'How capture, store and the other processes do.' })
  @ApiOkResponse({
    content: {
      'application/json': {
        schema: { type: 'object', additionalProperties: true, required: ['status', 'reasons'] },
        example: { status: 'ok', reasons: [], version: '0.1.0', broker_mode: 'direct' },
      },
    },
  })
  report(): Promise<HealthStatus> {
    return this.health.report();
  }
}
