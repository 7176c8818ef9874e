// The images' health check, without a curl in them: node docker/health-check.mjs PORT_VARIABLE DEFAULT_PORT
const [variable, fallback] = process.argv.slice(2);
const url = `http://127.0.0.1:${process.env[variable]?.trim() || fallback}/livez`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
} catch (error) {
  process.stderr.write(`${url}: ${error.message}\n`);
  process.exitCode = 1;
}
