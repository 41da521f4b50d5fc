// CPU time and memory of processes, from /proc.
import { readFile, readdir } from 'node:fs/promises';

const TICKS_PER_SECOND = 100;

/**
 * Returns these processes and all their descendants.
 *
 * @param {number[]} roots
 */
export async function tree(roots) {
  const found = new Set(roots);
  const parents = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(parentOf));
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/**
 * Returns the CPU time of processes with all their threads, in seconds.
 *
 * @param {number[]} pids
 */
export async function cpuSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = await stat(pid);
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/**
 * Returns the memory of processes in MiB. Shared pages count once.
 *
 * @param {number[]} pids
 */
export async function memoryMiB(pids) {
  let kibibytes = 0;
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kibibytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return kibibytes / 1024;
}

/** @param {string} name */
async function parentOf(name) {
  const pid = Number(name);
  return [pid, Number((await stat(pid))[1])];
}

/**
 * Returns the fields after the name of the program; none if the process has ended.
 *
 * @param {number} pid
 */
async function stat(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
