/** Whether a text is the number of a port, in decimal digits. */
export function isPort(text: string, least: 0 | 1): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65_535;
}
