import { recipes } from './recipes';

const ADDRESS = 'http://localhost:8000/candles?symbol=BTCUSDT&interval=1h&last=300&format=csv';

describe('recipes', () => {
  const text = (tool: string): string => recipes(ADDRESS).find((recipe) => recipe.tool === tool)?.text ?? '';

  it('should name the address as it is', () => {
    expect(text('Address')).toBe(ADDRESS);
    expect(text('Google Sheets')).toBe(`=IMPORTDATA("${ADDRESS}")`);
    expect(text('curl')).toContain(`'${ADDRESS}'`);
  });

  it("should hand over the dashboard's own range to Grafana as epoch milliseconds", () => {
    expect(text('Grafana (Infinity, CSV)')).toBe(
      'http://localhost:8000/candles?symbol=BTCUSDT&interval=1h&format=csv&start=${__from}&end=${__to}',
    );
  });

  it('should read no decimal as a binary number', () => {
    expect(text('pandas')).toContain('"close": str');
    expect(text('polars')).toContain('"close": pl.String');
    expect(text('DuckDB')).toContain("'close': 'DECIMAL(38, 8)'");
  });

  it('should keep quotes of an address within the words of each tool', () => {
    const odd = recipes("http://host/a'b?x=1").map((recipe) => recipe.text);
    expect(odd.find((found) => found.startsWith('SELECT'))).toContain("a''b");
    expect(odd.find((found) => found.startsWith('curl'))).toContain("a'\\''b");
  });
});
