// Names the tests that did not just pass, and why, and what others measured, in
// a few lines: they go to the very end of a run, which is what is left of a long
// log.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/** @typedef {import('@playwright/test/reporter').Reporter} Reporter */
/** @typedef {import('@playwright/test/reporter').TestCase} TestCase */

/** Playwright's words for outcomes, but for the one that is no news. */
const words = { unexpected: 'FAILED', flaky: 'flaky', skipped: 'skipped' };

/**
 * What was wanted and what was there, in one line.
 * @param {string} message with colours, a diff and a call log
 */
function gist(message) {
  const plain = message.replace(/\x1b\[[0-9;]*m/g, '').split('\nCall Log:')[0];
  const lines = plain.split('\n').map((line) => line.trim());
  const told = lines.filter((line, i) => i === 0 || /^(Expected|Received|Timeout|[-+] )/.test(line));
  return told.join(' | ').slice(0, 240);
}

/**
 * Keeps the file up to date all the time: a run that is cut tells, too, how far
 * it came.
 * @implements {Reporter}
 */
export default class Summary {
  /** @type {TestCase[]} */
  #tests = [];

  /**
   * @param {import('@playwright/test/reporter').FullConfig} _
   * @param {import('@playwright/test/reporter').Suite} suite
   */
  onBegin(_, suite) {
    this.#tests = suite.allTests();
    this.#write();
  }

  onTestEnd() {
    this.#write();
  }

  #write() {
    const file = process.env.E2E_SUMMARY;
    if (!file) return;
    const waiting = this.#tests.filter(({ results }) => results.length === 0);
    const rest = waiting.length > 0 ? [`${waiting.length} of ${this.#tests.length} tests did not run, the first is ${name(waiting[0])}\n`] : [];
    writeFileSync(file, [...this.#tests.flatMap(tell), ...rest].join(''));
  }

  printsToStdio() {
    return false;
  }
}

/** @param {TestCase} test */
function name(test) {
  const { file, line } = test.location;
  return `${test.parent.project()?.name} ${relative(process.cwd(), file)}:${line} ${test.title}`;
}

/**
 * What there is to say of a test: how it went wrong, and what it measured.
 * @param {TestCase} test
 */
function tell(test) {
  if (test.results.length === 0) return [];
  const measured = test.results.at(-1)?.annotations.filter(({ type }) => type === 'measured').at(-1);
  const figures = measured ? [`        ${measured.description}\n`] : [];
  if (test.results.at(-1)?.status === 'interrupted') return [`cut     ${name(test)}\n`];
  const outcome = test.outcome();
  if (outcome === 'expected') return measured ? [`ok      ${name(test)}\n`, ...figures] : [];
  const error = test.results.find(({ error }) => error)?.error?.message;
  return [`${words[outcome].padEnd(7)} ${name(test)}\n`, ...(error ? [`        ${gist(error)}\n`] : []), ...figures];
}
