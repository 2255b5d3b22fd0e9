// SPDX-License-Identifier: Apache-2.0
// TAP (https://testanything.org/).

const TIMEOUT = 300_000; // milliseconds for all tests, which should take far less

async function before(deadline, promise) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no time is left')), deadline - Date.now());
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Runs TESTS, pairs of a name and a function, in their order; returns how many failed.
export async function tap(tests) {
  const deadline = Date.now() + TIMEOUT;
  let failed = 0;

  console.log(`1..${tests.length}`);
  for (const [index, [name, test]] of tests.entries()) {
    try {
      await before(deadline, test());
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${index + 1} - ${name}`);
      console.log(String(error.stack ?? error).replace(/^/gm, '# '));
    }
  }
  return failed;
}
