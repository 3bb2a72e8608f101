// The server's counters, read as Prometheus text.

/**
 * Adds up every series of a metric, or those with a label.
 * @param {Map<string, number>} series
 * @param {string} name
 * @param {string} [label] as in the text: direction="out"
 */
function sum(series, name, label = '') {
  const wanted = [...series].filter(([key]) => (key === name || key.startsWith(`${name}{`)) && key.includes(label));
  if (wanted.length === 0) throw new Error(`the server has no metric ${name} ${label}`);
  return wanted.reduce((total, [, value]) => total + value, 0);
}

/** @param {string} text */
export function parseMetrics(text) {
  /** @type {Map<string, number>} */
  const series = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    series.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return {
    /** @type {(name: string, label?: string) => number} */
    sum: (name, label) => sum(series, name, label),
  };
}
