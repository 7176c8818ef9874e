// Reads manifests on standard input (a JSON list) and holds those of the Prometheus operator against its schemas. Prints, as
// JSON, how many there were and what is wrong.
import { text } from 'node:stream/consumers';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';

const API = 'monitoring.coreos.com/v1';
const KINDS = new Map([
  ['PrometheusRule', PrometheusRule],
  ['ServiceMonitor', ServiceMonitor],
]);

const manifests = JSON.parse(await text(process.stdin)).filter(({ apiVersion }) => apiVersion === API);
const faults = [];
for (const manifest of manifests) {
  const name = `${manifest.kind}/${manifest.metadata.name}`;
  const Kind = KINDS.get(manifest.kind);
  if (Kind === undefined) faults.push(`${name}: a kind without a check`);
  else {
    try {
      new Kind(manifest).validate();
    } catch (error) {
      faults.push(`${name}: ${error.message}`);
    }
  }
}
process.stdout.write(`${JSON.stringify({ checked: manifests.length, faults })}\n`);
