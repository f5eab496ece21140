/**
 * Makes the two inputs of this folder from one seed: `node data/generate.mts [folder]`.
 * The same seed gives the same rows and the same lines on every machine.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";

const seed = 20_240_229;
const day = 86_400_000;
const firstDay = Date.UTC(2024, 2, 1);

/** mulberry32: a small generator of numbers in [0, 1) that anyone can repeat. */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomFrom(seed);
const below = (limit: number) => Math.floor(random() * limit);
const pick = <T,>(values: readonly T[]): T => values[below(values.length)]!;
/** Small numbers often, large ones seldom: how visitors and best-sellers are spread. */
const skewed = (limit: number) => Math.floor(limit * random() ** 3);

const cities = ["Bergen", "Brno", "Cork", "Gdańsk", "Graz", "Kazan", "Lyon", "Porto", "Tartu", "Utrecht"];
const kinds = ["lamp", "chair", "mug", "rug", "shelf", "clock", "vase", "stool"];
const colours = ["amber", "blue", "green", "grey", "plum", "white"];
const customerCount = 400;
const productCount = 48;
const orderCount = 6_000;

function makeShop(file: string): void {
  // A database counts its changes in its header: only a new file is the same byte for byte.
  rmSync(file, { force: true });
  const shop = new DatabaseSync(file);
  shop.exec(`
    PRAGMA journal_mode = DELETE;
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL);
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, day TEXT NOT NULL);
    CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders,
                              product_id INTEGER NOT NULL REFERENCES products, quantity INTEGER NOT NULL);
    BEGIN;
  `);
  const addCustomer = shop.prepare("INSERT INTO customers VALUES (?, ?)");
  const addProduct = shop.prepare("INSERT INTO products VALUES (?, ?, ?)");
  const addOrder = shop.prepare("INSERT INTO orders VALUES (?, ?, ?)");
  const addLine = shop.prepare("INSERT INTO order_lines VALUES (?, ?, ?)");
  for (let id = 1; id <= customerCount; id++) addCustomer.run(id, pick(cities));
  for (let id = 1; id <= productCount; id++) {
    const name = `${colours[(id - 1) % colours.length]} ${kinds[Math.floor((id - 1) / colours.length)]}`;
    addProduct.run(id, name, 400 + 50 * below(240));
  }
  for (let id = 1; id <= orderCount; id++) {
    const ordered = new Date(firstDay + below(365) * day).toISOString().slice(0, 10);
    addOrder.run(id, 1 + skewed(customerCount), ordered);
    for (let line = 1 + below(4); line > 0; line--) {
      addLine.run(id, 1 + skewed(productCount), 1 + skewed(6));
    }
  }
  shop.exec("COMMIT; VACUUM;");
  shop.close();
}

const agents = [
  "Mozilla/5.0 (X11; Linux x86_64)",
  "Mozilla/5.0 (Macintosh)",
  "Mozilla/5.0 (Windows NT 10.0)",
  "curl/8.5.0",
];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");

function logTime(time: Date): string {
  const date = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${date}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}

/** One line of the Apache combined log format; the addresses are from the documentation range of RFC 5737. */
function logLine(time: Date): string {
  const visitor = `198.51.100.${1 + skewed(254)}`;
  const chance = random();
  const path = chance < 0.7 ? `/products/${1 + skewed(productCount)}` : chance < 0.9 ? "/" : "/cart";
  const status = random() < 0.03 ? 500 : random() < 0.05 ? 404 : 200;
  const bytes = status === 200 ? 500 + below(9_500) : 162;
  return `${visitor} - - [${logTime(time)}] "GET ${path} HTTP/1.1" ${status} ${bytes} "-" "${pick(agents)}"`;
}

function makeAccessLog(file: string): void {
  const lines: string[] = [];
  let time = firstDay;
  for (let line = 0; line < 30_000; line++) {
    time += below(5_700);
    lines.push(logLine(new Date(time)));
  }
  writeFileSync(file, gzipSync(`${lines.join("\n")}\n`, { level: 9 }));
}

const folder = process.argv[2] ?? import.meta.dirname;
const made = (name: string) => join(folder, name);
makeShop(made("shop.sqlite"));
makeAccessLog(made("access.log.gz"));
console.log(`Made ${made("shop.sqlite")} and ${made("access.log.gz")}`);
