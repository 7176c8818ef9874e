import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { problemBody } from '../problem.error';
import { problemOfStatus } from '../problem-from-error';
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
    description: 'Always, whatever `status` says.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          additionalProperties: true,
          required: ['status', 'reasons'],
          properties: {
            status: { type: 'string', enum: ['ok', 'degraded'] },
            reasons: { type: 'array', items: { type: 'string' }, description: 'What is degraded, in words.' },
          },
        },
        example: { status: 'ok', reasons: [], version: '0.1.0', broker_mode: 'direct' },
      },
    },
  })
  @ApiResponse({
    status: 429,
    description: 'The request budget is used up; `Retry-After` says when to go on.',
    headers: { 'Retry-After': { description: 'Seconds after which to ask again.', schema: { type: 'string' } } },
    content: {
      'application/problem+json': {
        schema: { type: 'object', additionalProperties: true },
        example: problemBody(problemOfStatus(429), '/health'),
      },
    },
  })
  report(): Promise<HealthStatus> {
    return this.health.report();
  }
}
