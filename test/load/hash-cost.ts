import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { jarName } from '../../local/keycloak-build.ts';
import { smallMachine } from '../../local/keycloak.ts';
import { ensureJavaTools } from '../../local/programs.ts';
import type { Stack } from '../../local/stack.ts';

const run = promisify(execFile);

// In the package of our class, which nobody else may use.
const source = `package com.example.customers.keycloak.password;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

public final class HashCost {
  public static void main(String[] args) throws Exception {
    int threads = Integer.parseInt(args[0]);
    int each = Integer.parseInt(args[1]);
    String hash = Bcrypt.hash("four random words walk", 12);
    for (int n = 0; n < 5; n++) Bcrypt.matches("four random words walk", false, hash);
    List<Long> spent = java.util.Collections.synchronizedList(new ArrayList<>());
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      Thread thread = new Thread(() -> {
        var bean = ManagementFactory.getThreadMXBean();
        long before = bean.getCurrentThreadCpuTime();
        for (int n = 0; n < each; n++) Bcrypt.matches("four random words walk", false, hash);
        spent.add((bean.getCurrentThreadCpuTime() - before) / each);
      });
      all.add(thread);
      thread.start();
    }
    for (Thread thread : all) thread.join();
    System.out.println(spent.stream().mapToLong(Long::longValue).average().orElseThrow() / 1e6);
  }
}
`;

const each = 8;

/**
 * What our provider's check of one password (bcrypt, cost 12) costs of a processor: the class of the jar that Keycloak
 * runs, with the same flags, on as many threads as there are processors.
 *
 * @returns measures it; milliseconds
 */
export async function hashMeter(stack: Stack): Promise<{ measure(): Promise<number>; close(): void }> {
  const { compiler, java } = await ensureJavaTools(() => undefined);
  const folder = mkdtempSync(path.join(tmpdir(), 'customer-hash-'));
  const server = path.join(stack.stateDir, 'keycloak', 'server');
  const libraries = path.join(server, 'lib', 'lib', 'main');
  const bouncyCastle = readdirSync(libraries).filter((name) => name.startsWith('org.bouncycastle.'));
  const jars = [path.join(server, 'providers', jarName), ...bouncyCastle.map((name) => path.join(libraries, name))];
  const classPath = [folder, ...jars].join(path.delimiter);
  const place = path.join(folder, 'com', 'example', 'customers', 'keycloak', 'password');
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, 'HashCost.java'), source);
  await run(path.join(compiler.home, 'bin', 'javac'), [
    '-cp',
    classPath,
    '-d',
    folder,
    path.join(place, 'HashCost.java'),
  ]);
  const main = 'com.example.customers.keycloak.password.HashCost';
  const threads = String(availableParallelism());
  return {
    async measure() {
      const args = [...smallMachine, '-cp', classPath, main, threads, String(each)];
      const { stdout } = await run(path.join(java.home, 'bin', 'java'), args);
      return Number(stdout.trim());
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
