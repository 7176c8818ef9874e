// Reads jest's JSON report: fails when a test was skipped, naming it; with --summary prints the closing line. Tests on
// recorded market data may be absent where nobody named a folder with it: no clone brings one along.
import { readFileSync } from 'node:fs';

const [, , file, flag] = process.argv;
const report = JSON.parse(readFileSync(file, 'utf8'));
if (flag === '--summary') {
  process.stdout.write(
    `${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped\n`,
  );
  process.exit(0);
}
const withoutRecordings = (process.env.RECORDINGS_DIR ?? '') === '';
const mayBeAbsent = (name) => withoutRecordings && readFileSync(name, 'utf8').includes('describeRecordings');
const skipped = report.testResults.flatMap(({ name, assertionResults }) =>
  (mayBeAbsent(name) ? [] : assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName, status }) => `${status}: ${name.replace(`${process.cwd()}/`, '')}: ${fullName}`),
);
if (skipped.length > 0) {
  process.stderr.write(`These tests did not run; here they must:\n${skipped.map((line) => `  ${line}\n`).join('')}`);
  process.exit(1);
}
process.stdout.write(`${report.numPassedTests + report.numFailedTests} tests ran\n`);
