// Names the tests that did not just pass, and why, in a few lines: they go to
// the very end of a run, which is what is left of a long log.
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

/** @implements {Reporter} */
export default class Summary {
  /** @type {import('@playwright/test/reporter').Suite | undefined} */
  #suite;

  /**
   * @param {import('@playwright/test/reporter').FullConfig} _
   * @param {import('@playwright/test/reporter').Suite} suite
   */
  onBegin(_, suite) {
    this.#suite = suite;
  }

  onEnd() {
    const file = process.env.E2E_SUMMARY;
    if (file) writeFileSync(file, (this.#suite?.allTests() ?? []).flatMap((test) => this.#tell(test)).join(''));
  }

  /** @param {TestCase} test */
  #tell(test) {
    const outcome = test.outcome();
    if (outcome === 'expected') return [];
    const { file, line } = test.location;
    const name = `${test.parent.project()?.name} ${relative(process.cwd(), file)}:${line} ${test.title}`;
    const error = test.results.find(({ error }) => error)?.error?.message;
    return [`${words[outcome].padEnd(7)} ${name}\n`, ...(error ? [`        ${gist(error)}\n`] : [])];
  }

  printsToStdio() {
    return false;
  }
}
