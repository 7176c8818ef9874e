import type { Browser, Page } from 'playwright-core';

interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** A tab that keeps what the browser complains of, and what it asks for. */
export class BrowserTab {
  /** Errors on the console (what the content policy refuses is among them) and uncaught ones. */
  readonly complaints: string[] = [];
  /** Addresses, in order. */
  readonly asked: string[] = [];

  private constructor(readonly page: Page) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => this.asked.push(request.url()));
  }

  static async open(browser: Browser, viewport: Viewport = { width: 1280, height: 900 }): Promise<BrowserTab> {
    return BrowserTab.of(await browser.newPage({ viewport }));
  }

  /** Of a page that has not asked for anything yet. */
  static of(page: Page): BrowserTab {
    return new BrowserTab(page);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
