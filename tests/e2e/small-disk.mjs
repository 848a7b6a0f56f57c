// SPDX-License-Identifier: BSD-2-Clause
// A file system of a few MiB that can be full. Needs the right to mount.
import {execFileSync} from "node:child_process";
import {closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

const mounted = new Set();
const umount = dir => {
  try {
    execFileSync("umount", ["-l", dir], {stdio: "ignore"});
  } catch { /* it has gone */ }
};

export class SmallDisk {
  /** Whether this machine lets us. */
  static allowed() {
    const dir = mkdtempSync(join(tmpdir(), "tp-mount-"));
    try {
      this.mount(dir).unmount();
      return true;
    } catch {
      return false;
    } finally {
      rmSync(dir, {recursive: true});
    }
  }
  /** Mounts one over `dir`, which is made. */
  static mount(dir, mib = 8) {
    mkdirSync(dir, {recursive: true});
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m,mode=755`, "tmpfs", dir], {stdio: "ignore"});
    mounted.add(dir);
    return Object.assign(new SmallDisk(), {dir, ballast: join(dir, ".ballast")});
  }
  /** Until nothing fits any more. */
  fill() {
    const fd = openSync(this.ballast, "a");
    for (let size = 1 << 20; size;) {
      try {
        if (writeSync(fd, Buffer.alloc(size)) < size) size >>= 1;
      } catch {
        size >>= 1;
      }
    }
    closeSync(fd);
  }
  free() { rmSync(this.ballast, {force: true}); }
  unmount() {
    umount(this.dir);
    mounted.delete(this.dir);
  }
}
process.on("exit", () => { for (const dir of mounted) umount(dir); });
