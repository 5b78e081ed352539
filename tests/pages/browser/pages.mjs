// Reads and answers the pages in a headless Chromium, as a person at a desk and a person with a phone. Its one argument is JSON:
// where Chromium is, where to put pictures, and for each shop the links and the code of its message. It ends with an error, and what
// it found on the standard error stream, where something is not as it should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const { chromium, pictures, readme, reject, approve, keep } = JSON.parse(process.argv[2]);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await puppeteer.launch({
  executablePath: chromium,
  // Root, as in containers, gets no sandbox from Chromium; what is opened is on this machine.
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

async function tab({ width, scheme }) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 800, deviceScaleFactor: 1, isMobile: width < 500, hasTouch: width < 500 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const said = [];
  const hosts = new Set();
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error}`));
  // What a page carries in itself, such as its icon, is asked of nobody.
  page.on("request", (request) => request.url().startsWith("data:") || hosts.add(new URL(request.url()).host));
  return { page, said, hosts };
}

async function quiet({ said, hosts }, link) {
  assert.deepEqual(said, [], "messages on the console");
  assert.deepEqual([...hosts], [new URL(link).host], "hosts that were asked");
}

/** What axe calls serious or worse, and nothing that is wider than the window. */
async function sound(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), [], `axe on ${what}`);
  // On a phone `innerWidth` grows with what does not fit.
  const { width: window } = page.viewport();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= window, `${what} is ${wide} pixels wide in a window of ${window}`);
}

async function unfold(page) {
  await page.$$eval("details", (all) => all.forEach((one) => (one.open = true)));
}

const picture = (page, name, fullPage = false, folder = pictures) =>
  page.screenshot({ path: join(folder, `${name}.png`), fullPage });

/** A page as the README shows it, in both colour schemes. */
async function shown(page, name, scheme) {
  for (const value of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    await picture(page, value === "light" ? name : `${name}-dark`, false, readme);
  }
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
}

/** A page on a phone as a whole, in the other colour scheme too. */
async function onPhone(page, what, name, scheme) {
  const other = scheme === "dark" ? "light" : "dark";
  for (const value of [other, scheme]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    await sound(page, `${what} on a phone, ${value}`);
    await picture(page, value === scheme ? `${name}-phone` : `${name}-phone-${value}`, true);
  }
}

/** The focused element's id or value, after so many presses of Tab at most. */
async function tabTo(page, wanted) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement.id || document.activeElement.value || "");
    if (focused === wanted) return;
  }
  assert.fail(`Tab does not reach ${wanted}`);
}

// At a desk, light, with the keyboard alone: a no.
{
  const desk = await tab({ width: 1000, scheme: "light" });
  const { page } = desk;
  await page.goto(reject.link);
  await sound(page, "the question");
  await shown(page, "question", "light");
  await tabTo(page, "by");
  await page.keyboard.type("Ana Lima");
  await tabTo(page, "comment");
  await page.keyboard.type("<b>The cart</b> is slow.");
  await tabTo(page, "code");
  await page.keyboard.type("00000000");
  await page.keyboard.press("Enter");
  assert.equal(page.url(), reject.link, "Enter in a field presses no button");
  assert.equal(await page.$("[role=alert]"), null, "Enter in a field sends nothing");
  await tabTo(page, "rejected");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.match(await page.$eval("[role=alert]", (alert) => alert.textContent), /not the code/);
  // A status of 403 is a line on the console.
  assert.ok(desk.said.every((line) => line.includes("403")), `${desk.said}`);
  desk.said.length = 0;
  await sound(page, "the question after a wrong code");
  assert.equal(await page.$eval("#comment", (comment) => comment.value), "<b>The cart</b> is slow.");
  await tabTo(page, "code");
  await page.keyboard.type(reject.code.toLowerCase());
  await tabTo(page, "rejected");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.match(await page.$eval("main", (main) => main.textContent), /Rejected by Ana Lima .*<b>The cart<\/b> is slow\./);
  await sound(page, "the answer");
  await page.goto(reject.status);
  assert.match(await page.$eval("main", (main) => main.textContent), /Ana Lima said no to shop-green/);
  await sound(page, "the status page");
  await picture(page, "status-after-a-no");
  await quiet(desk, reject.link);
}

// With a phone, dark: a yes.
{
  const phone = await tab({ width: 360, scheme: "dark" });
  const { page } = phone;
  await page.goto(approve.link);
  await sound(page, "the question on a phone");
  await picture(page, "question-phone", false, readme);
  await unfold(page);
  await onPhone(page, "the details", "details", "dark");
  // By the status page, which leads to the same question.
  await page.goto(approve.status);
  await picture(page, "status-open-phone", true);
  await Promise.all([page.waitForNavigation(), page.tap("a[href$='answer=open']")]);
  assert.equal(page.url(), approve.link);
  await page.type("#by", "Ben");
  await page.type("#code", approve.code);
  await Promise.all([page.waitForNavigation(), page.tap("button[value=approved]")]);
  assert.match(await page.$eval("main", (main) => main.textContent), /Approved by Ben/);
  await page.goto(approve.status);
  await onPhone(page, "the status page", "status", "dark");
  await page.goto(approve.list);
  await onPhone(page, "the list of migrations", "list", "dark");
  await Promise.all([page.waitForNavigation(), page.tap("th a")]);
  assert.match(await page.$eval("main", (main) => main.textContent), /Ben approved shop-green/);
  assert.equal(await page.$("a[href*='do=']"), null, "the list's link acts on nothing");
  await page.goto(approve.status);
  // Green is slow after all: back to blue, from the status page.
  await Promise.all([page.waitForNavigation(), page.tap("a[href$='do=roll-back']")]);
  await onPhone(page, "the way back", "roll-back", "dark");
  await page.type("#by", "Ben");
  await page.type("#comment", "The cart is slow.");
  await page.type("#code", approve.statusCode);
  await Promise.all([page.waitForNavigation(), page.tap("#do")]);
  assert.match(await page.$eval("main", (main) => main.textContent), /The way back is started/);
  await sound(page, "the page after it");
  await quiet(phone, approve.link);
}

// At a desk, dark: the deletion of blue is moved, and the report read.
{
  const desk = await tab({ width: 1000, scheme: "dark" });
  const { page } = desk;
  await page.goto(keep.status);
  await sound(page, "the status page while blue is kept");
  await shown(page, "status", "dark");
  await Promise.all([page.waitForNavigation(), page.click("a[href$='do=move-cleanup']")]);
  await sound(page, "the move of the cleanup");
  await picture(page, "move");
  await page.$eval("#at", (at) => (at.value = at.max));
  await page.type("#by", "Ana Lima");
  await page.type("#code", keep.statusCode);
  await Promise.all([page.waitForNavigation(), page.click("#do")]);
  assert.match(await page.$eval("main", (main) => main.textContent), /at the next look/);
  await page.goto(keep.status);
  assert.match(await page.$eval("main", (main) => main.textContent), /The cleanup is moved to .* as Ana Lima asked/);
  await page.goto(keep.list);
  await sound(page, "the list of migrations");
  await page.setViewport({ ...page.viewport(), height: 300 });
  await shown(page, "list", "dark");
  await quiet(desk, keep.link);
  const report = await (await fetch(`${keep.status}&file=report.html`)).text();
  const small = await tab({ width: 360, scheme: "light" });
  await small.page.setContent(report);
  await onPhone(small.page, "the report", "report", "light");
  assert.deepEqual(small.said, [], "messages on the console");
  const paper = await tab({ width: 1000, scheme: "light" });
  await paper.page.setContent(report);
  await sound(paper.page, "the report");
  await shown(paper.page, "report", "light");
  assert.deepEqual(paper.said, [], "messages on the console");
}

await browser.close();
