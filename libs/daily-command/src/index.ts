export { DailyCommand } from './daily-command';
