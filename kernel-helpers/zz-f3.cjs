const { ThreadPoolExecutor } = require("kernel-helpers");
const spin = (ms) => {
  const e = performance.now() + ms;
  while (performance.now() < e);
  return 1;
};
(async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 20 });
  let innocents = 0,
    lost = 0,
    msg;
  const total = +process.argv[2] || 300;
  while (innocents < total) {
    while (pool.stats.queued < 6) {
      pool
        .with({ timeout: 10 })
        .submit(spin, 28 + Math.random() * 8)
        .catch(() => {});
      innocents++;
      pool.submit(spin, 2).catch((e) => {
        lost++;
        msg = e.message;
      });
    }
    await new Promise((r) => setTimeout(r, 2));
    if (Math.random() < 0.3) spin(5 + Math.random() * 15);
  }
  await pool.shutdown();
  console.log({ innocents, lost }, msg);
})();
