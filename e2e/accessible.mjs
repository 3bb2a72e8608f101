// Whether those who do not see the page, or not well, can use it.
import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';

/** @typedef {import('@playwright/test').Page} Page */

/**
 * axe finds nothing serious. Its legacy mode works in the page itself, which
 * has no frames, and not in another one that it opens for the purpose.
 * @param {Page} page
 * @param {string} where
 */
export async function expectAccessible(page, where) {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  const faults = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
  expect.soft(faults, where).toEqual([]);
}
