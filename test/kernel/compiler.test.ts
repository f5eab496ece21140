import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { familyOf, isRunning, until } from "../processes";
import { Kernel, kernels, published, root, streamText } from "./client";

const commandOf = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};
const findCompiler = (kernel: Kernel) =>
  familyOf(kernel.process.pid!).find((pid) => commandOf(pid).includes("host.js"));
const compilerOf = (kernel: Kernel) => findCompiler(kernel)!;

describe.skipIf(process.platform !== "linux")("the compiler's process", () => {
  test("begins anew when it is killed; what earlier cells declared is still known", async () => {
    await using kernel = await Kernel.start();
    await kernel.run("const half = 21");
    const compiler = compilerOf(kernel);
    process.kill(compiler, "SIGKILL");
    expect(published(await kernel.run("half * 2"), "execute_result").data["text/plain"]).toBe("42");
    expect((await kernel.run("const s: string = half")).reply.evalue).toMatch(/^TS2322/);
  });

  test("keeps apart what many cells declared: it is found, hidden, completed, and known to the next compiler", async () => {
    await using kernel = await Kernel.start();
    const shown = async (code: string) =>
      published(await kernel.run(code), "execute_result")?.data["text/plain"];
    await kernel.run(
      "interface Spot { x: number } let kept = 1; const hidden = 'first'; namespace Old { export const n = 1 }",
    );
    await kernel.run("function spotOf(x: number): Spot { return { x } }");
    const long = (n: number) =>
      `interface Long${n} { ${"property: string; ".repeat(1)}${Array.from({ length: 60 }, (_, i) => `p${i}: number`).join("; ")} }\nconst v${n} = ${n}`;
    for (let n = 0; n < 20; n++) expect((await kernel.run(long(n))).reply.status).toBe("ok");
    expect(await shown("kept += 1; [spotOf(3).x, kept, hidden, v0, Old.n, { kept }.kept]")).toBe(
      "[ 3, 2, 'first', 0, 1, 2 ]",
    );
    await kernel.run("const hidden = 5; interface Spot { y: string }");
    expect(await shown("hidden.toFixed(1) + spotOf(1).x")).toBe("'5.01'");
    expect((await kernel.run("const s: Spot = spotOf(1)")).reply.evalue).toContain("TS2741");
    expect((await kernel.run("throw new Error('fails'); const never = 1")).reply.status).toBe("error");
    const { reply } = await kernel.ask("complete_request", { code: "spotO", cursor_pos: 5 });
    expect(reply.matches).toEqual(["spotOf"]);
    const compiler = compilerOf(kernel);
    process.kill(compiler, "SIGKILL");
    await until(() => !familyOf(kernel.process.pid!).includes(compiler));
    expect(await shown("[spotOf(4).x, hidden, v19, kept]")).toBe("[ 4, 5, 19, 2 ]");
  });

  test("killed while it compiles, does so again; killed twice, it fails that cell in words and no other", async () => {
    await using kernel = await Kernel.start();
    await kernel.run("const half = 21");
    const stop = () => {
      const compiler = compilerOf(kernel);
      process.kill(compiler, "SIGSTOP");
      return compiler;
    };
    const begin = async () => {
      const id = await kernel.submit("half");
      await kernel.until(() => kernel.of(id, "execute_input")[0]);
      return id;
    };
    const compiler = stop();
    const again = await begin();
    process.kill(compiler, "SIGKILL");
    expect(published(await kernel.answer(again), "execute_result").data["text/plain"]).toBe("21");
    const first = stop();
    const id = await begin();
    process.kill(first, "SIGKILL");
    // One that ends before it was ready may be due to its snapshot, and begins without: that is killed, too.
    await until(() => {
      const next = findCompiler(kernel);
      if (next) process.kill(next, "SIGKILL");
      return kernel.of(id, "execute_reply")[0];
    });
    const { reply } = await kernel.answer(id);
    expect(reply).toMatchObject({ status: "error", ename: "CompilerEnded" });
    expect(reply.evalue).toContain("SIGKILL");
    expect(published(await kernel.run("half * 2"), "execute_result").data["text/plain"]).toBe("42");
  });

  test("keeps no event loop waiting: timers of an earlier cell go on while a cell compiles", async () => {
    await using kernel = await Kernel.start();
    const earlier = await kernel.submit("const timer = setInterval(() => console.log('tick'), 5)");
    await kernel.answer(earlier);
    const compiler = compilerOf(kernel);
    process.kill(compiler, "SIGSTOP");
    const id = await kernel.submit("clearInterval(timer)");
    await kernel.until(() => kernel.of(id, "execute_input")[0]);
    const before = kernel.of(earlier, "stream").length;
    await kernel.until(() => kernel.of(earlier, "stream").length > before + 2);
    process.kill(compiler, "SIGCONT");
    expect((await kernel.answer(id)).reply.status).toBe("ok");
  });

  test("may be interrupted even if it hangs: the cell never runs, and the next one does", async () => {
    await using kernel = await Kernel.start();
    await kernel.run("let runs = 0");
    await kernel.run("/** @module counter */\nexport const first: number = 1");
    const compiler = compilerOf(kernel);
    process.kill(compiler, "SIGSTOP");
    const id = await kernel.submit("runs++");
    await kernel.until(() => kernel.of(id, "execute_input")[0]);
    await kernel.ask("interrupt_request", {}, "control");
    expect((await kernel.answer(id)).reply.ename).toBe("Interrupted");
    expect(streamText(await kernel.run("console.log(runs)"))).toBe("0\n");
    const imported = await kernel.run('import { first } from "./counter"; console.log(first)');
    expect(streamText(imported)).toBe("1\n");
    await until(() => !isRunning(compiler));
  });

  test("is not ended by Ctrl-C in a terminal, which reaches all processes of the kernel", async () => {
    await using kernel = await Kernel.start();
    await kernel.run("1");
    const compiler = compilerOf(kernel);
    process.kill(compiler, "SIGINT");
    expect(published(await kernel.run("6 * 7"), "execute_result").data["text/plain"]).toBe("42");
    expect(compilerOf(kernel)).toBe(compiler);
  });

  test.for(["SIGKILL", "SIGTERM"] as const)("ends with a kernel that ends by %s", async (signal) => {
    await using kernel = await Kernel.start();
    await kernel.run("1");
    const compiler = compilerOf(kernel);
    process.kill(kernel.process.pid!, signal);
    await kernel.exit;
    await until(() => !isRunning(compiler));
  });
});

/** A project with this kernel in it, in which TypeScript does not load. */
function withBrokenTypeScript(): string {
  const folder = mkdtempSync(join(tmpdir(), "kernel-broken-"));
  const modules = join(folder, "node_modules");
  const copied = (name: string, from: string) => cpSync(from, join(modules, name), { recursive: true });
  copied("kernel-helpers/dist", join(root, "kernel-helpers", "dist"));
  copied("tslab", join(root, "node_modules", "tslab"));
  symlinkSync(join(root, "node_modules", "zeromq"), join(modules, "zeromq"), "junction");
  const typescript = join(modules, "typescript");
  mkdirSync(typescript, { recursive: true });
  writeFileSync(join(typescript, "package.json"), '{ "version": "6.0.3" }');
  writeFileSync(join(typescript, "index.js"), 'throw new Error("TypeScript is broken")');
  return folder;
}

test("a kernel whose compiler cannot be loaded says why on its stderr and ends with 1", async () => {
  const folder = withBrokenTypeScript();
  const launcher = join(folder, "node_modules", "kernel-helpers", "dist", "kernel", "launcher.js");
  await using kernel = await Kernel.spawn({ argv: [kernels.ours[0]!, launcher] });
  expect(await kernel.exit).toBe(1);
  await expect.poll(() => kernel.printed, { timeout: 20_000 }).toContain("TypeScript is broken");
  rmSync(folder, { recursive: true });
});
