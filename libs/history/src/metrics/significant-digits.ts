/** Digits that statistics are served with. */
const SIGNIFICANT_DIGITS = 10;

/**
 * Writes a statistic with ten significant digits, as plain decimal text: no exponent, no trailing zeros, no minus before
 * a zero.
 */
export function formatStatistic(value: number): string {
  const [mantissa = '', exponentText = '0'] = Math.abs(value)
    .toExponential(SIGNIFICANT_DIGITS - 1)
    .split('e');
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  if (digits === '') return '0';
  const exponent = Number(exponentText);
  const whole = exponent < 0 ? '0' : digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = exponent < 0 ? '0'.repeat(-exponent - 1) + digits : digits.slice(exponent + 1);
  return `${value < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
