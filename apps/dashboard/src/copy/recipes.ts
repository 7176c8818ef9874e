/** One way to read what is on the screen with another tool. */
export interface Recipe {
  readonly tool: string;
  readonly text: string;
}

/** Decimals of candles; a tool that took them for binary numbers would change their digits. */
const DECIMALS = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quote_volume',
  'taker_buy_volume',
  'taker_buy_quote_volume',
] as const;

const TYPE = 'DECIMAL(38, 8)';

/** The candles on the screen as an address of a CSV, and the words with which each tool reads it. */
export function recipes(address: string): readonly Recipe[] {
  const quoted = JSON.stringify(address);
  const texts = `{${DECIMALS.map((name) => `"${name}": str`).join(', ')}}`;
  return [
    { tool: 'Address', text: address },
    { tool: 'Google Sheets', text: `=IMPORTDATA(${sheetText(address)})` },
    {
      tool: 'Excel, Power BI',
      text:
        `let Source = Csv.Document(Web.Contents(${sheetText(address)}), [Delimiter=",", Encoding=65001]), ` +
        'Table = Table.PromoteHeaders(Source) in Table',
    },
    { tool: 'Looker Studio', text: address },
    { tool: 'Grafana (Infinity, CSV)', text: grafanaAddress(address) },
    { tool: 'pandas', text: `pd.read_csv(${quoted}, dtype=${texts})` },
    {
      tool: 'polars',
      text: `pl.read_csv(${quoted}, schema_overrides={${DECIMALS.map((name) => `"${name}": pl.String`).join(', ')}})`,
    },
    {
      tool: 'DuckDB',
      text: `SELECT * FROM read_csv('${address.replaceAll("'", "''")}', types={${DECIMALS.map((name) => `'${name}': '${TYPE}'`).join(', ')}});`,
    },
    { tool: 'curl', text: `curl --fail --silent --show-error '${address.replaceAll("'", `'\\''`)}'` },
  ];
}

/** A text in a formula of a sheet or in M: quotes are doubled. */
function sheetText(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** The dashboard's own range in place of the newest rows, as instants that no time zone changes. */
function grafanaAddress(address: string): string {
  const url = new URL(address);
  url.searchParams.delete('last');
  return `${url.href}&start=\${__from}&end=\${__to}`;
}
